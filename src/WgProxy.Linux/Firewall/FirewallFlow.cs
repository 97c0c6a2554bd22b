using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Firewall;

/// <summary>Packets of UDP that are alike to a firewall, as far as they are known beforehand.</summary>
internal sealed record FirewallFlow
{
    private const int Udp = 17;

    // Bits of nft's ct state: 1 << (ctinfo % 3 + 1).
    private const int Established = 2;
    private const int New = 8;

    internal const int Untracked = 1 << 6;

    /// <summary>Whether they come to this host. Otherwise they leave it.</summary>
    public required bool IsArriving { get; init; }

    /// <summary>Whether they begin a flow. Otherwise they answer one.</summary>
    public required bool IsNew { get; init; }

    /// <summary>The IP version.</summary>
    public required AddressFamily Family { get; init; }

    /// <summary>The other end; null if it may be any.</summary>
    public IPAddress? Remote { get; init; }

    /// <summary>The source port; null if it may be any.</summary>
    public int? SourcePort { get; init; }

    /// <summary>The destination port; null if it may be any.</summary>
    public int? DestinationPort { get; init; }

    internal bool IsIPv4 => Family == AddressFamily.InterNetwork;

    internal int State => IsNew ? New : Established;

    /// <summary>Bytes of the IP or UDP header; null for what is not known.</summary>
    internal byte[]? Header(int header, int offset, int length) => header switch
    {
        NFT_PAYLOAD_NETWORK_HEADER => Cut(NetworkHeader(), offset, length),
        NFT_PAYLOAD_TRANSPORT_HEADER => Cut([.. Port(SourcePort), .. Port(DestinationPort)], offset, length),
        _ => null,
    };

    private static byte[]? Cut(byte?[] header, int offset, int length) =>
        offset >= 0 && length > 0 && offset + length <= header.Length && header.AsSpan(offset, length).IndexOf((byte?)null) < 0
            ? [.. header[offset..(offset + length)].Select(each => each!.Value)]
            : null;

    private static byte?[] Port(int? port) => port is int number ? [(byte)(number >> 8), (byte)number] : [null, null];

    private byte?[] NetworkHeader()
    {
        const int protocolOfIPv4 = 9;
        const int nextOfIPv6 = 6;
        int width = IsIPv4 ? 4 : 16;
        int source = IsIPv4 ? 12 : 8;
        byte?[] header = new byte?[source + (2 * width)];
        header[IsIPv4 ? protocolOfIPv4 : nextOfIPv6] = Udp;
        byte[] remote = Remote?.GetAddressBytes() ?? [];
        for (int i = 0; i < remote.Length && i < width; i++)
        {
            header[source + (IsArriving ? 0 : width) + i] = remote[i];
        }

        return header;
    }

    /// <summary>What <c>meta</c> knows of them; null for what is not known.</summary>
    internal byte[]? Meta(int key) => key switch
    {
        NFT_META_L4PROTO => [Udp],
        NFT_META_NFPROTO => [IsIPv4 ? (byte)NFPROTO_IPV4 : (byte)NFPROTO_IPV6],
        NFT_META_PROTOCOL => IsIPv4 ? [0x08, 0x00] : [0x86, 0xDD],
        _ => null,
    };

    /// <summary>A number in the order of the processor, as registers hold it.</summary>
    internal static byte[] Native(int number)
    {
        byte[] bytes = new byte[sizeof(int)];
        if (BitConverter.IsLittleEndian)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        }

        return bytes;
    }
}

/// <summary>What a firewall does with a flow.</summary>
internal enum FirewallOutcome
{
    /// <summary>It lets it pass.</summary>
    Passes,

    /// <summary>It may send it to another port or host, by a condition that depends on more than is known beforehand.</summary>
    MayBeRedirected,

    /// <summary>It may drop it, likewise.</summary>
    MayBeDropped,

    /// <summary>It sends it to another port or host.</summary>
    Redirected,

    /// <summary>It drops or rejects it.</summary>
    Dropped,
}

/// <summary>What becomes of a flow, and where.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Family">The family of the table, as nft spells it.</param>
/// <param name="Table">The table.</param>
/// <param name="Chain">The chain that the kernel calls; it may call others.</param>
internal sealed record FirewallAnswer(FirewallOutcome Outcome, string Family, string Table, string Chain);
