using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Tests;

// Servers with several addresses, of which some cannot be reached or do not answer.
public abstract partial class EngineContract
{
    // The system refuses both: one to whoever did not ask for broadcast, the other without the interface of its link.
    private static readonly IPEndPoint[] Unreachable =
        [new IPEndPoint(IPAddress.Broadcast, 51_820), new IPEndPoint(IPAddress.Parse("fe80::1"), 51_820)];

    [Theory]
    [InlineData(V4)]
    [InlineData(V6)]
    public void An_address_that_cannot_be_reached_gives_way_at_once(AddressFamily family)
    {
        Start();
        EngineContractPeer server = NewServer(family);
        Route.Publish([.. Unreachable, server.EndPoint]);
        EngineContractTunnel tunnel = NewTunnel(server).Establish();
        tunnel.Up(100);
        tunnel.Down(100);
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.Add("event.PassedOver", 2);
        moved.AddUp(100);
        moved.AddDown(100);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_newcomer_who_is_not_answered_asks_at_the_next_address()
    {
        Start();
        EngineContractPeer silent = NewServer(V4);
        EngineContractPeer server = Wire.NewPeer(V6);
        Route.Publish([silent.EndPoint, server.EndPoint]);
        EngineContractPeer client = Wire.NewPeer(V4);
        byte[] first = WireMessages.Initiation(Route.Mac1, 0xC1);
        client.Send(first, Wire.RelayFor(client));
        IPEndPoint upstream = silent.Expect(first);
        Wire.Advance(TimeSpan.FromSeconds(5));
        byte[] second = WireMessages.Initiation(Route.Mac1, 0xC2);
        client.Send(second, Wire.RelayFor(client));
        Assert.Equal(upstream.Port, server.Expect(second).Port);
        silent.ExpectNothing();
        EngineContractCounts moved = EngineContractCounts.Asked();
        moved.Add("event.Redirected", 1);
        moved.AddUp(WireMessages.InitiationLength);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void An_order_to_an_address_that_cannot_be_reached_goes_to_the_next()
    {
        Start();
        EngineContractPeer former = NewServer(V4);
        EngineContractTunnel tunnel = NewTunnel(former).Establish();
        EngineContractPeer elsewhere = Wire.NewPeer(V6);
        Route.Publish([.. Unreachable, elsewhere.EndPoint]);
        Publish(Route);
        tunnel.Up(100);
        Wire.Advance(Silence);
        tunnel.Follow(elsewhere, 200);
        tunnel.Down(300);
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.Add("event.Unanswered", 1);
        moved.Add("event.Redirected", 3);
        moved.AddUp(300, datagrams: 2);
        moved.AddDown(300);
        moved.AssertMoved(Wire);
    }
}
