using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>Sockets that are connected, and connected anew, by the kernel's own rules. Alone: what stands between engine and kernel
/// is the whole process's.</summary>
[Collection(nameof(PathTests))]
[CollectionDefinition(nameof(PathTests), DisableParallelization = true)]
public sealed class PathTests : IDisposable
{
    private const string Link = "outward";

    private readonly LeapingClock _clock = new();

    public void Dispose()
    {
        StubbornKernel.Intrude([]);
        StubbornKernel.FailReceives(0, 0);
        StubbornKernel.RefuseWatches(0);
    }

    // The port is open to anybody between bind and connect: what a stranger sends there must not be taken for the server's.
    [Theory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_stranger_who_comes_while_a_mapping_opens_is_not_the_server(AddressFamily family)
    {
        SkipUnlessStubborn();
        using RelayRig rig = new();
        Peer server = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(family), 0)));
        Peer client = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(family), 0)));
        rig.Route.Server = server.EndPoint;
        StubbornKernel.Intrude(WireMessages.Response(0xBAD, 0xC0DE));
        byte[] initiation = WireMessages.Initiation(rig.Route.Mac1, 0xC0DE);
        client.Send(initiation, rig.At(Peer.Loopback(family)));
        IPEndPoint upstream = server.Expect(initiation)[0].From;
        Assert.Equal(1, StubbornKernel.Intruded);

        byte[] response = WireMessages.Response(0x5E41, 0xC0DE);
        server.Send(response, upstream);
        client.Expect(response);
        rig.Await("downlink.Forward", 1);
        Assert.Equal(0, rig["downlink.Unsolicited"]);
        client.ExpectNothing();
    }

    [Theory]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetworkV6)]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6)]
    public void A_stranger_who_comes_while_a_mapping_moves_is_not_the_server(AddressFamily before, AddressFamily after)
    {
        SkipUnlessStubborn();
        using RelayRig rig = new(time: _clock);
        RigTunnel tunnel = Establish(rig, before);
        Peer elsewhere = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(after), 0)));
        rig.Route.Publish([elsewhere.EndPoint]);
        tunnel.Up(tunnel.FromClient(100));
        _clock.Leap(TimeSpan.FromSeconds(11));
        byte[] stranger = tunnel.FromServer(77);
        byte[] follows = tunnel.FromClient(200);
        byte[] genuine = tunnel.FromServer(150);

        // What the server has sent meanwhile is still the server's.
        rig.Gather(() =>
        {
            StubbornKernel.Intrude(stranger);
            tunnel.Client.Send(follows, tunnel.Relay);
        });
        IPEndPoint upstream = elsewhere.Expect(follows)[0].From;
        Assert.Equal(tunnel.Upstream.Port, upstream.Port);
        Assert.InRange(StubbornKernel.Intruded, 1, 3);
        elsewhere.Send(genuine, upstream);
        tunnel.Client.Expect(genuine);
        tunnel.Client.ExpectNothing();
        Assert.Equal(1, rig["event.Redirected"]);
    }

    // It would be taken for the answer of the address that the mapping is sent to, and show newcomers the way there.
    [Fact]
    public void What_has_arrived_before_a_mapping_is_sent_elsewhere_is_no_answer_from_there()
    {
        using RelayRig rig = new(time: _clock);
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetwork);
        Peer elsewhere = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Publish([elsewhere.EndPoint]);
        tunnel.Up(tunnel.FromClient(100));
        _clock.Leap(TimeSpan.FromSeconds(11));
        byte[] follows = tunnel.FromClient(200);
        byte[] late = tunnel.FromServer(150);
        rig.Gather(() =>
        {
            // Data of clients is read first, and moves the mapping.
            tunnel.Client.Send(follows, tunnel.Relay);
            tunnel.Server.Send(late, tunnel.Upstream);
        });
        IPEndPoint upstream = elsewhere.Expect(follows)[0].From;
        byte[] genuine = tunnel.FromServer(170);
        elsewhere.Send(genuine, upstream);
        tunnel.Client.Expect(genuine);
        tunnel.Client.ExpectNothing();
        Assert.Equal(1, rig["event.Redirected"]);
    }

    // Whoever forges a client's address can make it look unanswered.
    [Fact]
    public void Signs_that_mean_nothing_cost_nothing_but_a_look_each_second()
    {
        SkipUnlessStubborn();
        using RelayRig rig = new(new LinuxEngineSettings { Workers = 1, WatchesPaths = false }, time: _clock);
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetwork);
        tunnel.Up(tunnel.FromClient(100));
        _clock.Leap(TimeSpan.FromSeconds(11));
        int before = StubbornKernel.Disconnected;
        for (int i = 1; i <= 20; i++)
        {
            tunnel.Up(tunnel.FromClient(100));
            rig.Await("event.Unanswered", i);
            _clock.Leap(TimeSpan.FromSeconds(5));
        }

        // The last sign is counted before its look. What comes through now comes behind its end.
        tunnel.Down(tunnel.FromServer(100));
        Assert.InRange(StubbornKernel.Disconnected - before, 1, 20);
        Assert.Equal(0, rig["event.Rerouted"]);
    }

    [NetnsFact]
    public void Addresses_and_routes_that_change_all_the_time_cost_a_bounded_number_of_looks()
    {
        SkipUnlessStubborn();
        using Namespace space = new();
        using RelayRig rig = new(space: space);
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: space));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: space));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.Loopback));
        string batch = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(batch, Enumerable.Range(0, 4_000).Select(i => $"addr {(i % 2 == 0 ? "add" : "del")} 127.1.2.3/32 dev lo"));
            int before = StubbornKernel.Disconnected;
            long start = TimeProvider.System.GetTimestamp();
            space.Ip("-batch", batch);
            rig.Await(() => StubbornKernel.Disconnected > before ? 1 : 0, 1, "a look");
            int looks = StubbornKernel.Disconnected - before;
            TimeSpan taken = TimeProvider.System.GetElapsedTime(start);
            TestContext.Current.TestOutputHelper?.WriteLine($"4,000 changes in {taken.TotalSeconds:0.00} s: {looks} looks");
            Assert.InRange(looks, 1, 2 + (int)(taken.TotalMilliseconds / 100));
        }
        finally
        {
            File.Delete(batch);
        }

        tunnel.Up(tunnel.FromClient(100));
        tunnel.Down(tunnel.FromServer(100));
        Assert.Equal(0, rig["event.Rerouted"]);
    }

    // The kernel tells; or nobody does, and the client goes unanswered.
    [NetnsTheory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void A_mapping_goes_on_by_its_port_when_its_own_address_is_replaced(bool isIPv4, bool watches)
    {
        using Namespace space = new();
        using Namespace beyond = new();
        (string first, string second, string far) = isIPv4
            ? ("10.7.0.1/24", "10.7.0.77/24", "10.7.0.2/24")
            : ("fd07::1/64", "fd07::77/64", "fd07::2/64");
        Command.Run("ip", "link", "add", Link, "netns", space.Name, "type", "veth", "peer", "name", Link, "netns", beyond.Name);
        Address(space, "add", first);
        Address(beyond, "add", far);
        space.Ip("link", "set", Link, "up");
        beyond.Ip("link", "set", Link, "up");
        using RelayRig rig = new(new LinuxEngineSettings { Workers = 1, WatchesPaths = watches }, space, time: _clock);
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Parse(far.Split('/')[0]), 0), space: beyond));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: space));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.Loopback));
        Assert.Equal(first.Split('/')[0], tunnel.Upstream.Address.ToString());

        Address(space, "del", first);
        Address(space, "add", second);
        if (!watches)
        {
            client.Send(tunnel.FromClient(50), tunnel.Relay);
            rig.Await("uplink.Forward", 2);
            _clock.Leap(TimeSpan.FromSeconds(11));
            client.Send(tunnel.FromClient(60), tunnel.Relay);
        }

        rig.Await("event.Rerouted", 1);
        byte[] data = tunnel.FromClient(100);
        client.Send(data, tunnel.Relay);
        Arrival arrival = server.Receive();
        while (!arrival.Bytes.SequenceEqual(data))
        {
            // What came before, by the address that is gone or by the new one.
            arrival = server.Receive();
        }

        IPEndPoint upstream = arrival.From;
        Assert.Equal(second.Split('/')[0], upstream.Address.ToString());
        Assert.Equal(tunnel.Upstream.Port, upstream.Port);
        byte[] answer = tunnel.FromServer(100);
        server.Send(answer, upstream);
        client.Expect(answer);
    }

    // Rules and ECMP that look at ports answer the probe, which has another, otherwise than the mapping's own socket.
    [NetnsFact]
    public void A_path_that_goes_by_the_port_is_tried_once_and_again_when_a_client_goes_unanswered()
    {
        SkipUnlessStubborn();
        const int changes = 5;
        using Namespace space = new();
        using Namespace beyond = new();
        Command.Run("ip", "link", "add", Link, "netns", space.Name, "type", "veth", "peer", "name", Link, "netns", beyond.Name);
        Address(space, "add", "10.7.0.1/24");
        Address(space, "add", "10.7.0.77/24");
        Address(beyond, "add", "10.7.0.2/24");
        space.Ip("link", "set", Link, "up");
        beyond.Ip("link", "set", Link, "up");
        using RelayRig rig = new(space: space, time: _clock);
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Parse("10.7.0.2"), 0), space: beyond));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0), space: space));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.Loopback));
        space.Ip("route", "add", "10.7.0.0/24", "dev", Link, "src", "10.7.0.1", "table", "100");
        space.Ip("rule", "add", "ipproto", "udp", "sport", $"{tunnel.Upstream.Port}", "lookup", "100");
        int before = StubbornKernel.Filtered;
        space.Ip("route", "replace", "10.7.0.0/24", "dev", Link, "src", "10.7.0.77");
        rig.Await(() => StubbornKernel.Filtered - before, 1, "tried");

        // The filter is only the beginning of a reconnect. What comes through now comes behind its end.
        tunnel.Up(tunnel.FromClient(100));
        for (int i = 0; i < changes; i++)
        {
            int looks = StubbornKernel.Disconnected;
            space.Ip("addr", i % 2 == 0 ? "add" : "del", "127.1.2.3/32", "dev", "lo");
            rig.Await(() => StubbornKernel.Disconnected > looks ? 1 : 0, 1, "a look");
            tunnel.Up(tunnel.FromClient(100));
        }

        Assert.Equal((1, 0), (StubbornKernel.Filtered - before, rig["event.Rerouted"]));
        Assert.Equal(tunnel.Upstream, tunnel.Up(tunnel.FromClient(110))[0].From);

        // The probe is answered as before, but not the mapping.
        space.Ip("rule", "del", "ipproto", "udp", "sport", $"{tunnel.Upstream.Port}", "lookup", "100");
        tunnel.Client.Send(tunnel.FromClient(50), tunnel.Relay);
        _clock.Leap(TimeSpan.FromSeconds(11));
        tunnel.Client.Send(tunnel.FromClient(60), tunnel.Relay);
        rig.Await("event.Rerouted", 1);
    }

    private static void Address(Namespace space, string what, string address) => space.Ip(
        ["addr", what, address, "dev", Link, .. what is "add" && address.Contains(':', StringComparison.Ordinal) ? (string[])["nodad"] : []]);

    // Memory was short when it should have been watched again.
    [Fact]
    public void A_paused_socket_is_not_deaf_for_good()
    {
        SkipUnlessStubborn();
        using RelayRig rig = new();
        RigTunnel tunnel = rig.Establish();
        StubbornKernel.FailReceives(tunnel.Upstream.Port, 16);
        StubbornKernel.RefuseWatches(3);
        tunnel.Down(tunnel.FromServer(100));
        Assert.Equal((0, 0, 16), (StubbornKernel.Failing, StubbornKernel.RefusingWatches, rig["fault.ReceiveFailed"]));

        StubbornKernel.FailReceives(tunnel.Relay.Port, 16);
        StubbornKernel.RefuseWatches(3);
        tunnel.Up(tunnel.FromClient(100));
        Assert.Equal((0, 0, 32), (StubbornKernel.Failing, StubbornKernel.RefusingWatches, rig["fault.ReceiveFailed"]));
    }

    private static RigTunnel Establish(RelayRig rig, AddressFamily family)
    {
        Peer server = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(family), 0)));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        return rig.Establish(client, server, rig.At(IPAddress.Loopback));
    }

    private static void SkipUnlessStubborn() => Assert.SkipUnless(StubbornKernel.Missing.Length == 0, StubbornKernel.Missing);
}
