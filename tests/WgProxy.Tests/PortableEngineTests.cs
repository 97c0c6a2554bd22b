using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;
using WgProxy.Portable;

namespace WgProxy.Tests;

/// <summary>The contract on the sockets of .NET, and what is this engine's own.</summary>
public sealed class PortableEngineTests : EngineContract
{
    [Fact]
    public void Both_families_listen_on_one_port()
    {
        Start();
        Assert.Equal([IPAddress.IPv6Any, IPAddress.Any], Engine.Listening.Select(listen => listen.Address));
        Assert.Single(Engine.Listening.Select(listen => listen.Port).Distinct());
    }

    [Fact]
    public void A_receive_buffer_smaller_than_asked_for_is_said()
    {
        Assert.Empty(PortableEngineSockets.Shortfalls(ListenPlan.Buffer));
        Assert.Contains("212992", Assert.Single(PortableEngineSockets.Shortfalls(212_992)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_in_use_is_refused_in_words()
    {
        using SocketPeer holder = new(V4, 0);
        using PortableEngine engine = NewEngine(new IPEndPoint(IPAddress.IPv6Any, holder.EndPoint.Port));
        EngineException refusal = Assert.Throws<EngineException>(engine.Start);
        Assert.Equal(
            $"cannot listen on 0.0.0.0:{holder.EndPoint.Port}: another program uses this UDP port", refusal.Message);
        Assert.Empty(engine.Listening);
    }

    [Fact]
    public void An_address_of_another_machine_is_refused_in_words()
    {
        using PortableEngine engine = NewEngine(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 0));
        EngineException refusal = Assert.Throws<EngineException>(engine.Start);
        Assert.Equal("cannot listen on 192.0.2.1:0: this machine does not have the address", refusal.Message);
    }

    [Fact]
    public void A_port_is_free_after_a_stop()
    {
        Start();
        IPEndPoint listened = new(IPAddress.IPv6Any, Engine.Listening[0].Port);
        Engine.Stop();
        using PortableEngine next = NewEngine(listened);
        next.Start();
        Assert.Equal(listened, next.Listening[0]);
    }

    [Fact]
    public void Addresses_that_come_one_by_one_have_no_more_buffers_for_strangers_than_all_at_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lets sockets share a port");
        AssertStrangersShareWhereAddressesComeOneByOne(receiving: 2);
    }

    [Fact]
    public void A_port_of_somebody_else_is_passed_over()
    {
        using SocketPeer holder = new(V4, 0);
        using Socket taken = new(V4, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Any, 0));
        ushort free = FreePort();
        Start(ports: [(ushort)holder.EndPoint.Port, (ushort)((IPEndPoint)taken.LocalEndPoint!).Port, free]);
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        Assert.Equal(free, tunnel.Upstream.Port);
        EngineContractCounts.Tunnel().AssertMoved(Wire);
    }

    [Fact]
    public void What_is_sent_to_a_group_is_not_seen_and_what_is_sent_by_broadcast_is_served_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "loopback has other broadcast addresses here");
        Start();
        EngineContractPeer server = NewServer();
        using Socket stranger = new(V4, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        stranger.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        stranger.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.Loopback.GetAddressBytes());
        int port = Engine.Listening[0].Port;
        byte[] initiation = WireMessages.Initiation(Route.Mac1, 2);
        stranger.SendTo(WireMessages.Initiation(Route.Mac1, 1), IPEndPoint.Parse($"224.0.0.1:{port}"));
        stranger.SendTo(initiation, IPEndPoint.Parse($"127.255.255.255:{port}"));
        IPEndPoint upstream = server.Expect(initiation);
        byte[] response = WireMessages.Response(3, 2);
        server.Send(response, upstream);
        Assert.Equal(response.Length, stranger.Receive(new byte[2_000]));
        Assert.InRange(response.Length, 0, initiation.Length);
        new EngineContractCounts
        {
            EngineContractCounts.Asked(),
            { "mappings.Asked", -1 },
            { "mappings.Answered", 1 },
            { "downlink.Forward", 1 },
            { "bytes.Downlink", response.Length },
            { "event.Answered", 1 },
        }.AssertMoved(Wire);
        Assert.Equal(0, stranger.Available);
        server.ExpectNothing();
    }

    [Fact]
    public void A_server_that_cannot_be_reached_uses_no_ports_up()
    {
        // The system does not connect a socket to the broadcast address.
        ushort port = FreePort();
        Start(ports: [port]);
        Route.Server = new IPEndPoint(IPAddress.Broadcast, 9);
        EngineContractPeer client = Wire.NewPeer(V4);
        EngineContractCounts moved = [];
        for (uint i = 0; i < 5; i++)
        {
            client.Send(WireMessages.Initiation(Route.Mac1, i), Wire.RelayFor(client));
            moved.Add("uplink.Open", 1);
            moved.Add("bytes.Uplink", WireMessages.InitiationLength);
            moved.Add("event.OpenFailed", 1);
        }

        moved.AssertMoved(Wire);
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        Assert.Equal(port, tunnel.Upstream.Port);
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void What_the_kernel_does_not_take_is_counted()
    {
        // 65,527 bytes fit in IPv6 and not in IPv4.
        const int large = 65_527;
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer(V4), V6).Establish();
        tunnel.Client.Send(tunnel.FromClient(large), Wire.RelayFor(tunnel.Client));
        tunnel.Up();
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "uplink.Forward", 2 },
            { "bytes.Uplink", large + WireMessages.KeepaliveLength },
            { "fault.SendFailed", 1 },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void What_the_kernel_does_not_take_back_is_counted()
    {
        const int large = 65_527;
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer(V6), V4).Establish();
        tunnel.Server.Send(tunnel.FromServer(large), tunnel.Upstream);
        tunnel.Down();
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "downlink.Forward", 2 },
            { "bytes.Downlink", large + WireMessages.KeepaliveLength },
            { "fault.SendFailed", 1 },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void A_send_that_reports_an_earlier_error_is_repeated()
    {
        SocketPeer server = new(V4, 0);
        Assert.True(Door.TryConnect(server.EndPoint, default, out Socket? socket, out _));
        using Socket owned = socket;
        server.Close();
        byte[] datagram = WireMessages.Transport(1);
        Assert.Null(PortableEngineSockets.Send(socket, datagram));
        Assert.True(socket.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectError), "no ICMP error came");

        using SocketPeer back = new(V4, server.EndPoint.Port);
        Assert.Equal(EngineFault.SendRetried, PortableEngineSockets.Send(socket, datagram));
        back.Expect(datagram);
        Assert.Null(PortableEngineSockets.Send(socket, datagram));
        back.Expect(datagram);
        Assert.Equal(EngineFault.SendFailed, PortableEngineSockets.Send(socket, new byte[65_508]));
    }

    [Fact]
    public void Sockets_are_deaf_to_forged_ICMP()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "IP_MTU_DISCOVER is Linux's");
        using SocketPeer server4 = new(V4, 0);
        using SocketPeer server6 = new(V6, 0);
        Socket[] sockets =
        [
            .. PortableEngineSockets.Listen([new IPEndPoint(IPAddress.IPv6Any, 0)], hasIPv4: true, hasIPv6: true, mayShare: true).SelectMany(group => group.All),
            Connected(server4),
            Connected(server6),
        ];
        foreach (Socket socket in sockets)
        {
            bool isIPv4 = socket.AddressFamily == V4;
            byte[] value = new byte[sizeof(int)];
            socket.GetRawSocketOption(isIPv4 ? 0 : 41, isIPv4 ? 10 : 23, value);
            Assert.Equal(isIPv4 ? 5 : 0, BitConverter.ToInt32(value));
            Assert.True(isIPv4 || !socket.DualMode);
            socket.Dispose();
        }
    }

    private protected override EngineContractWire NewWire(EngineSettings settings) => new SocketWire(clock => new PortableEngine(settings, clock));

    private protected override ushort FreePort() => SocketPeer.FreePort();

    private static Socket Connected(SocketPeer server) =>
        Door.TryConnect(server.EndPoint, default, out Socket? socket, out _) ? socket : throw new InvalidOperationException("not connected");

    private static PortableEngineDoor Door { get; } = new(new UpstreamBinding());

    private PortableEngine NewEngine(IPEndPoint listen) => new(new EngineSettings { Listen = [listen], Routes = [Route], Seeds = new() });
}
