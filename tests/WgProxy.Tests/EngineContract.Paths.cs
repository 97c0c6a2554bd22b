using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Tests;

// What engines are told while they run, and mappings that go to another address of their server.
public abstract partial class EngineContract
{
    // WireGuard answers data within 10 s.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(11);

    [Theory]
    [InlineData(V4, V4)]
    [InlineData(V6, V6)]
    [InlineData(V4, V6)]
    [InlineData(V6, V4)]
    public void A_tunnel_that_goes_unanswered_follows_its_server(AddressFamily before, AddressFamily after)
    {
        Start();
        EngineContractPeer former = NewServer(before);
        EngineContractTunnel tunnel = NewTunnel(former).Establish();
        IPEndPoint upstream = tunnel.Upstream;
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AssertMoved(Wire);

        EngineContractPeer elsewhere = Wire.NewPeer(after);
        Route.Publish([elsewhere.EndPoint]);
        Publish(Route);
        tunnel.Up(100);
        moved.AddUp(100);
        moved.AssertMoved(Wire);

        Wire.Advance(Silence);
        tunnel.Follow(elsewhere, 200);
        tunnel.Down(300);
        moved.Add("event.Unanswered", 1);
        moved.Add("event.Redirected", 1);
        moved.AddUp(200);
        moved.AddDown(300);
        moved.AssertMoved(Wire);
        Assert.Equal(upstream.Port, tunnel.Upstream.Port);
        former.ExpectNothing();

        // Nothing that comes from where the server was is taken for the server's any more.
        former.Send(tunnel.FromServer(50), upstream);
        tunnel.Down(400);
        tunnel.Up(500);
        moved.AddUp(500);
        moved.AddDown(400);
        moved.AssertMoved(Wire);
        tunnel.Client.ExpectNothing();
    }

    [Fact]
    public void A_tunnel_that_is_told_and_answered_stays()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        tunnel.Up(100);
        tunnel.Down(100);
        EngineContractPeer elsewhere = Wire.NewPeer(V4);
        Route.Publish([elsewhere.EndPoint]);
        Publish(Route);
        Assert.True(Engine.Post(EngineCommand.PathsChanged));
        Wire.Advance(Silence);
        tunnel.Up(100);
        tunnel.Down(100);
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AddUp(200, datagrams: 2);
        moved.AddDown(200, datagrams: 2);
        moved.AssertMoved(Wire);
        elsewhere.ExpectNothing();
    }

    [Fact]
    public void A_tunnel_whose_path_is_another_takes_it_with_its_port() => WhereItsPathsMayChange(() =>
    {
        Start();
        EngineContractPeer server = Wire.NewPeer(IPAddress.Parse("127.0.0.7"));
        Route.Server = server.EndPoint;
        EngineContractTunnel newcomer = new(Wire, Route.Mac1, Wire.NewPeer(V4), server, number: 2);
        EngineContractTunnel tunnel = NewTunnel(server).Establish();
        Assert.Equal(IPAddress.Loopback, tunnel.Upstream.Address);
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AssertMoved(Wire);

        IPEndPoint after = new(IPAddress.Parse("127.0.0.8"), tunnel.Upstream.Port);
        Wire.ChangePath(server.EndPoint.Address, after.Address);
        Assert.True(Engine.Post(EngineCommand.PathsChanged));
        moved.Add("event.Rerouted", 1);
        moved.AssertMoved(Wire);
        tunnel.Follow(server, 100);
        Assert.Equal(after, tunnel.Upstream);
        tunnel.Down(200);
        moved.AddUp(100);
        moved.AddDown(200);
        moved.AssertMoved(Wire);

        // A newcomer begins where the tunnel has gone, and a command that finds nothing new does nothing.
        Assert.True(Engine.Post(EngineCommand.PathsChanged));
        newcomer.Establish();
        Assert.Equal(after.Address, newcomer.Upstream.Address);
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
    });

    [Fact]
    public void A_stopped_engine_takes_no_command()
    {
        Start();
        Assert.True(Engine.Post(EngineCommand.PathsChanged));
        Engine.Stop();
        Assert.False(Engine.Post(EngineCommand.PathsChanged));
        Engine.Dispose();
        Assert.False(Engine.Post(EngineCommand.RouteChanged(RouteId)));
    }
}
