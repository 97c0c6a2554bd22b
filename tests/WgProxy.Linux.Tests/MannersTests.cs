using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Routes;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>What a middle box owes the network: marks, addresses, ports.</summary>
public sealed partial class MannersTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetworkV6)]
    public void Congestion_marks_cross(AddressFamily clientFamily, AddressFamily serverFamily)
    {
        using RelayRig rig = new();
        Peer server = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(serverFamily), 0)));
        Peer client = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(clientFamily), 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(Peer.Loopback(clientFamily)));
        byte[] marks = [1, 1, 0, 2, 3, 3, 3, 0];
        byte[][] up = [.. marks.Select(_ => tunnel.FromClient(100))];
        byte[][] down = [.. marks.Select(_ => tunnel.FromServer(100))];
        rig.Gather(() =>
        {
            for (int i = 0; i < marks.Length; i++)
            {
                client.Send(up[i], tunnel.Relay, marks[i]);
                server.Send(down[i], tunnel.Upstream, marks[i]);
            }
        });
        Assert.Equal(marks, client.Expect(down).Select(arrival => arrival.Ecn));

        // Up, a socket of its own brings what is marked: in order, but beside what is not.
        Arrival[] arrivals = [.. marks.Select(_ => server.Receive())];
        foreach (bool marked in (bool[])[true, false])
        {
            int[] sent = [.. Enumerable.Range(0, marks.Length).Where(i => marks[i] != 0 == marked)];
            Arrival[] came = [.. arrivals.Where(arrival => arrival.Ecn != 0 == marked)];
            Assert.Equal(sent.Select(i => marks[i]), came.Select(arrival => arrival.Ecn));
            Assert.Equal(sent.Select(i => up[i]), came.Select(arrival => arrival.Bytes));
        }

        byte[][] train = [.. Enumerable.Range(0, 5).Select(_ => tunnel.FromClient(100))];
        client.Send(train, tunnel.Relay, ecn: 3);
        Assert.All(server.Expect(train), arrival => Assert.Equal(3, arrival.Ecn));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_full_socket_loses_is_counted(bool uplink)
    {
        const int flood = 60_000;
        using RelayRig rig = new();
        RigTunnel tunnel = rig.Establish();
        (Peer from, IPEndPoint relay) = uplink ? (tunnel.Client, tunnel.Relay) : (tunnel.Server, tunnel.Upstream);
        byte[] datagram = uplink ? tunnel.FromClient(100) : tunnel.FromServer(100);
        string forwarded = uplink ? "uplink.Forward" : "downlink.Forward";
        long before = rig[forwarded];
        rig.Gather(() =>
        {
            for (int i = 0; i < flood; i++)
            {
                from.Send(datagram, relay);
            }
        });

        // With a server's datagram the kernel tells what was lost before it: so more of them, until there is room for one.
        int sent = flood;
        rig.Await(
            () =>
            {
                from.Send(datagram, relay);
                sent++;
                return Math.Min(rig["fault.ReceiveOverflowed"], 1);
            },
            1,
            "lost");
        rig.Await(() => rig[forwarded] - before + rig["fault.ReceiveOverflowed"], sent, "forwarded and lost");
        Assert.InRange(rig["fault.ReceiveOverflowed"], 1, sent - 1);
    }

    [Fact]
    public void A_reply_comes_from_the_address_that_was_asked()
    {
        using RelayRig rig = new();
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        foreach (string address in (string[])["127.0.0.2", "127.0.0.3", "127.9.9.9"])
        {
            // The rig's own handshake asserts where each answer comes from.
            Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
            RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.Parse(address)));
            byte[][] down = [.. Enumerable.Range(0, 3).Select(_ => tunnel.FromServer(200))];
            server.Send(down, tunnel.Upstream);
            Assert.All(client.Expect(down), arrival => Assert.Equal(tunnel.Relay, arrival.From));
        }
    }

    [Fact]
    public void A_client_is_answered_from_its_address_while_the_home_address_moves()
    {
        LeapingClock clock = new();
        using RelayRig rig = new(time: clock);
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel[] tunnels = [.. ((string[])["127.0.0.2", "127.0.0.3"]).Select(address => rig.Establish(
            rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0))), server, rig.At(IPAddress.Parse(address))))];
        foreach (RigTunnel busy in (RigTunnel[])[tunnels[1], tunnels[0], tunnels[1]])
        {
            for (int step = 0; step < 4; step++)
            {
                clock.Leap(TimeSpan.FromSeconds(6));
                for (int i = 0; i < 100; i++)
                {
                    busy.Up(busy.FromClient(100 + i));
                }
            }

            foreach (RigTunnel tunnel in tunnels)
            {
                tunnel.Up(tunnel.FromClient(300));
                Assert.Equal(tunnel.Relay, tunnel.Down(tunnel.FromServer(300))[0].From);
            }
        }

        // Nobody was taken for somebody else.
        Assert.Equal((2, 0), (rig["event.Opened"], rig["event.Claimed"]));
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void A_client_on_two_addresses_of_the_relay_has_two_mappings()
    {
        using RelayRig rig = new();
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel one = rig.Establish(client, server, rig.At(IPAddress.Parse("127.0.0.2")));
        RigTunnel two = rig.Establish(client, server, rig.At(IPAddress.Parse("127.0.0.3")));
        Assert.NotEqual(one.Upstream, two.Upstream);
        Assert.Equal(one.Relay, one.Down(one.FromServer(64))[0].From);
        Assert.Equal(two.Relay, two.Down(two.FromServer(64))[0].From);
    }

    [Fact]
    public void A_loud_server_does_not_hold_up_a_quiet_one()
    {
        const int loud = 1_000;
        using RelayRig rig = new();
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        RigTunnel[] tunnels = [.. Enumerable.Range(2, 2).Select(last =>
        {
            Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
            rig.Route.Server = server.EndPoint;
            return rig.Establish(client, server, rig.At(IPAddress.Parse($"127.0.0.{last}")));
        })];
        byte[] quiet = tunnels[1].FromServer(333);
        rig.Gather(() =>
        {
            for (int i = 0; i < loud; i++)
            {
                tunnels[0].Server.Send(tunnels[0].FromServer(100), tunnels[0].Upstream);
            }

            tunnels[1].Server.Send(quiet, tunnels[1].Upstream);
        });
        int before = 0;
        while (!client.Receive().Bytes.AsSpan().SequenceEqual(quiet))
        {
            before++;
        }

        Assert.InRange(before, 0, 2 * ReceiveBatch.Capacity);
        rig.Await("downlink.Forward", loud + 1 + (2 * 2));
    }

    [NetnsFact]
    public void A_client_on_a_link_of_its_own_keeps_its_scope()
    {
        using Topology topology = new();
        using RelayRig rig = new(space: topology.Relay);
        Host first = topology.Add("first");
        Host second = topology.Add("second");
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: topology.Relay));
        rig.Route.Server = server.EndPoint;
        foreach (Host host in (Host[])[first, second])
        {
            // The same addresses on both links: only the scope tells them apart.
            host.Space.Ip("addr", "add", "fe80::77/64", "dev", Host.Link, "nodad");
            topology.Relay.Ip("addr", "add", "fe80::66/64", "dev", host.RelayLink, "nodad");
            IPAddress here = host.Space.Run(() => IPAddress.Parse($"fe80::77%{Host.Link}"));
            IPAddress relay = new(IPAddress.Parse("fe80::66").GetAddressBytes(), here.ScopeId);
            Peer client = rig.Own(new Peer(new IPEndPoint(here, 7777), space: host.Space));
            RigTunnel tunnel = rig.Establish(client, server, new IPEndPoint(relay, rig.At(IPAddress.IPv6Loopback).Port));
            byte[][] down = [.. Enumerable.Range(0, 3).Select(_ => tunnel.FromServer(200))];
            server.Send(down, tunnel.Upstream);
            client.Expect(down);
        }

        Assert.Equal(2, rig["uplink.Open"]);
        Assert.Empty(rig.Faults());
    }

    [NetnsFact]
    public void An_IP_version_that_the_host_has_after_the_start_only_is_served()
    {
        using Namespace space = new();
        space.WriteSysctl("net/ipv6/conf/all/disable_ipv6", "1");
        using RelayRig rig = new(space: space);
        space.WriteSysctl("net/ipv6/conf/all/disable_ipv6", "0");
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: space));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.IPv6Loopback, 0), space: space));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.IPv6Loopback));
        tunnel.Down(tunnel.FromServer(100));
        Assert.Empty(rig.Faults());
    }

    [Theory]
    [InlineData("5.11.22-generic", false, false)]
    [InlineData("5.12", true, false)]
    [InlineData("6.18.44-fc-v669", true, false)]
    [InlineData("7.0.0", true, true)]
    [InlineData("7.0-rc1", true, true)]
    [InlineData("7.1.4+deb14", true, true)]
    [InlineData("7.1.5", true, false)]
    [InlineData("10.0", true, false)]
    [InlineData("none", false, false)]
    public void Kernels_with_faults_that_trying_does_not_show_are_known(string release, bool coalesces, bool corrupts)
    {
        KernelVersion kernel = KernelVersion.Parse(release);
        Assert.Equal((coalesces, corrupts), (kernel.CanCoalesce, kernel.CorruptsEvenTrains));
    }

    [Fact]
    public void What_the_kernel_says_is_read_with_its_own_widths()
    {
        Span<byte> buffer = stackalloc byte[256];
        unsafe
        {
            fixed (byte* start = buffer)
            {
                ControlWriter writer = new((nint)start, buffer.Length);
                writer.Add(17, 104, 1452);
                writer.Add(0, 1, (byte)0xFF);
                writer.Add(1, 40, 7u);
                writer.Add(0, 8, (1, 0x0100007F, 0x0200007F));
                Received received = Received.From((nint)start, writer.Length);
                Assert.Equal((1452, 3, 7u), (received.Stride, received.Ecn, received.Overflowed));
                Assert.Equal([127, 0, 0, 1], received.Local.ToArray());

                // A message that claims more than there is, or less than a header, ends it.
                start[0] = 0xFF;
                Assert.Equal(0, Received.From((nint)start, writer.Length).Stride);
                start[0] = 3;
                Assert.Equal(0, Received.From((nint)start, writer.Length).Stride);
            }
        }
    }
}
