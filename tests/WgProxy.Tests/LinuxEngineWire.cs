using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Linux;

namespace WgProxy.Tests;

/// <summary>The contract's wire for the Linux engine: sockets on loopback, and a clock that a test may put forward.
/// </summary>
internal sealed class LinuxEngineWire : EngineContractWire
{
    private readonly LeapingClock _clock = new();
    private readonly List<PortableEnginePeer> _peers = [];

    public LinuxEngineWire(EngineSettings settings, LinuxEngineSettings? own = null)
    {
        Linux = new LinuxEngine(settings, own, _clock);
        Linux.Start();
    }

    public LinuxEngine Linux { get; }

    public override IEngine Engine => Linux;

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
}
