using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>
/// One event of a sequence, in a form that means the same whatever is left out before it: sources are numbers, ports are
/// named by the source and route they were opened for. A source of 1000 and more is the one of that number less 1000, with port 0. In text:
/// <c>client 3: MESSAGE + MESSAGE</c> (a run; its stride is the first one's length),
/// <c>server 3/0: …</c> (to the port of source 3 on route 0), <c>closed 3/0: …</c> (to the last such port that ended),
/// <c>wait 15000</c> (milliseconds, stopping at every deadline), <c>late 15000</c> (one look at deadlines, at the end),
/// <c>sleep 1</c> (no look at all), <c>refuse</c> (the next socket does not open), <c>unresolve 0</c>, <c>resolve 0</c>,
/// <c>move 0</c> (the server of route 0 is at another address only), <c>list 0</c> (it is at that one too, and best there),
/// <c>reroute 3/0 41000</c> (the engine made the socket of source 3 on route 0 anew, with this port; 0 for the same),
/// <c>cut 3/0</c> (there is no path to where source 3 goes on route 0), <c>lose 3/0</c> (there is none where it was ordered to go),
/// <c>heal 3/0</c> (there is one, and its socket is connected there),
/// <c>add 2</c> and <c>remove 0</c> (a route comes into the list, or goes from it; no relay is told yet), <c>restrict 0</c>, <c>shorten 0</c>,
/// <c>throttle 0</c> and <c>relax 0</c> (a route publishes a list, a short idle timeout, rates, or none of these), <c>enroll 0/21</c> (it lists the peers of the bits 1, 4 and
/// 8, serves those only by bit 16, and each has a rate by bit 32), <c>tell 0</c> (all relays are told that route 0 changed),
/// <c>inform 3/0</c> (only the relay of source 3 is),
/// <c>pass 1</c> (the next socket cannot be connected to one address of its server),
/// <c>store 3/0</c> (the record of source 3's mapping on route 0 comes to the fleet's store), <c>found 3/20480</c> (the worker of source 3 is told of what is
/// stored under that index),
/// <c>query 70/5 1</c> (somebody asks for five mappings from slot 70 on, and for what is counted for route 1), <c>again</c> (who was
/// answered last and not told everything asks on),
/// <c>restart 500</c> (all relays stop, and half a second later others go on with the records of their mappings),
/// <c>hold</c> (ended sockets are not closed for now), <c>release</c>.
/// </summary>
internal sealed record Step(string Kind, int Number = 0, int Route = 0, params IReadOnlyList<Message> Run)
{
    public static Step Client(int source, params IReadOnlyList<Message> run) => new("client", source, 0, run);

    public static Step Server(int source, int route, params IReadOnlyList<Message> run) => new("server", source, route, run);

    public static Step Reroute(int source, int route, int port) => new("reroute", source, route) { Port = port };

    public static Step Wait(int milliseconds) => new("wait", milliseconds);

    public static Step Query(int from, int room, int route) => new("query", from, route) { Room = room };

    public int Port { get; init; }

    /// <summary>How many mappings the answer to a query may hold.</summary>
    public int Room { get; init; }

    public static Step Cut(int source, int route, bool ordered) => new(ordered ? "lose" : "cut", source, route);

    public static Step Heal(int source, int route) => new("heal", source, route);

    public bool IsTime => Kind is "wait" or "late" or "sleep" or "restart";

    public static Step Parse(string line)
    {
        string[] halves = line.Split(':', 2);
        string[] word = halves[0].Split([' ', '/'], StringSplitOptions.RemoveEmptyEntries);
        IReadOnlyList<Message> run = halves.Length < 2 ? [] : [.. halves[1].Split('+').Select(Message.Parse)];
        return word[0] switch
        {
            "client" => Client(int.Parse(word[1]), run),
            "server" or "closed" => new Step(word[0], int.Parse(word[1]), int.Parse(word[2]), run),
            "reroute" => Reroute(int.Parse(word[1]), int.Parse(word[2]), int.Parse(word[3])),
            "wait" or "late" or "sleep" or "restart" or "resolve" or "unresolve" or "move" or "list" or "pass"
                or "add" or "remove" or "restrict" or "confine" or "shorten" or "throttle" or "relax" or "tell" => new Step(word[0], int.Parse(word[1])),
            "cut" or "lose" or "heal" or "inform" or "enroll" or "store" or "found" => new Step(word[0], int.Parse(word[1]), int.Parse(word[2])),
            "query" => Query(int.Parse(word[1]), int.Parse(word[2]), int.Parse(word[3])),
            "refuse" or "hold" or "release" or "again" => new Step(word[0]),
            _ => throw new FormatException($"No such step: '{line}'."),
        };
    }

    public override string ToString() => Kind switch
    {
        "client" => $"client {Number}: {string.Join(" + ", Run)}",
        "server" or "closed" => $"{Kind} {Number}/{Route}: {string.Join(" + ", Run)}",
        "refuse" or "hold" or "release" or "again" => Kind,
        "query" => $"query {Number}/{Room} {Route}",
        "cut" or "lose" or "heal" or "inform" or "enroll" or "store" or "found" => $"{Kind} {Number}/{Route}",
        "reroute" => $"reroute {Number}/{Route} {Port}",
        _ => $"{Kind} {Number}",
    };
}
