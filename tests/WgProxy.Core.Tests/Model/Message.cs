using System.Buffers.Binary;
using System.Globalization;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Model;

/// <summary>One datagram of a sequence. In text: <c>ask 0 c1</c> (type 1 sealed for route 0, sender c1), <c>answer 0 c1 51</c>
/// (type 2, sender, receiver), <c>cookie 51</c>, <c>data 51 1452</c> (receiver, length), <c>bytes 9 148</c> (type, length).
/// A route of <c>-</c> is a wrong mac1.</summary>
internal sealed record Message(string Kind, int Route = -1, uint Sender = 0, uint Receiver = 0, int Length = 0)
{
    public static Message Ask(int route, uint sender) => new("ask", route, sender, 0, 148);

    public static Message Answer(int route, uint sender, uint receiver) => new("answer", route, sender, receiver, 92);

    public static Message Cookie(uint receiver) => new("cookie", -1, 0, receiver, 64);

    public static Message Data(uint receiver, int length = 32) => new("data", -1, 0, receiver, length);

    public static Message Bytes(byte type, int length) => new("bytes", -1, type, 0, length);

    public static Message Parse(string text)
    {
        string[] word = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return word[0] switch
        {
            "ask" => Ask(RouteFrom(word[1]), Index(word[2])),
            "answer" => Answer(RouteFrom(word[1]), Index(word[2]), Index(word[3])),
            "cookie" => Cookie(Index(word[1])),
            "data" => Data(Index(word[1]), int.Parse(word[2])),
            "bytes" => Bytes(byte.Parse(word[1]), int.Parse(word[2])),
            _ => throw new FormatException($"No such message: '{text}'."),
        };

        static int RouteFrom(string text) => text is "-" ? -1 : int.Parse(text);

        static uint Index(string text) => uint.Parse(text, NumberStyles.HexNumber);
    }

    public override string ToString() => Kind switch
    {
        "ask" => $"ask {RouteText} {Sender:x}",
        "answer" => $"answer {RouteText} {Sender:x} {Receiver:x}",
        "cookie" => $"cookie {Receiver:x}",
        "data" => $"data {Receiver:x} {Length}",
        _ => $"bytes {Sender} {Length}",
    };

    /// <summary>Writes the header and mac1; what neither side reads stays as it is.</summary>
    public void Write(Span<byte> datagram, IReadOnlyList<Route> routes)
    {
        byte type = Kind switch { "ask" => 1, "answer" => 2, "cookie" => 3, "data" => 4, _ => (byte)Sender };
        Span<byte> header = [type, 0, 0, 0];
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
    }

    private string RouteText => Route < 0 ? "-" : $"{Route}";
}
