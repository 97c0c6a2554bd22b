using System.Buffers.Binary;
using WgProxy.Core.Protocol;

namespace WgProxy.Load;

/// <summary>Datagrams shaped like WireGuard's. What a relay cannot read is whatever the buffer holds.</summary>
internal static class Messages
{
    /// <summary>A handshake initiation that passes mac1.</summary>
    public static void Initiation(Span<byte> message, uint sender, Mac1 mac1)
    {
        Random.Shared.NextBytes(message);
        BinaryPrimitives.WriteUInt32LittleEndian(message, WireGuard.InitiationType);
        BinaryPrimitives.WriteUInt32LittleEndian(message[WireGuard.SenderOffset..], sender);
        message[^WireGuard.MacSize..].Clear();
        mac1.Write(message);
    }

    /// <summary>An answer to an initiation. Its mac1 is keyed with the client's key, which no relay has.</summary>
    public static void Response(Span<byte> message, uint sender, uint receiver)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, WireGuard.ResponseType);
        BinaryPrimitives.WriteUInt32LittleEndian(message[WireGuard.SenderOffset..], sender);
        BinaryPrimitives.WriteUInt32LittleEndian(message[WireGuard.ResponseReceiverOffset..], receiver);
    }

    /// <summary>The header of transport data.</summary>
    public static void Transport(Span<byte> message, uint receiver, ulong counter)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(message, WireGuard.TransportType);
        BinaryPrimitives.WriteUInt32LittleEndian(message[WireGuard.ReceiverOffset..], receiver);
        BinaryPrimitives.WriteUInt64LittleEndian(message[8..], counter);
    }

    /// <summary>The counter of transport data.</summary>
    public static ulong Counter(ReadOnlySpan<byte> message) => BinaryPrimitives.ReadUInt64LittleEndian(message[8..]);
}
