using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Tests;

// What passes.
public abstract partial class EngineContract
{
    [Fact]
    public void An_initiation_opens_a_socket_and_leaves_as_it_came()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer());
        tunnel.Ask();
        Assert.NotEqual(Wire.RelayFor(tunnel.Client), tunnel.Upstream);
        EngineContractCounts.Asked().AssertMoved(Wire);
        Assert.Equal([RelayEventKind.Opened], Observed());
    }

    [Theory]
    [InlineData(V4, V4)]
    [InlineData(V4, V6)]
    [InlineData(V6, V4)]
    [InlineData(V6, V6)]
    public void A_tunnel_works_between_any_two_families(AddressFamily client, AddressFamily server)
    {
        Start();
        NewTunnel(NewServer(server), client).Establish();
        EngineContractCounts.Tunnel().AssertMoved(Wire);
        Assert.Equal(
            [RelayEventKind.Opened, RelayEventKind.Answered, RelayEventKind.Established, RelayEventKind.Confirmed],
            Observed());
    }

    [Fact]
    public void A_server_address_may_be_mapped()
    {
        Start();
        EngineContractPeer server = NewServer();
        Route.Server = new IPEndPoint(server.EndPoint.Address.MapToIPv6(), server.EndPoint.Port);
        NewTunnel(server).Establish();
        EngineContractCounts.Tunnel().AssertMoved(Wire);
    }

    [Fact]
    public void Two_clients_are_never_mixed()
    {
        Start();
        EngineContractPeer server = NewServer();
        EngineContractTunnel one = NewTunnel(server, V4, 1).Establish();
        EngineContractTunnel two = NewTunnel(server, V6, 2).Establish();
        Assert.NotEqual(one.Upstream, two.Upstream);
        for (int round = 0; round < 5; round++)
        {
            one.Up(100 + round);
            two.Down(200 + round);
            one.Down(300 + round);
            two.Up(400 + round);
        }

        one.Client.ExpectNothing();
        two.Client.ExpectNothing();
        server.ExpectNothing();
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", 10 },
            { "downlink.Forward", 10 },
            { "bytes.Uplink", 5 * (102 + 402) },
            { "bytes.Downlink", 5 * (202 + 302) },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void One_client_socket_reaches_two_servers()
    {
        Route otherRoute = NewRoute();
        Start(more: otherRoute);
        EngineContractPeer server = NewServer();
        EngineContractPeer otherServer = NewServer(V6, otherRoute);
        EngineContractPeer client = Wire.NewPeer(V4);
        EngineContractTunnel one = new EngineContractTunnel(Wire, Route.Mac1, client, server, 1).Establish();
        EngineContractTunnel two = new EngineContractTunnel(Wire, otherRoute.Mac1, client, otherServer, 2).Establish();
        one.Up(64);
        two.Up(96);
        one.Down(128);
        two.Down(160);
        server.ExpectNothing();
        otherServer.ExpectNothing();
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", 2 },
            { "downlink.Forward", 2 },
            { "bytes.Uplink", 64 + 96 },
            { "bytes.Downlink", 128 + 160 },
        }.AssertMoved(Wire);
    }

    [Theory]
    [InlineData(V4, V6)]
    [InlineData(V6, V4)]
    public void Boundaries_between_datagrams_hold(AddressFamily client, AddressFamily server)
    {
        // One of the largest that IPv4 carries, then what real tunnels send, in no order; equal neighbours included.
        int[] lengths = [65_507, .. Enumerable.Range(0, 63).Select(i => (i % 9) switch
        {
            0 => 32,
            1 or 2 or 3 => 1452,
            4 => 33,
            5 => 1280,
            6 => 9000,
            _ => 48 + i,
        })];
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer(server), client).Establish();
        byte[][] up = [.. lengths.Select(tunnel.FromClient)];
        byte[][] down = [.. lengths.Select(tunnel.FromServer)];
        foreach (byte[] datagram in up)
        {
            tunnel.Client.Send(datagram, Wire.RelayFor(tunnel.Client));
        }

        Assert.All(up, datagram => tunnel.Server.Expect(datagram));
        foreach (byte[] datagram in down)
        {
            tunnel.Server.Send(datagram, tunnel.Upstream);
        }

        Assert.All(down, datagram => tunnel.Client.Expect(datagram));
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", lengths.Length },
            { "downlink.Forward", lengths.Length },
            { "bytes.Uplink", lengths.Sum() },
            { "bytes.Downlink", lengths.Sum() },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void The_server_may_begin_a_handshake()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        byte[] initiation = WireMessages.Initiation(Route.Mac1, 0x5000_0077);
        tunnel.Server.Send(initiation, tunnel.Upstream);
        tunnel.Client.Expect(initiation);
        byte[] response = WireMessages.Response(0xC000_0077, 0x5000_0077, Route.Mac1);
        tunnel.Client.Send(response, Wire.RelayFor(tunnel.Client));
        tunnel.Server.Expect(response);
        byte[] data = WireMessages.Transport(0xC000_0077, 500);
        tunnel.Server.Send(data, tunnel.Upstream);
        tunnel.Client.Expect(data);
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", 1 },
            { "downlink.Forward", 2 },
            { "bytes.Uplink", WireMessages.ResponseLength },
            { "bytes.Downlink", WireMessages.InitiationLength + 500 },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void Traffic_resumes_after_the_server_was_away()
    {
        const int lost = 3;
        Start();
        EngineContractPeer server = NewServer();
        EngineContractTunnel tunnel = NewTunnel(server).Establish();
        IPEndPoint upstream = tunnel.Upstream;
        server.Close();
        for (int i = 0; i < lost; i++)
        {
            tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        }

        EngineContractCounts moved = new()
        {
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", lost },
            { "bytes.Uplink", lost * WireMessages.KeepaliveLength },
        };
        string[] timing = ["fault.SendRetried", "fault.ReceiveFailed"];
        moved.AssertMoved(Wire, timing);

        // The first datagram after the server's return must arrive: the error of an earlier one must not swallow it.
        server = Wire.NewPeer(V4, server.EndPoint.Port);
        byte[] first = tunnel.FromClient(200);
        tunnel.Client.Send(first, Wire.RelayFor(tunnel.Client));
        Assert.Equal(upstream, server.Expect(first));
        byte[] answer = tunnel.FromServer(300);
        server.Send(answer, upstream);
        tunnel.Client.Expect(answer);

        moved.AddUp(200);
        moved.AddDown(300);
        moved.AssertMoved(Wire, timing);
        IReadOnlyDictionary<string, long> counters = Engine.ReadCounters();
        long errors = timing.Sum(counter => counters[counter]);
        Assert.InRange(errors, Wire.ReportsErrors ? 1 : 0, Wire.ReportsErrors ? lost : 0);
    }
}
