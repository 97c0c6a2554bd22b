using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>Writes whole IP packets with any addresses in them, as from a network that lets forged senders out.</summary>
internal static class Forgery
{
    /// <summary>The longest header of a packet made here: IPv6 and UDP.</summary>
    public const int MostHeader = Ipv6Header + UdpHeader;

    private const int Ipv4Header = 20;
    private const int Ipv6Header = 40;
    private const int UdpHeader = 8;
    private const byte Icmp = 1;
    private const byte Udp = 17;
    private const byte Icmp6 = 58;
    private const byte Hops = 64;

    /// <summary>A socket that sends packets as they are, headers and all.</summary>
    public static Socket Open(Namespace space, AddressFamily family)
    {
        const int raw = 255; // IPPROTO_RAW: the header comes with the bytes, in either family.
        return space.Run(() => new Socket(family, SocketType.Raw, (ProtocolType)raw) { SendBufferSize = 4 << 20 });
    }

    /// <summary>Writes a UDP datagram; both ends are of one family. Returns the packet's length.</summary>
    public static int WriteUdp(Span<byte> packet, IPEndPoint source, IPEndPoint target, ReadOnlySpan<byte> payload)
    {
        int header = source.AddressFamily == AddressFamily.InterNetwork ? Ipv4Header : Ipv6Header;
        Span<byte> udp = packet.Slice(header, UdpHeader + payload.Length);
        payload.CopyTo(udp[UdpHeader..]);
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        udp[6..8].Clear();
        WriteIp(packet, source.Address, target.Address, Udp, udp.Length);
        ushort sum = Checksum(udp, PseudoHeader(source.Address, target.Address, Udp, udp.Length));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], sum == 0 ? (ushort)0xFFFF : sum); // 0 would mean none (RFC 768)
        return header + udp.Length;
    }

    /// <summary>An ICMP message about the beginning of a datagram that is said to have gone wrong.</summary>
    /// <param name="from">Who is said to send the message.</param>
    /// <param name="to">Whom it is sent to.</param>
    /// <param name="type">Type and code, as the family of the addresses knows them.</param>
    /// <param name="rest">The four bytes after the checksum: the MTU, mostly.</param>
    /// <param name="about">The packet it is about.</param>
    public static byte[] IcmpError(IPAddress from, IPAddress to, (byte Type, byte Code) type, uint rest, ReadOnlySpan<byte> about)
    {
        bool isIpv4 = from.AddressFamily == AddressFamily.InterNetwork;
        int header = isIpv4 ? Ipv4Header : Ipv6Header;
        byte[] packet = new byte[header + 8 + about.Length];
        Span<byte> icmp = packet.AsSpan(header);
        icmp[0] = type.Type;
        icmp[1] = type.Code;
        BinaryPrimitives.WriteUInt32BigEndian(icmp[4..], rest);
        about.CopyTo(icmp[8..]);
        byte protocol = isIpv4 ? Icmp : Icmp6;
        WriteIp(packet, from, to, protocol, icmp.Length);
        uint pseudo = isIpv4 ? 0 : PseudoHeader(from, to, protocol, icmp.Length);
        BinaryPrimitives.WriteUInt16BigEndian(icmp[2..], Checksum(icmp, pseudo));
        return packet;
    }

    private static void WriteIp(Span<byte> packet, IPAddress source, IPAddress target, byte protocol, int length)
    {
        if (source.AddressFamily == AddressFamily.InterNetwork)
        {
            packet[..Ipv4Header].Clear();
            packet[0] = 0x45; // version 4, five words of header
            BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)(Ipv4Header + length));
            packet[8] = Hops;
            packet[9] = protocol;
            source.TryWriteBytes(packet[12..], out _);
            target.TryWriteBytes(packet[16..], out _);
            BinaryPrimitives.WriteUInt16BigEndian(packet[10..], Checksum(packet[..Ipv4Header], 0));
        }
        else
        {
            packet[..Ipv6Header].Clear();
            packet[0] = 0x60; // version 6
            BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)length);
            packet[6] = protocol;
            packet[7] = Hops;
            source.TryWriteBytes(packet[8..], out _);
            target.TryWriteBytes(packet[24..], out _);
        }
    }

    private static uint PseudoHeader(IPAddress source, IPAddress target, byte protocol, int length)
    {
        Span<byte> address = stackalloc byte[16];
        source.TryWriteBytes(address, out int size);
        uint sum = Sum(address[..size]) + protocol + (uint)length;
        target.TryWriteBytes(address, out _);
        return sum + Sum(address[..size]);
    }

    // RFC 1071.
    private static ushort Checksum(ReadOnlySpan<byte> bytes, uint sum)
    {
        sum += Sum(bytes);
        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length >= 2; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        return bytes.IsEmpty ? sum : sum + ((uint)bytes[0] << 8);
    }
}
