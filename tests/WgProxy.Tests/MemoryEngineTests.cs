using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Tests;

/// <summary>The contract without a kernel, and what only this engine can show: runs of several datagrams.</summary>
public sealed class MemoryEngineTests : EngineContract
{
    [Fact]
    public void A_run_passes_whole_in_both_directions()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        byte[][] up = [.. Lengths.Select(tunnel.FromClient)];
        byte[][] down = [.. Lengths.Select(tunnel.FromServer)];
        Client(tunnel).SendRun([.. up.SelectMany(bytes => bytes)], Stride, Wire.RelayFor(tunnel.Client));
        Assert.All(up, datagram => tunnel.Server.Expect(datagram));
        Assert.Equal(Lengths.Length, Memory.LongestRun);
        ((MemoryEnginePeer)tunnel.Server).SendRun([.. down.SelectMany(bytes => bytes)], Stride, tunnel.Upstream);
        Assert.All(down, datagram => tunnel.Client.Expect(datagram));
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", Lengths.Length },
            { "downlink.Forward", Lengths.Length },
            { "bytes.Uplink", Lengths.Sum() },
            { "bytes.Downlink", Lengths.Sum() },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void A_run_is_cut_where_the_verdict_changes()
    {
        // Neighbours of one length but several fates: two that pass, an initiation that passes by itself, an
        // unknown type, a forged initiation, and one more that passes.
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        const int stride = WireMessages.InitiationLength;
        byte[][] run =
        [
            tunnel.FromClient(stride),
            tunnel.FromClient(stride),
            WireMessages.Initiation(Route.Mac1, 9),
            WireMessages.New(9, stride),
            WireMessages.Initiation(NewRoute().Mac1, 9),
            tunnel.FromClient(stride),
        ];
        Client(tunnel).SendRun([.. run.SelectMany(bytes => bytes)], stride, Wire.RelayFor(tunnel.Client));
        Assert.All([run[0], run[1], run[2], run[5]], datagram => tunnel.Server.Expect(datagram));
        tunnel.Server.ExpectNothing();
        Assert.Equal(2, Memory.LongestRun);
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", 4 },
            { "bytes.Uplink", 4 * stride },
            { "uplink.NotWireGuard", 1 },
            { "uplink.BadMac1", 1 },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void A_run_may_begin_with_the_initiation_that_opens()
    {
        Start();
        EngineContractPeer server = NewServer();
        EngineContractTunnel tunnel = NewTunnel(server);
        const int stride = WireMessages.InitiationLength;
        byte[] first = WireMessages.Initiation(Route.Mac1, 1);
        byte[] second = WireMessages.Initiation(Route.Mac1, 2);
        Client(tunnel).SendRun([.. first, .. second, .. new byte[20]], stride, Wire.RelayFor(tunnel.Client));
        Assert.Equal(server.Expect(first), server.Expect(second));
        new EngineContractCounts
        {
            EngineContractCounts.Asked(),
            { "uplink.Forward", 1 },
            { "bytes.Uplink", stride },
            { "uplink.NotWireGuard", 1 },
        }.AssertMoved(Wire);
    }

    private const int Stride = 1452;

    private static readonly int[] Lengths = [.. Enumerable.Repeat(Stride, 40), 100];

    private MemoryEngine Memory => ((MemoryEngineWire)Wire).Memory;

    private protected override EngineContractWire NewWire(EngineSettings settings) => new MemoryEngineWire(settings);

    // The network draws from 20,000 upwards.
    private protected override void WhereItsPathsMayChange(Action test) => test();

    private protected override ushort FreePort() => 60_000;

    private static MemoryEnginePeer Client(EngineContractTunnel tunnel) => (MemoryEnginePeer)tunnel.Client;
}
