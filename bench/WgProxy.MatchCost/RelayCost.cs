using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Bench;
using WgProxy.Core;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Vocabulary;
using WgProxy.Linux.Native;

namespace WgProxy.MatchCost;

/// <summary>
/// What a relay with many routes takes to judge an initiation, from its first look to the verdict: one that nobody's key was made
/// with, one that opens a mapping (and its end, which makes room for the next), and one of a client that has a mapping already. The
/// first way compares key after key, as the relay did before; that is all in which it differs.
/// </summary>
internal static class RelayCost
{
    private static readonly int[] Sizes = [1, 16, 256, 1_000];
    private static readonly Source Client = Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1_000));
    private static readonly Source Stranger = Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.2"), 1_000));

    /// <summary>Measures and prints.</summary>
    public static int Run(string[] arguments)
    {
        int rounds = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 101;
        Console.WriteLine(Provenance.Head("routes", arguments.Length > 1 ? arguments[1] : "?"));
        Console.WriteLine(RuntimeFeature.IsDynamicCodeSupported ? "Framework form." : "Native form.");
        foreach ((string what, Verdict verdict) in ((string, Verdict)[])
            [("with a wrong mac1", Verdict.BadMac1), ("of a newcomer to the last route", Verdict.Open), ("of a client of the last route, replayed", Verdict.Replayed)])
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nAn initiation {what}, ns: median of {rounds} rounds (least)\n"));
            for (int at = 0; at < Sizes.Length; at++)
            {
                (IReadOnlyList<Way> ways, byte[] message) = Ways(Sizes[at], verdict);
                if (at == 0)
                {
                    Console.WriteLine($"| routes | {string.Join(" | ", ways.Select(way => way.Name))} |");
                    Console.WriteLine($"| --- |{string.Concat(ways.Select(_ => " --- |"))}");
                }

                Program.Measure(ways, message, (int)verdict, rounds);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {Sizes[at]:N0} | {string.Join(" | ", ways.Select(way => way.Cell))} |"));
                Console.WriteLine($"| judged a second | {string.Join(" | ", ways.Select(way => string.Create(CultureInfo.InvariantCulture, $"{1e9 / way.Median:N0}")))} |");
            }
        }

        return 0;
    }

    private static (IReadOnlyList<Way> Ways, byte[] Message) Ways(int size, Verdict verdict)
    {
        PublicKey[] keys = [.. Enumerable.Range(0, size + 1).Select(_ => Program.NewPublicKey())];
        Mac1[] checks = [.. keys.Select(key => new Mac1(key))];
        byte[] message = Program.Initiation(checks[verdict == Verdict.BadMac1 ? size : size - 1]);
        IMac1Matcher[] matchers = [new Loop(checks[..size]), .. NativeMac1Matcher.All, .. Mac1Matchers.All];
        return ([.. matchers.Select(matcher => WayOf(matcher, keys[..size], message, verdict))], message);
    }

    private static Way WayOf(IMac1Matcher matcher, PublicKey[] keys, byte[] message, Verdict verdict)
    {
        RouteList list = new();
        foreach (PublicKey key in keys)
        {
            list.Add(new Route(key) { Server = new IPEndPoint(IPAddress.Loopback, 51_820) });
        }

        Relay relay = new(new RelaySettings { HashSeed = (1, 2), CookieSeed = (3, 4) }, list, matcher);
        if (verdict == Verdict.Replayed)
        {
            relay.Opened(relay.FromClient(message, 0, Client, default).Slot, 40_000);
            relay.ClearEvents();
        }

        Source source = verdict == Verdict.Replayed ? Client : Stranger;
        return new Way(matcher.Name, datagram =>
        {
            Decision decision = relay.FromClient(datagram, 0, source, default);
            if (decision.Verdict == Verdict.Open)
            {
                relay.OpenFailed(decision.Slot);
                relay.ClearEvents();
            }

            return (int)decision.Verdict;
        });
    }

    /// <summary>What the relay did before there were sets of keys.</summary>
    private sealed class Loop(Mac1[] keys) : IMac1Matcher
    {
        public string Name => "loop";

        public int KeysPerStep => 1;

        public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message)
        {
            for (int key = 0; key < keys.Length; key++)
            {
                if (keys[key].Verify(message))
                {
                    return key;
                }
            }

            return -1;
        }
    }
}
