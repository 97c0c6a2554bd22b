using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;

namespace WgProxy.Tests;

/// <summary>The contract's wire for the in-memory engine.</summary>
internal sealed class MemoryEngineWire : EngineContractWire
{
    private readonly MemoryEngineNetwork _network = new();

    public MemoryEngineWire(EngineSettings settings)
    {
        Memory = new MemoryEngine(settings, _network);
        Memory.Start();
    }

    public MemoryEngine Memory { get; }

    public override IEngine Engine => Memory;

    public override bool ReportsErrors => false;

    public override EngineContractPeer NewPeer(AddressFamily family, int port = 0) =>
        new MemoryEnginePeer(_network, family == AddressFamily.InterNetwork ? IPAddress.Loopback : IPAddress.IPv6Loopback, port);

    public override EngineContractPeer NewPeer(IPAddress address) => new MemoryEnginePeer(_network, address, 0);

    public override void ChangePath(IPAddress to, IPAddress from) => _network.ChangePath(to, from);

    public override bool TrySendFromPort0(byte[] datagram, IPEndPoint to)
    {
        _network.Send(datagram, datagram.Length, new IPEndPoint(to.Address, 0), to);
        return true;
    }

    public override void Advance(TimeSpan span) => Memory.Advance(span);
}

/// <summary>A peer on the in-memory network.</summary>
internal sealed class MemoryEnginePeer : EngineContractPeer
{
    private readonly MemoryEngineNetwork _network;
    private readonly Queue<(byte[] Bytes, IPEndPoint From)> _inbox = new();

    public MemoryEnginePeer(MemoryEngineNetwork network, IPAddress address, int port)
    {
        _network = network;
        EndPoint = network.Bind(address, port, Take);
    }

    public override IPEndPoint EndPoint { get; }

    public override void Send(byte[] datagram, IPEndPoint to) => SendRun(datagram, datagram.Length, to);

    /// <summary>Sends neighbours that arrive as one run.</summary>
    public void SendRun(byte[] run, int stride, IPEndPoint to) => _network.Send(run, stride, EndPoint, to);

    public override (byte[] Bytes, IPEndPoint From)? TryReceive() =>
        _inbox.TryDequeue(out (byte[] Bytes, IPEndPoint From) next) ? next : null;

    public override void Close() => _network.Close(EndPoint);

    private void Take(ReadOnlySpan<byte> run, int stride, IPEndPoint from)
    {
        do
        {
            int length = Math.Min(stride, run.Length);
            _inbox.Enqueue((run[..length].ToArray(), from));
            run = run[length..];
        }
        while (!run.IsEmpty);
    }
}
