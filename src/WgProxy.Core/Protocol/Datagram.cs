using System.Buffers.Binary;

namespace WgProxy.Core.Protocol;

/// <summary>Reads what is not encrypted in WireGuard's datagrams. Never throws for the content of a datagram.</summary>
internal static class Datagram
{
    /// <summary>The kind of a datagram. Types 1 to 3 must have their exact length, type 4 at least that of a keepalive.
    /// </summary>
    /// <remarks>
    /// Type 4 need not be a multiple of 16. The sender chooses the padding, which ends at the MTU: a full packet at the
    /// usual MTU of 1420 has 1452 bytes. The kernel (validate_header_len) and wireguard-go
    /// (RoutineReceiveIncoming) accept any length from 32.
    /// </remarks>
    public static DatagramKind Classify(ReadOnlySpan<byte> datagram)
    {
        if (!BinaryPrimitives.TryReadUInt32LittleEndian(datagram, out uint type))
        {
            return DatagramKind.NotWireGuard;
        }

        return type switch
        {
            WireGuard.TransportType => datagram.Length >= WireGuard.TransportMinimumSize
                ? DatagramKind.Transport : DatagramKind.BadLength,
            WireGuard.InitiationType => datagram.Length == WireGuard.InitiationSize
                ? DatagramKind.Initiation : DatagramKind.BadLength,
            WireGuard.ResponseType => datagram.Length == WireGuard.ResponseSize
                ? DatagramKind.Response : DatagramKind.BadLength,
            WireGuard.CookieReplyType => datagram.Length == WireGuard.CookieReplySize
                ? DatagramKind.CookieReply : DatagramKind.BadLength,
            _ => DatagramKind.NotWireGuard,
        };
    }

    /// <summary>Whether <see cref="Classify"/> would return transport data, judged by the datagram's beginning. For runs, whose datagrams
    /// are judged by their beginnings only.</summary>
    /// <param name="lead">The first bytes, <see cref="WireGuard.LeadSize"/> of them or the whole datagram.</param>
    /// <param name="length">The length of the whole datagram.</param>
    public static bool IsTransport(ReadOnlySpan<byte> lead, int length) =>
        length >= WireGuard.TransportMinimumSize
        && BinaryPrimitives.TryReadUInt32LittleEndian(lead, out uint type)
        && type == WireGuard.TransportType;

    /// <summary>The index that the sender of an initiation or a response chose for itself.</summary>
    /// <param name="datagram">A datagram classified as one of the two.</param>
    public static uint SenderIndex(ReadOnlySpan<byte> datagram) =>
        BinaryPrimitives.ReadUInt32LittleEndian(datagram[WireGuard.SenderOffset..]);

    /// <summary>The index that the receiver of a datagram chose for itself earlier.</summary>
    /// <param name="kind">The datagram's kind: response, cookie reply or transport data, for an initiation names no
    /// receiver.</param>
    /// <param name="datagram">The datagram, or its beginning of <see cref="WireGuard.LeadSize"/> bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The kind has no receiver: a mistake of the caller.</exception>
    public static uint ReceiverIndex(DatagramKind kind, ReadOnlySpan<byte> datagram)
    {
        int offset = kind switch
        {
            DatagramKind.Transport or DatagramKind.CookieReply => WireGuard.ReceiverOffset,
            DatagramKind.Response => WireGuard.ResponseReceiverOffset,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Names no receiver."),
        };
        return BinaryPrimitives.ReadUInt32LittleEndian(datagram[offset..]);
    }
}
