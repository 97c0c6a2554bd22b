using System.Buffers.Binary;
using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Benchmarks;

/// <summary>Datagrams and sources to decide about.</summary>
internal static class Traffic
{
    /// <summary>A server, with a key that is nobody's.</summary>
    public static Route Route { get; } = MakeRoute();

    /// <summary>A client's socket, by number.</summary>
    public static Source Source(int number) =>
        Core.Vocabulary.Source.From(new IPEndPoint(new IPAddress([10, (byte)(number >> 8), (byte)number, 1]), 51820));

    public static byte[] Initiation(uint sender)
    {
        byte[] message = Message(WireGuard.InitiationType, WireGuard.InitiationSize);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(WireGuard.SenderOffset), sender);
        Route.Mac1.Write(message);
        return message;
    }

    /// <summary>The cookie in a reply to an initiation.</summary>
    public static byte[] OpenCookie(ReadOnlySpan<byte> reply, byte[] initiation)
    {
        byte[] cookie = new byte[WireGuard.CookieSize];
        ReadOnlySpan<byte> mac1 = initiation.AsSpan(WireGuard.InitiationMac1Offset, WireGuard.MacSize);
        return new CookieSealer(Route.Key).TryOpen(reply, mac1, cookie) ? cookie : throw new FormatException("no cookie reply to it");
    }

    /// <summary>The initiation with mac2 made of a cookie.</summary>
    public static byte[] Show(byte[] initiation, byte[] cookie)
    {
        Blake2s.Mac(cookie, initiation.AsSpan(..^WireGuard.MacSize), initiation.AsSpan(^WireGuard.MacSize..));
        return initiation;
    }

    public static byte[] Response(uint sender, uint receiver)
    {
        byte[] message = Message(WireGuard.ResponseType, WireGuard.ResponseSize);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(WireGuard.SenderOffset), sender);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(WireGuard.ResponseReceiverOffset), receiver);
        return message;
    }

    public static byte[] Transport(uint receiver, ulong counter, int length = 1452)
    {
        byte[] message = Message(WireGuard.TransportType, length);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(WireGuard.ReceiverOffset), receiver);
        BinaryPrimitives.WriteUInt64LittleEndian(message.AsSpan(8), counter);
        return message;
    }

    private static byte[] Message(uint type, int length)
    {
        byte[] message = new byte[length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, type);
        return message;
    }

    private static Route MakeRoute()
    {
        byte[] bytes = [.. Enumerable.Range(1, WireGuard.PublicKeySize).Select(value => (byte)value)];
        return PublicKey.TryParse(Convert.ToBase64String(bytes), out PublicKey? key, out string? error)
            ? new Route(key) { Server = new IPEndPoint(IPAddress.Loopback, 51820) }
            : throw new FormatException(error);
    }
}
