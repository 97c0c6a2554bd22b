using System.Buffers.Binary;
using System.Globalization;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>One datagram of a sequence. In text: <c>ask 0 c1</c> (type 1 sealed for route 0, sender c1), <c>answer 0 c1 51</c>
/// (type 2, sender, receiver), <c>cookie 51</c>, <c>data 51 1452</c> (receiver, length), <c>bytes 9 148</c> (what the first
/// four bytes are as a number, length).
/// A route of <c>-</c> is a wrong mac1. <c>ask 0 c1 7 ours</c> has a body of its own, by which it differs from other
/// initiations of that sender, and a mac2: <c>ours</c> by the relay's last cookie to the source, <c>others</c> by one to
/// another source, <c>theirs</c> by the last that the server sent to the source's port on that route. <c>cookie c1 genuine</c>
/// is sealed by the server for the last initiation of that sender, <c>cookie c1 astray</c> for one of another sender.
/// <c>ask - 51 p2</c> and <c>answer - 51 c1 p2</c> are made by the server for peer 2.</summary>
internal sealed record Message(string Kind, int Route = -1, uint Sender = 0, uint Receiver = 0, int Length = 0)
{
    public uint Body { get; init; }

    public string Mac2 { get; init; } = "";

    public string Seal { get; init; } = "";

    /// <summary>The peer that it is made for; -1 for none.</summary>
    public int Peer { get; init; } = -1;

    public static Message Ask(int route, uint sender, uint body = 0, string mac2 = "") =>
        new("ask", route, sender, 0, 148) { Body = body, Mac2 = mac2 };

    public static Message Answer(int route, uint sender, uint receiver) => new("answer", route, sender, receiver, 92);

    public static Message Cookie(uint receiver, string seal = "") => new("cookie", -1, 0, receiver, 64) { Seal = seal };

    public static Message Data(uint receiver, int length = 32) => new("data", -1, 0, receiver, length);

    public static Message Bytes(uint header, int length) => new("bytes", -1, header, 0, length);

    public static Message Parse(string text)
    {
        string[] all = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] word = [.. all.Where(part => !IsPeer(part))];
        int peer = all.Where(IsPeer).Select(part => int.Parse(part[1..])).DefaultIfEmpty(-1).Single();
        return (word[0] switch
        {
            "ask" => Ask(RouteFrom(word[1]), Index(word[2]), word.Length > 3 ? Index(word[3]) : 0, word.Length > 4 ? word[4] : ""),
            "answer" => Answer(RouteFrom(word[1]), Index(word[2]), Index(word[3])),
            "cookie" => Cookie(Index(word[1]), word.Length > 2 ? word[2] : ""),
            "data" => Data(Index(word[1]), int.Parse(word[2])),
            "bytes" => Bytes(uint.Parse(word[1]), int.Parse(word[2])),
            _ => throw new FormatException($"No such message: '{text}'."),
        }) with { Peer = peer };

        static bool IsPeer(string part) => part[0] == 'p';

        static int RouteFrom(string text) => text is "-" ? -1 : int.Parse(text);

        static uint Index(string text) => uint.Parse(text, NumberStyles.HexNumber);
    }

    public override string ToString() => Kind switch
    {
        "ask" => $"ask {RouteText} {Sender:x} {Body:x} {Mac2}".TrimEnd() + PeerText,
        "answer" => $"answer {RouteText} {Sender:x} {Receiver:x}" + PeerText,
        "cookie" => $"cookie {Receiver:x} {Seal}".TrimEnd(),
        "data" => $"data {Receiver:x} {Length}",
        _ => $"bytes {Sender} {Length}",
    };

    /// <summary>Writes the header and the macs; what neither side reads stays as it is.</summary>
    /// <param name="datagram">Receives the message.</param>
    /// <param name="routes">Whose mac1 it may carry.</param>
    /// <param name="cookie">What mac2 is made from; null for none.</param>
    public void Write(Span<byte> datagram, IReadOnlyList<Route> routes, byte[]? cookie = null)
    {
        if (Kind is "ask" or "cookie")
        {
            datagram.Clear();
        }

        if (Kind is "ask")
        {
            BinaryPrimitives.WriteUInt32LittleEndian(datagram[8..], Body);
        }

        Span<byte> header = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Kind switch { "ask" => 1, "answer" => 2, "cookie" => 3, "data" => 4, _ => Sender });
        header[..Math.Min(4, datagram.Length)].CopyTo(datagram);
        if (Kind is "ask" or "answer")
        {
            BinaryPrimitives.WriteUInt32LittleEndian(datagram[4..], Sender);
        }

        if (Kind is "answer" or "cookie" or "data")
        {
            BinaryPrimitives.WriteUInt32LittleEndian(datagram[(Kind is "answer" ? 8 : 4)..], Receiver);
        }

        if (Kind is "ask" or "answer")
        {
            routes[Math.Max(Route, 0)].Mac1.Write(datagram);
            datagram[^(2 * WireGuard.MacSize)] ^= (byte)(Route < 0 ? 1 : 0);
        }

        if (Peer >= 0)
        {
            ReferencePeers.Mac1Of(Peer).Write(datagram);
        }

        if (cookie is not null)
        {
            Blake2s.Mac(cookie, datagram[..^WireGuard.MacSize], datagram[^WireGuard.MacSize..]);
        }
    }

    private string PeerText => Peer < 0 ? "" : $" p{Peer}";

    private string RouteText => Route < 0 ? "-" : $"{Route}";
}
