using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine.Batching;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Linux.Tests.Rig;

/// <summary>Says to a host, as anybody can, that a datagram of it did not fit somewhere on its way.</summary>
internal static class ForgedIcmp
{
    /// <summary>"Fragmentation needed" (RFC 792, RFC 1191) or "packet too big" (RFC 4443).</summary>
    /// <param name="space">Where the forger sits.</param>
    /// <param name="server">To whom the datagram was going.</param>
    /// <param name="victim">Who sent it.</param>
    /// <param name="mtu">What is claimed to fit.</param>
    public static void TooBig(Namespace space, IPEndPoint server, IPEndPoint victim, int mtu)
    {
        bool isIPv4 = server.AddressFamily == AddressFamily.InterNetwork;
        byte[] quoted = isIPv4 ? QuoteIPv4(victim, server) : QuoteIPv6(victim, server);
        byte[] message = new byte[8 + quoted.Length];
        message[0] = (byte)(isIPv4 ? 3 : 2);
        message[1] = (byte)(isIPv4 ? 4 : 0);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(4), (uint)mtu);
        quoted.CopyTo(message, 8);
        if (isIPv4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), Checksum(message));
        }

        // The kernel fills in ICMPv6's checksum itself.
        using Socket socket = space.Run(() => new Socket(
            server.AddressFamily, SocketType.Raw, isIPv4 ? ProtocolType.Icmp : ProtocolType.IcmpV6));
        IPAddress address = victim.Address.Equals(IPAddress.Any) || victim.Address.Equals(IPAddress.IPv6Any)
            ? throw new ArgumentException("the victim needs an address", nameof(victim))
            : victim.Address;
        socket.SendTo(message, new IPEndPoint(address, 0));
    }

    private static byte[] QuoteIPv4(IPEndPoint from, IPEndPoint to)
    {
        byte[] packet = new byte[28];
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), 1428);
        packet[8] = 64;
        packet[9] = 17;
        from.Address.GetAddressBytes().CopyTo(packet, 12);
        to.Address.GetAddressBytes().CopyTo(packet, 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(10), Checksum(packet.AsSpan(0, 20)));
        Ports(packet.AsSpan(20), from, to);
        return packet;
    }

    private static byte[] QuoteIPv6(IPEndPoint from, IPEndPoint to)
    {
        byte[] packet = new byte[48];
        packet[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), 1408);
        packet[6] = 17;
        packet[7] = 64;
        from.Address.GetAddressBytes().CopyTo(packet, 8);
        to.Address.GetAddressBytes().CopyTo(packet, 24);
        Ports(packet.AsSpan(40), from, to);
        return packet;
    }

    private static void Ports(Span<byte> udp, IPEndPoint from, IPEndPoint to)
    {
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)from.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)to.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], 1408);
    }

    private static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i += 2)
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        }

        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~(sum + (sum >> 16));
    }
}
