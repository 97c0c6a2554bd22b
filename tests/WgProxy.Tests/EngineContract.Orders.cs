using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Tests;

// What an operator wants ended.
public abstract partial class EngineContract
{
    [Fact]
    public void What_an_operator_drops_ends_at_once_and_comes_back_by_a_handshake()
    {
        Start();
        EngineContractPeer server = NewServer();
        EngineContractTunnel gone = NewTunnel(server, number: 1).Establish();
        EngineContractTunnel stays = NewTunnel(server, number: 2).Establish();
        EngineContractCounts moved = [.. EngineContractCounts.Tunnel()];
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);

        IPEndPoint client = gone.Client.EndPoint;
        DropRule rule = new() { Clients = new AddressList([new IPNetwork(client.Address, 32)]), Port = (ushort)client.Port };
        Assert.Equal(1, Order(rule).Dropped);
        moved.Add("event.Dropped", 1);
        moved.Add("mappings.Confirmed", -1);
        moved.AssertMoved(Wire);
        Assert.Equal(0, Order(rule).Dropped);

        // Its data have nowhere to go, and what its server still sends is not even counted: the socket is closed.
        gone.Client.Send(gone.FromClient(100), Wire.RelayFor(gone.Client));
        gone.Server.Send(gone.FromServer(100), gone.Upstream);
        stays.Up(100);
        stays.Down(100);
        moved.Add("uplink.NoMapping", 1);
        moved.AddUp(100);
        moved.AddDown(100);
        moved.AssertMoved(Wire);
        new EngineContractTunnel(Wire, Route.Mac1, gone.Client, server, number: 3).Establish();
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
    }

    private EngineQuery Order(DropRule rule)
    {
        using ManualResetEventSlim answered = new();
        EngineQuery query = new(_ => answered.Set()) { Drop = rule };
        Engine.Query(query);
        Assert.True(answered.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        return query;
    }
}
