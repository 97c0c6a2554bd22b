using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;

namespace WgProxy.Tests;

/// <summary>The contract's wire for engines on the kernel's sockets: loopback, and a clock that a test may put forward.
/// </summary>
internal sealed class SocketWire : EngineContractWire
{
    private readonly LeapingClock _clock = new();
    private readonly List<SocketPeer> _peers = [];

    /// <summary>Makes an engine by this clock and starts it.</summary>
    public SocketWire(Func<TimeProvider, IEngine> make)
    {
        Engine = make(_clock);
        Engine.Start();
    }

    public override IEngine Engine { get; }

    public override bool ReportsErrors => true;

    public override EngineContractPeer NewPeer(AddressFamily family, int port = 0) => Own(new SocketPeer(family, port));

    public override EngineContractPeer NewPeer(IPAddress address) => Own(new SocketPeer(new IPEndPoint(address, 0)));

    public override void ChangePath(IPAddress to, IPAddress from) => OwnNetwork.Ip($"route add local {to} dev lo table local src {from}");

    public override bool TrySendFromPort0(byte[] datagram, IPEndPoint to)
    {
        try
        {
            // Past the kernel's own UDP, which draws a port for whoever names none. It writes the header before this one.
            using Socket raw = new(to.AddressFamily, SocketType.Raw, ProtocolType.Udp);
            byte[] packet = new byte[8 + datagram.Length];
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(2), (ushort)to.Port);
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)packet.Length);
            datagram.CopyTo(packet, 8);
            if (to.AddressFamily == AddressFamily.InterNetworkV6)
            {
                // IPv4 may go without a checksum, IPv6 may not (RFC 8200, section 8.1): the kernel puts one where it is told.
                const int level = 41; // IPPROTO_IPV6
                const int checksum = 7; // IPV6_CHECKSUM
                raw.SetRawSocketOption(level, checksum, BitConverter.GetBytes(6));
            }

            raw.SendTo(packet, new IPEndPoint(to.Address, 0));
            return true;
        }
        catch (SocketException refusal) when (refusal.SocketErrorCode is SocketError.AccessDenied)
        {
            return false;
        }
    }

    public override void Advance(TimeSpan span) => _clock.Leap(span);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _peers.ForEach(peer => peer.Close());
    }

    private SocketPeer Own(SocketPeer peer)
    {
        _peers.Add(peer);
        return peer;
    }
}

/// <summary>A peer with a socket on loopback.</summary>
internal sealed class SocketPeer : EngineContractPeer
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[65_536];
    private readonly SocketAddress _from;

    public SocketPeer(AddressFamily family, int port)
        : this(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, port))
    {
    }

    public SocketPeer(IPEndPoint local)
    {
        _socket = new Socket(local.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 8 << 20 };
        _socket.Bind(local);
        _from = new SocketAddress(local.AddressFamily);
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
    }

    public override IPEndPoint EndPoint { get; }

    /// <summary>A port that nobody has bound, and that Linux does not draw for tests beside this one: it draws from 32768 on
    /// (ip_local_port_range), and others open thousands of sockets meanwhile.</summary>
    public static ushort FreePort()
    {
        while (true)
        {
            ushort port = (ushort)Random.Shared.Next(10_000, 32_768);
            using Socket holder = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                holder.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException refusal) when (refusal.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody's: draw another.
            }
        }
    }

    public override void Send(byte[] datagram, IPEndPoint to) => _socket.SendTo(datagram, to);

    public override (byte[] Bytes, IPEndPoint From)? TryReceive()
    {
        if (!_socket.Poll(0, SelectMode.SelectRead))
        {
            return null;
        }

        int length = _socket.ReceiveFrom(_buffer, SocketFlags.None, _from);
        return (_buffer[..length], (IPEndPoint)EndPoint.Create(_from));
    }

    public override void Close() => _socket.Dispose();
}
