using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

// Routes that come and go while the engine runs.
public abstract partial class EngineContract
{
    [Fact]
    public void A_route_that_is_added_is_served_and_one_that_is_removed_no_longer()
    {
        Route other = NewRoute();
        Start(more: other);
        EngineContractTunnel gone = NewTunnel(NewServer()).Establish();
        EngineContractPeer server = NewServer(V6, other);
        EngineContractTunnel stays = new(Wire, other.Mac1, Wire.NewPeer(V4), server, number: 2);
        stays.Establish();
        EngineContractCounts moved = [.. EngineContractCounts.Tunnel()];
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);

        Route added = NewRoute();
        EngineContractPeer addedServer = NewServer(V4, added);
        Publish(added);
        Remove(Route);
        Wire.Advance(TimeSpan.Zero);
        moved.Add("event.RouteRemoved", 1);
        moved.Add("mappings.Confirmed", -1);
        moved.AssertMoved(Wire);

        // The key of the removed route admits nobody, and its client's data have nowhere to go.
        gone.Client.Send(WireMessages.Initiation(Route.Mac1, 0xC9), Wire.RelayFor(gone.Client));
        gone.Client.Send(gone.FromClient(100), Wire.RelayFor(gone.Client));
        moved.Add("uplink.BadMac1", 1);
        moved.Add("uplink.NoMapping", 1);
        moved.AssertMoved(Wire);
        gone.Server.ExpectNothing();

        new EngineContractTunnel(Wire, added.Mac1, gone.Client, addedServer, number: 3).Establish();
        moved.Add(EngineContractCounts.Tunnel());
        stays.Up(100);
        stays.Down(100);
        moved.AddUp(100);
        moved.AddDown(100);
        moved.AssertMoved(Wire);

        // Its socket is closed: what its server still sends is not even counted.
        gone.Server.Send(gone.FromServer(100), gone.Upstream);
        stays.Up(100);
        moved.AddUp(100);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void Other_settings_of_a_route_hold_for_newcomers_and_end_nothing()
    {
        Route other = NewRoute();
        Start(more: other);
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        EngineContractPeer server = NewServer(V4, other);
        new EngineContractTunnel(Wire, other.Mac1, Wire.NewPeer(V4), server, number: 2).Ask();
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.Add(EngineContractCounts.Asked());
        moved.AssertMoved(Wire);

        // The end of the other route's mapping shows that both commands have been run.
        Route.Settings = new RouteSettings { Deny = new AddressList([IPNetwork.Parse("0.0.0.0/0"), IPNetwork.Parse("::/0")]) };
        Publish(Route);
        Remove(other);
        Wire.Advance(TimeSpan.Zero);
        moved.Add("event.RouteRemoved", 1);
        moved.Add("mappings.Asked", -1);
        moved.AssertMoved(Wire);

        EngineContractPeer newcomer = Wire.NewPeer(V4);
        newcomer.Send(WireMessages.Initiation(Route.Mac1, 0xC101), Wire.RelayFor(newcomer));
        moved.Add("uplink.Denied", 1);
        moved.AssertMoved(Wire);
        tunnel.Up(100);
        tunnel.Down(100);
        moved.AddUp(100);
        moved.AddDown(100);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void An_id_that_is_no_longer_the_routes_does_nothing()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        RouteId stale = RouteId with { Generation = (ushort)(RouteId.Generation + 1) };
        Assert.False(Routes.Remove(stale));
        Assert.True(Engine.Post(EngineCommand.RouteChanged(stale)));
        Assert.True(Engine.Post(EngineCommand.RouteChanged(RouteId with { Index = ushort.MaxValue })));
        Wire.Advance(TimeSpan.Zero);
        tunnel.Up(100);
        tunnel.Down(100);
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AddUp(100);
        moved.AddDown(100);
        moved.AssertMoved(Wire);
    }
}
