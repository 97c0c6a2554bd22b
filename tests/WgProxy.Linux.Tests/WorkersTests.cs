using System.Net;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Linux.Workers;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>Several workers behind one port are one relay.</summary>
public sealed class WorkersTests
{
    private static readonly LinuxEngineSettings Four = new() { Workers = 4 };

    [Fact]
    public void A_client_roams_among_the_sources_of_all_workers_without_a_loss()
    {
        using RelayRig rig = new(Four);
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0))), server, rig.At(IPAddress.Loopback));
        for (int i = 0; i < 24; i++)
        {
            using Peer elsewhere = new(new IPEndPoint(IPAddress.Loopback, 0));
            byte[] up = tunnel.FromClient(100);
            elsewhere.Send(up, tunnel.Relay);
            IPEndPoint upstream = server.Expect(up)[0].From;
            byte[] down = tunnel.FromServer(200);
            server.Send(down, upstream);
            Assert.Equal(tunnel.Relay, elsewhere.Expect(down)[0].From);
        }

        Assert.Equal(24, rig["event.Claimed"]);
        Assert.Equal(0, rig["tolerated.Uplink"] + rig["tolerated.Downlink"]);
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void Clients_are_spread_and_counted_together()
    {
        const int clients = 100;
        using RelayRig rig = new(Four);
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        IPEndPoint relay = rig.At(IPAddress.Loopback);
        RigTunnel[] tunnels = [.. Enumerable.Range(0, clients).Select(_ =>
            rig.Establish(rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0))), server, relay))];
        Assert.Distinct(tunnels.Select(tunnel => tunnel.Upstream));
        foreach (RigTunnel tunnel in tunnels)
        {
            tunnel.Up(tunnel.FromClient(300));
            tunnel.Down(tunnel.FromServer(300));
        }

        rig.Await("mappings.Confirmed", clients);
        Assert.Equal(clients, rig["uplink.Open"]);
        Assert.Equal(2 * clients, rig["uplink.Forward"]);
        Assert.Empty(rig.Faults());
    }

    [Theory]
    [InlineData(16_384, 4_096, 28_231, 64, 64)]
    [InlineData(16_384, 4_096, 28_231, 1, 1)]
    [InlineData(16_384, 4_096, 0, 64, 64)]
    [InlineData(2, 4_096, 0, 4, 1)]
    [InlineData(1_000, 4_096, 0, 64, 8)]
    [InlineData(16_384, 2, 0, 4, 1)]
    [InlineData(16_384, 4_096, 1, 4, 1)]
    [InlineData(16_384, 4_096, 200, 4, 3)]
    public void No_worker_gets_less_than_it_can_live_on(int mappings, int asked, int ports, int wanted, int workers)
    {
        EngineSettings settings = NewSettings(mappings, asked, ports);
        Assert.Equal(workers, WorkerLimits.Workers(settings, wanted));
        EngineSettings[] shares = [.. Enumerable.Range(0, workers).Select(worker => WorkerLimits.Of(settings, worker, workers))];
        Assert.Equal(settings.Ports.Order(), shares.SelectMany(share => share.Ports).Order());
        Assert.All(shares, share => Assert.Equal(settings.Ports, share.RestoredPorts ?? share.Ports));
        Assert.InRange(shares.Sum(share => share.Relay.Slots), 1, settings.Relay.Slots);
        Assert.InRange(shares.Sum(share => share.Relay.MaxAsked), 1, asked);
        Assert.InRange(shares.Sum(share => share.Relay.MaxClaimed), 1, settings.Relay.MaxClaimed);
        Assert.All(shares, share => Assert.InRange(share.Relay.MaxMappings, 1, mappings));
    }

    [Fact]
    public void Slots_of_workers_have_numbers_of_their_own()
    {
        List<int> seen = [];
        EngineSettings settings = NewSettings(1_000, 1_000, 0) with { Observe = change => seen.Add(change.Slot) };
        for (int worker = 0; worker < 3; worker++)
        {
            EngineSettings share = WorkerLimits.Of(settings, worker, 3);
            share.Observe!(new RelayEvent { Slot = 0 });
            share.Observe!(new RelayEvent { Slot = share.Relay.Slots - 1 });
        }

        Assert.Equal(seen.Order(), seen);
        Assert.Distinct(seen);
        Assert.InRange(seen[^1], 0, settings.Relay.Slots - 1);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(4, 2)]
    [InlineData(16, 8)]
    public void Half_of_the_processors_are_left_to_the_kernel(int processors, int workers) =>
        Assert.Equal(workers, LinuxEngineSettings.WorkersOf(processors));

    private static EngineSettings NewSettings(int mappings, int asked, int ports) => new()
    {
        Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
        Routes = [RelayRig.NewRoute()],
        Seeds = new(),
        Relay = new RelaySettings { MaxMappings = mappings, MaxAsked = asked },
        Ports = [.. Enumerable.Range(1, ports).Select(port => (ushort)port)],
    };
}
