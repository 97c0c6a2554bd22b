using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Routes;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>Each rung of what the kernel may answer, forced on real links: nothing is lost that could be sent, nothing
/// ends, and each refusal is counted once.</summary>
public sealed class ErrorLadderTests : IDisposable
{
    private readonly Topology? _topology = Requirements.Missing is null ? new Topology() : null;

    private Topology Topology => _topology!;

    public void Dispose() => _topology?.Dispose();

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Segments_larger_than_the_link_leave_one_by_one_and_smaller_ones_together(AddressFamily family)
    {
        using RelayRig rig = NewRig();
        RigTunnel tunnel = Establish(rig, family, serverMtu: 1300);
        byte[][] large = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromClient(1452))];
        tunnel.Client.Send(large, tunnel.Relay);
        tunnel.Server.Expect(large);
        Assert.Equal(new Dictionary<string, long>(StringComparer.Ordinal) { ["fault.StrideLowered"] = 1 }, rig.Faults());

        tunnel.Client.Send(large, tunnel.Relay);
        tunnel.Server.Expect(large);
        byte[][] small = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromClient(1200))];
        tunnel.Client.Send(small, tunnel.Relay);
        Assert.Single(tunnel.Server.Expect(small).DistinctBy(arrival => arrival.Receive));
        Assert.Equal(1, rig["fault.StrideLowered"]);
        Assert.Single(rig.Faults());
    }

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Downlink_segments_larger_than_the_link_leave_one_by_one(AddressFamily family)
    {
        using RelayRig rig = NewRig();
        RigTunnel tunnel = Establish(rig, family, clientMtu: 1300);
        byte[][] large = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromServer(1452))];
        byte[][] small = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromServer(1200))];
        tunnel.Server.Send(large, tunnel.Upstream);
        tunnel.Client.Expect(large);
        tunnel.Server.Send(small, tunnel.Upstream);
        Assert.Single(tunnel.Client.Expect(small).DistinctBy(arrival => arrival.Receive));
        Assert.Equal(new Dictionary<string, long>(StringComparer.Ordinal) { ["fault.StrideLowered"] = 1 }, rig.Faults());
    }

    [NetnsFact]
    public void A_device_without_checksums_and_segmentation_gets_every_datagram()
    {
        // Before Linux 6.11 such a device answers EIO; since then the kernel helps out. Either way all must arrive.
        using RelayRig rig = NewRig();
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetwork);
        foreach (string link in (string[])["edge1", "edge2"])
        {
            Command.Run("ip", "netns", "exec", Topology.Relay.Name, "ethtool", "-K", link, "tx", "off", "sg", "off", "gso", "off");
        }

        byte[][] up = [.. Enumerable.Range(0, 44).Select(_ => tunnel.FromClient(1452))];
        byte[][] down = [.. Enumerable.Range(0, 44).Select(_ => tunnel.FromServer(1452))];
        for (int round = 0; round < 3; round++)
        {
            tunnel.Client.Send(up, tunnel.Relay);
            tunnel.Server.Expect(up);
            tunnel.Server.Send(down, tunnel.Upstream);
            tunnel.Client.Expect(down);
        }

        Assert.Equal(0, rig["fault.SendFailed"]);
    }

    [NetnsFact]
    public void A_full_buffer_loses_datagrams_and_nothing_else()
    {
        using RelayRig rig = NewRig();
        RigTunnel slow = Establish(rig, AddressFamily.InterNetwork);
        Peer otherServer = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: Topology.Relay));
        Tc("qdisc", "add", "dev", "edge2", "root", "tbf", "rate", "8kbit", "burst", "3000", "limit", "100000000");
        byte[][] train = [.. Enumerable.Range(0, 40).Select(_ => slow.FromClient(1400))];
        long sent = 0;
        while (rig["fault.SendFailed"] == 0)
        {
            Assert.True(sent < 10_000, "the buffer never filled");
            slow.Client.Send(train, slow.Relay);
            sent += train.Length;
        }

        rig.Await("uplink.Forward", sent + 1);
        Assert.Single(rig.Faults());

        // Another client of the same worker is not held up.
        rig.Route.Server = otherServer.EndPoint;
        Peer other = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: Topology.Relay));
        rig.Establish(other, otherServer, rig.At(IPAddress.Loopback));

        Tc("qdisc", "del", "dev", "edge2", "root");
        long failed = rig["fault.SendFailed"];
        byte[] last = slow.FromClient(77);
        slow.Client.Send(last, slow.Relay);
        Arrival arrival;
        do
        {
            arrival = slow.Server.Receive();
        }
        while (!arrival.Bytes.AsSpan().SequenceEqual(last));
        Assert.Equal(failed, rig["fault.SendFailed"]);
    }

    [NetnsFact]
    public void A_forged_ICMP_message_leaves_an_IPv4_path_alone()
    {
        using RelayRig rig = NewRig();
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetwork);
        long before = Topology.Relay.Snmp("IpFragCreates");
        for (int round = 0; round < 3; round++)
        {
            ForgedIcmp.TooBig(_server!.Space, tunnel.Server.EndPoint, tunnel.Upstream, mtu: 600);
            byte[][] up = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromClient(1400))];
            tunnel.Client.Send(up, tunnel.Relay);
            Assert.Single(tunnel.Server.Expect(up).DistinctBy(arrival => arrival.Receive));
        }

        Assert.Equal(before, Topology.Relay.Snmp("IpFragCreates"));
        Assert.Equal(0, rig["fault.StrideLowered"] + rig["fault.OffloadWithdrawn"] + rig["fault.SendFailed"]);

        // What was forged is what such a message looks like: a socket with the kernel's own manners believes it.
        using Socket credulous = Topology.Relay.Udp(IPAddress.Any);
        credulous.Connect(tunnel.Server.EndPoint);
        credulous.Send(WireMessages.Transport(1, 100));
        ForgedIcmp.TooBig(_server!.Space, tunnel.Server.EndPoint, (IPEndPoint)credulous.LocalEndPoint!, mtu: 600);
        Assert.True(SpinWait.SpinUntil(() => PathMtu(credulous) == 600, TimeSpan.FromSeconds(10)));
    }

    [NetnsFact]
    public void A_forged_ICMP_message_makes_fragments_on_an_IPv6_path_and_loses_nothing()
    {
        // Routers do not fragment IPv6, so this host must believe what they say; but never less than 1,280 bytes.
        using RelayRig rig = NewRig();
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetworkV6);
        for (int round = 0; round < 3; round++)
        {
            ForgedIcmp.TooBig(_server!.Space, tunnel.Server.EndPoint, tunnel.Upstream, mtu: 600);
            ForgedIcmp.TooBig(_server!.Space, tunnel.Server.EndPoint, tunnel.Upstream, mtu: 1280);
            byte[][] up = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromClient(1400))];
            byte[][] small = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromClient(1200))];
            tunnel.Client.Send(up, tunnel.Relay);
            tunnel.Client.Send(small, tunnel.Relay);
            tunnel.Server.Expect(up);
            Assert.Single(tunnel.Server.Expect(small).DistinctBy(arrival => arrival.Receive));
        }

        Assert.Equal(0, rig["fault.OffloadWithdrawn"] + rig["fault.SendFailed"]);
    }

    private static int PathMtu(Socket socket)
    {
        byte[] value = new byte[4];
        socket.GetRawSocketOption(0, 14, value); // IP_MTU
        return BitConverter.ToInt32(value);
    }

    private Host? _client;
    private Host? _server;

    private RelayRig NewRig() => new(space: Topology.Relay);

    private RigTunnel Establish(RelayRig rig, AddressFamily family, int clientMtu = 1500, int serverMtu = 1500)
    {
        _client = Topology.Add("client", clientMtu);
        _server = Topology.Add("server", serverMtu);
        Peer server = rig.Own(new Peer(new IPEndPoint(_server.Address(family), 0), space: _server.Space));
        Peer client = rig.Own(new Peer(new IPEndPoint(_client.Address(family), 0), space: _client.Space));
        rig.Route.Server = server.EndPoint;
        return rig.Establish(client, server, rig.At(_client.Relay(family)));
    }

    private void Tc(params string[] arguments) =>
        Command.Run("ip", ["netns", "exec", Topology.Relay.Name, "tc", .. arguments]);
}
