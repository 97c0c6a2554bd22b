using System.Net;
using System.Net.Sockets;
using WgProxy.Core;

namespace WgProxy.Tests;

/// <summary>The contract's wire for the portable engine: sockets on loopback, and a clock that a test may put forward.
/// </summary>
internal sealed class PortableEngineWire : EngineContractWire
{
    private readonly LeapingClock _clock = new();
    private readonly List<PortableEnginePeer> _peers = [];

    public PortableEngineWire(EngineSettings settings)
    {
        Portable = new PortableEngine(settings, _clock);
        Portable.Start();
    }

    public PortableEngine Portable { get; }

    public override IEngine Engine => Portable;

    public override bool ReportsErrors => true;

    public override EngineContractPeer NewPeer(AddressFamily family, int port = 0)
    {
        _peers.Add(new PortableEnginePeer(family, port));
        return _peers[^1];
    }

    public override void Advance(TimeSpan span) => _clock.Leap(span);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _peers.ForEach(peer => peer.Close());
    }

    /// <summary>Real time and what was added. The engine looks at it at least once a second.</summary>
    private sealed class LeapingClock : TimeProvider
    {
        private long _leapt;

        public override long TimestampFrequency => System.TimestampFrequency;

        public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _leapt);

        public void Leap(TimeSpan span) =>
            Interlocked.Add(ref _leapt, (long)(span.TotalSeconds * TimestampFrequency));
    }
}

/// <summary>A peer with a socket on loopback.</summary>
internal sealed class PortableEnginePeer : EngineContractPeer
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[65_536];
    private readonly SocketAddress _from;

    public PortableEnginePeer(AddressFamily family, int port)
    {
        _socket = new Socket(family, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 8 << 20 };
        _socket.Bind(new IPEndPoint(
            family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, port));
        _from = new SocketAddress(family);
        EndPoint = (IPEndPoint)_socket.LocalEndPoint!;
    }

    public override IPEndPoint EndPoint { get; }

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
