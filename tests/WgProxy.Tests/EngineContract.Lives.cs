using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Tests;

// How mappings end, and what limits them.
public abstract partial class EngineContract
{
    private static readonly RelaySettings Defaults = new();

    [Fact]
    public void A_mapping_that_is_not_answered_ends()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer());
        tunnel.Ask();
        EngineContractCounts.Asked().AssertMoved(Wire);
        Wire.Advance(Defaults.AskedTimeout);
        EngineContractCounts moved = Ended(EngineContractCounts.Asked(), "mappings.Asked", "event.Expired");
        moved.AssertMoved(Wire);

        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        moved.Add("uplink.NoMapping", 1);
        moved.AssertMoved(Wire);

        // The socket is closed: what the server sends there now reaches nobody, and nothing counts it.
        tunnel.Server.Send(WireMessages.Response(1, 0xC000_0001), tunnel.Upstream);
        EngineContractTunnel next = NewTunnel(tunnel.Server, V4, 2).Establish();
        Assert.NotEqual(tunnel.Client.EndPoint, next.Client.EndPoint);
        tunnel.Client.ExpectNothing();
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
        Assert.Equal([RelayEventKind.Opened, RelayEventKind.Expired], Observed()[..2]);
    }

    [Fact]
    public void An_idle_tunnel_lingers_then_ends()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        EngineContractCounts moved = Lingered();
        Wire.Advance(Defaults.LingerTimeout);
        moved = Ended(moved, "mappings.Lingering", "event.Expired");
        moved.AssertMoved(Wire);
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        moved.Add("uplink.NoMapping", 1);
        moved.AssertMoved(Wire);
        tunnel.Server.ExpectNothing();
    }

    [Fact]
    public void A_lingering_tunnel_revives_on_its_port()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        EngineContractCounts moved = Lingered();
        byte[] initiation = WireMessages.Initiation(Route.Mac1, 0x5000_0077);
        tunnel.Server.Send(initiation, tunnel.Upstream);
        tunnel.Client.Expect(initiation);
        moved.Add("mappings.Confirmed", 1);
        moved.Add("mappings.Lingering", -1);
        moved.Add("event.Revived", 1);
        moved.AddDown(WireMessages.InitiationLength);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_port_that_the_server_knows_rests_before_it_serves_again()
    {
        ushort port = FreePort();
        Start(ports: [port]);
        EngineContractPeer server = NewServer();
        EngineContractTunnel first = NewTunnel(server, V4, 1).Establish();
        Assert.Equal(port, first.Upstream.Port);
        EngineContractCounts moved = Lingered();
        Wire.Advance(Defaults.LingerTimeout);
        moved = Ended(moved, "mappings.Lingering", "event.Expired");
        moved.AssertMoved(Wire);

        EngineContractTunnel second = NewTunnel(server, V4, 2);
        second.Client.Send(WireMessages.Initiation(Route.Mac1, 2), Wire.RelayFor(second.Client));
        moved.Add("uplink.Open", 1);
        moved.Add("bytes.Uplink", WireMessages.InitiationLength);
        moved.Add("event.OpenFailed", 1);
        moved.AssertMoved(Wire);
        server.ExpectNothing();

        Wire.Advance(Defaults.LingerTimeout);
        second.Establish();
        Assert.Equal(port, second.Upstream.Port);
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void Without_a_free_port_newcomers_wait_and_tunnels_go_on()
    {
        Start(ports: [FreePort()]);
        EngineContractPeer server = NewServer();
        EngineContractTunnel living = NewTunnel(server, V4, 1).Establish();
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        for (uint stranger = 2; stranger < 12; stranger++)
        {
            EngineContractTunnel second = NewTunnel(server, V4, stranger);
            second.Client.Send(WireMessages.Initiation(Route.Mac1, stranger), Wire.RelayFor(second.Client));
            moved.Add("uplink.Open", 1);
            moved.Add("bytes.Uplink", WireMessages.InitiationLength);
            moved.Add("event.OpenFailed", 1);
            moved.AssertMoved(Wire);
        }

        server.ExpectNothing();
        living.Up();
        living.Down();
        moved.AddUp();
        moved.AddDown();
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_port_that_the_server_never_used_serves_again_rather_than_none()
    {
        ushort port = FreePort();
        Start(ports: [port]);
        EngineContractPeer server = NewServer();
        NewTunnel(server, V4, 1).Ask();
        Wire.Advance(Defaults.AskedTimeout);
        EngineContractCounts moved = Ended(EngineContractCounts.Asked(), "mappings.Asked", "event.Expired");
        moved.AssertMoved(Wire);

        Assert.Equal(port, NewTunnel(server, V4, 2).Establish().Upstream.Port);
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_full_table_of_proven_tunnels_admits_nobody()
    {
        Start(Defaults with { MaxMappings = 2 });
        EngineContractPeer server = NewServer();
        EngineContractTunnel one = NewTunnel(server, V4, 1).Establish();
        EngineContractTunnel two = NewTunnel(server, V6, 2).Establish();
        EngineContractTunnel late = NewTunnel(server, V4, 3);
        late.Client.Send(WireMessages.Initiation(Route.Mac1, 3), Wire.RelayFor(late.Client));
        EngineContractCounts moved = new()
        {
            EngineContractCounts.Tunnel(),
            EngineContractCounts.Tunnel(),
            { "uplink.TableFull", 1 },
        };
        moved.AssertMoved(Wire);
        one.Up();
        two.Down();
        moved.AddUp();
        moved.AddDown();
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_newcomer_displaces_the_oldest_who_only_asked()
    {
        Start(Defaults with { MaxAsked = 2 });
        EngineContractPeer server = NewServer();
        EngineContractTunnel[] asked = [.. Enumerable.Range(1, 3).Select(i => NewTunnel(server, V4, (uint)i))];
        foreach (EngineContractTunnel tunnel in asked)
        {
            tunnel.Ask();
        }

        EngineContractCounts moved = new()
        {
            EngineContractCounts.Asked(),
            EngineContractCounts.Asked(),
            Ended(EngineContractCounts.Asked(), "mappings.Asked", "event.Evicted"),
        };
        moved.AssertMoved(Wire);
        server.Send(WireMessages.Response(1, 0xC000_0001), asked[0].Upstream);
        asked[2].Answer();
        asked[0].Client.ExpectNothing();
        moved.Add("mappings.Asked", -1);
        moved.Add("mappings.Answered", 1);
        moved.Add("event.Answered", 1);
        moved.AddDown(WireMessages.ResponseLength);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_stopped_engine_is_silent_and_still_counts()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AssertMoved(Wire);
        Engine.Stop();
        Engine.Stop();
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        tunnel.Server.Send(tunnel.FromServer(), tunnel.Upstream);
        moved.AssertMoved(Wire);
        tunnel.Client.ExpectNothing();
        tunnel.Server.ExpectNothing();
        Assert.Throws<InvalidOperationException>(Engine.Start);
    }

    // A tunnel that has just been proven keeps silent for too long.
    private EngineContractCounts Lingered()
    {
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AssertMoved(Wire);
        Wire.Advance(Defaults.IdleTimeout);
        moved.Add("mappings.Confirmed", -1);
        moved.Add("mappings.Lingering", 1);
        moved.Add("event.Lingered", 1);
        moved.AssertMoved(Wire);
        return moved;
    }

    private static EngineContractCounts Ended(EngineContractCounts moved, string gauge, string how)
    {
        moved.Add(gauge, -1);
        moved.Add(how, 1);
        return moved;
    }
}
