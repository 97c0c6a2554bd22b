using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

// Several addresses and ports to listen on.
public abstract partial class EngineContract
{
    [Fact]
    public void A_client_has_a_mapping_for_each_port_and_is_answered_from_where_it_asked()
    {
        StartAtTwoPorts();
        EngineContractPeer server = NewServer();
        EngineContractPeer client = Wire.NewPeer(V4);
        IPEndPoint[] upstreams = new IPEndPoint[2];
        EngineContractCounts moved = [];
        for (int place = 0; place < 2; place++)
        {
            byte[] initiation = WireMessages.Initiation(Route.Mac1, 0xC1 + (uint)place);
            client.Send(initiation, Engine.Listening[place]);
            upstreams[place] = server.Expect(initiation);
            moved.Add(EngineContractCounts.Asked());
        }

        Assert.NotEqual(upstreams[0], upstreams[1]);
        foreach (int place in (int[])[1, 0])
        {
            byte[] response = WireMessages.Response(0x51 + (uint)place, 0xC1 + (uint)place);
            server.Send(response, upstreams[place]);
            Assert.Equal(Engine.Listening[place], client.Expect(response));
            byte[] data = WireMessages.Transport(0x51 + (uint)place);
            client.Send(data, Engine.Listening[place]);
            Assert.Equal(upstreams[place], server.Expect(data));
            data = WireMessages.Transport(0xC1 + (uint)place);
            server.Send(data, upstreams[place]);
            Assert.Equal(Engine.Listening[place], client.Expect(data));
            moved.Add("mappings.Asked", -1);
            moved.Add("event.Answered", 1);
            moved.Add("event.Established", 1);
            moved.Add("event.Confirmed", 1);
            moved.Add("mappings.Confirmed", 1);
            moved.AddUp();
            moved.AddDown();
            moved.AddDown(WireMessages.ResponseLength);
        }

        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_client_that_goes_on_at_another_port_is_answered_from_there()
    {
        StartAtTwoPorts();
        EngineContractPeer server = NewServer();
        EngineContractPeer client = Wire.NewPeer(V4);
        byte[] initiation = WireMessages.Initiation(Route.Mac1, 0xC1);
        client.Send(initiation, Engine.Listening[0]);
        IPEndPoint first = server.Expect(initiation);
        server.Send(WireMessages.Response(0x51, 0xC1), first);
        _ = client.Receive();
        client.Send(WireMessages.Transport(0x51), Engine.Listening[0]);
        _ = server.Receive();
        server.Send(WireMessages.Transport(0xC1), first);
        Assert.Equal(Engine.Listening[0], client.Receive().From);
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AssertMoved(Wire);

        byte[] data = WireMessages.Transport(0x51, 100);
        client.Send(data, Engine.Listening[1]);
        IPEndPoint second = server.Expect(data);
        Assert.NotEqual(first, second);
        data = WireMessages.Transport(0xC1, 100);
        server.Send(data, second);
        Assert.Equal(Engine.Listening[1], client.Expect(data));
        moved.Add("uplink.Open", 1);
        moved.Add("bytes.Uplink", 100);
        moved.AddDown(100);
        moved.Add("event.Opened", 1);
        moved.Add("event.Claimed", 1);
        moved.Add("event.Confirmed", 1);
        moved.Add("mappings.Confirmed", 1);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_route_may_be_served_at_one_port_only()
    {
        StartAtTwoPorts();
        EngineContractPeer server = NewServer();
        Route.Settings = new RouteSettings { Listen = new ListenList([Engine.Listening[1]]) };
        Publish(Route);
        Wire.Advance(TimeSpan.Zero);
        EngineContractPeer client = Wire.NewPeer(V4);
        byte[] initiation = WireMessages.Initiation(Route.Mac1, 0xC1);
        EngineContractCounts moved = [];

        // The engine runs the command when it can: until then the route is served everywhere.
        client.Send(initiation, Engine.Listening[1]);
        _ = server.Expect(initiation);
        moved.Add(EngineContractCounts.Asked());
        moved.AssertMoved(Wire);
        client.Send(WireMessages.Initiation(Route.Mac1, 0xC2), Engine.Listening[0]);
        moved.Add("uplink.NotServedHere", 1);
        moved.AssertMoved(Wire);
        server.ExpectNothing();
    }

    [Fact]
    public void An_address_comes_and_another_goes_and_a_neighbour_notices_nothing()
    {
        StartAtTwoPorts();
        EngineContractPeer server = NewServer();
        EngineContractPeer stays = Wire.NewPeer(V4);
        EngineContractPeer goes = Wire.NewPeer(V4);
        byte[] initiation = WireMessages.Initiation(Route.Mac1, 0xC1);
        stays.Send(initiation, Engine.Listening[0]);
        IPEndPoint upstream = server.Expect(initiation);
        initiation = WireMessages.Initiation(Route.Mac1, 0xC2);
        goes.Send(initiation, Engine.Listening[1]);
        _ = server.Expect(initiation);
        EngineContractCounts moved = EngineContractCounts.Asked();
        moved.Add(EngineContractCounts.Asked());
        moved.AssertMoved(Wire);

        IPEndPoint[] wanted = [Engine.Listening[0], new IPEndPoint(IPAddress.Loopback, FreePort())];
        Engine.ListenOn(wanted);
        Assert.Equal(wanted, Engine.Listening);
        moved.Add("event.NotServedHere", 1);
        moved.Add("mappings.Asked", -1);
        moved.AssertMoved(Wire);

        // Where the server is, another socket is bound.
        Assert.Throws<EngineException>(() => Engine.ListenOn([wanted[0], server.EndPoint]));
        Assert.Equal(wanted, Engine.Listening);

        byte[] response = WireMessages.Response(0x51, 0xC1);
        server.Send(response, upstream);
        Assert.Equal(wanted[0], stays.Expect(response));
        moved.Add("mappings.Asked", -1);
        moved.Add("event.Answered", 1);
        moved.Add("mappings.Answered", 1);
        moved.AddDown(WireMessages.ResponseLength);
        initiation = WireMessages.Initiation(Route.Mac1, 0xC3);
        goes.Send(initiation, wanted[1]);
        upstream = server.Expect(initiation);
        response = WireMessages.Response(0x53, 0xC3);
        server.Send(response, upstream);
        Assert.Equal(wanted[1], goes.Expect(response));
        moved.Add(EngineContractCounts.Asked());
        moved.Add("mappings.Asked", -1);
        moved.Add("event.Answered", 1);
        moved.Add("mappings.Answered", 1);
        moved.AddDown(WireMessages.ResponseLength);
        moved.AssertMoved(Wire);
    }

    /// <summary>Addresses that are added one by one: what waits for strangers' neighbours stays what it is where they are all there from the start, but for the
    /// sockets without which an address could answer no stranger.</summary>
    /// <remarks><c>receiving</c> are the other sockets of an address.</remarks>
    protected void AssertStrangersShareWhereAddressesComeOneByOne(int receiving)
    {
        _listen = [new IPEndPoint(IPAddress.Loopback, 0)];
        Start();
        List<IPEndPoint> wanted = [.. Engine.Listening];
        for (int more = 0; more < 4; more++)
        {
            wanted.Add(new IPEndPoint(IPAddress.Loopback, FreePort()));
            Engine.ListenOn(wanted);
        }

        Assert.Equal(wanted, Engine.Listening);
        Assert.Equal([16, 1, 1, 1, 1], wanted.Select(each => SocketsAt(each) - receiving));

        // Where nothing of an IP version stays, all have their share.
        IPEndPoint[] others = [.. Enumerable.Range(0, 4).Select(_ => new IPEndPoint(IPAddress.Loopback, FreePort()))];
        Engine.ListenOn(others);
        Assert.Equal([4, 4, 4, 4], others.Select(each => SocketsAt(each) - receiving));
    }

    private static int SocketsAt(IPEndPoint local) => File.ReadLines("/proc/net/udp").Count(line => line.Contains($" 0100007F:{local.Port:X4} ", StringComparison.Ordinal));

    private void StartAtTwoPorts()
    {
        _listen = [new IPEndPoint(IPAddress.Loopback, 0), new IPEndPoint(IPAddress.Loopback, 0)];
        Start();
        Assert.Equal(2, Engine.Listening.Distinct().Count());
    }
}
