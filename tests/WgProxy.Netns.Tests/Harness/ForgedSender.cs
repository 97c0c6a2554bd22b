using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>Sends IPv4 datagrams under any address and port, as from a network that lets forged senders out.</summary>
internal sealed class ForgedSender : IDisposable
{
    private const int IpHeader = 20;
    private const int UdpHeader = 8;
    private readonly Socket _socket;
    private readonly IPEndPoint _target;

    public ForgedSender(Host host, IPEndPoint target)
    {
        const int raw = 255; // IPPROTO_RAW: the header comes with the bytes; the kernel fills in its checksum and length.
        _target = target;
        _socket = host.Space.Run(() => new Socket(AddressFamily.InterNetwork, SocketType.Raw, (ProtocolType)raw));
    }

    public void Send(IPEndPoint source, ReadOnlySpan<byte> payload)
    {
        Span<byte> packet = stackalloc byte[IpHeader + UdpHeader + payload.Length];
        packet.Clear();
        packet[0] = 0x45; // version 4, five words of header
        packet[8] = 64; // hops
        packet[9] = (byte)ProtocolType.Udp;
        source.Address.TryWriteBytes(packet[12..], out _);
        _target.Address.TryWriteBytes(packet[16..], out _);
        Span<byte> udp = packet[IpHeader..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)_target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(UdpHeader + payload.Length));
        payload.CopyTo(udp[UdpHeader..]); // checksum 0: none (RFC 768)
        _socket.SendTo(packet, new IPEndPoint(_target.Address, 0));
    }

    public void Dispose() => _socket.Dispose();
}
