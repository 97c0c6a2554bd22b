using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Routes;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>The address that a client sends to, or the route to the client, goes away and comes back. The server keeps sending;
/// the client says nothing meanwhile, so that nothing it says brings anything back.</summary>
public sealed class ReplyAddressTests : IDisposable
{
    private static readonly TimeSpan ForGood = TimeSpan.FromSeconds(30);

    private readonly Topology? _topology = Requirements.Missing is null ? new Topology() : null;
    private readonly LeapingClock _clock = new();
    private Host? _client;
    private string _prefix = "";

    private Topology Topology => _topology!;

    public void Dispose() => _topology?.Dispose();

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork, 1)]
    [InlineData(AddressFamily.InterNetwork, 5)]
    [InlineData(AddressFamily.InterNetworkV6, 1)]
    [InlineData(AddressFamily.InterNetworkV6, 5)]
    public void An_address_that_comes_back_is_used_at_once(AddressFamily family, int train)
    {
        using RelayRig rig = new(space: Topology.Relay, time: _clock);
        RigTunnel tunnel = Establish(rig, family);
        for (int round = 1; round <= 3; round++)
        {
            Address("del");
            int lost = SendDown(rig, tunnel, train).Length;
            rig.Await("fault.SendFailed", round * lost);
            tunnel.Client.ExpectNothing();
            Address("add");
            Assert.All(Down(rig, tunnel, train), arrival => Assert.Equal(tunnel.Relay, arrival.From));
        }

        Assert.Equal("fault.SendFailed", Assert.Single(rig.Faults()).Key);
    }

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork, 1)]
    [InlineData(AddressFamily.InterNetwork, 5)]
    [InlineData(AddressFamily.InterNetworkV6, 1)]
    [InlineData(AddressFamily.InterNetworkV6, 5)]
    public void One_that_stays_away_is_replaced_in_the_whole_batch_until_it_comes_back(AddressFamily family, int train)
    {
        using RelayRig rig = new(space: Topology.Relay, time: _clock);
        RigTunnel tunnel = Establish(rig, family);
        RigTunnel other = rig.Establish(
            rig.Own(new Peer(new IPEndPoint(_client!.Address(family), 0), space: _client.Space)), tunnel.Server, rig.At(_client.Relay(family)));
        Address("del");
        int lost = SendDown(rig, tunnel, train).Length;
        rig.Await("fault.SendFailed", lost);
        _clock.Leap(ForGood);
        for (int round = 1; round <= 3; round++)
        {
            Assert.All(Down(rig, tunnel, train), arrival => Assert.Equal(_client.Relay(family), arrival.From.Address));
            Assert.Equal((round, lost), (rig["fault.LocalAddressLost"], rig["fault.SendFailed"]));
        }

        // Trains are still welcome, and neighbours of other clients were not touched.
        other.Down(other.FromServer(100));
        Address("add");
        Assert.All(Down(rig, tunnel, train), arrival => Assert.Equal(tunnel.Relay, arrival.From));
        byte[][] long5 = [.. Enumerable.Range(0, 5).Select(_ => tunnel.FromServer(1200))];
        tunnel.Server.Send(long5, tunnel.Upstream);
        Assert.Single(tunnel.Client.Expect(long5).DistinctBy(arrival => arrival.Receive));

        // Away once more: that is another time, and its half a minute begins anew.
        Address("del");
        SendDown(rig, tunnel, train);
        rig.Await("fault.SendFailed", 2 * lost);
        Assert.Equal(3, rig["fault.LocalAddressLost"]);
        Assert.Equal(2, rig.Faults().Count);
    }

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void A_route_that_is_away_says_nothing_about_the_address(AddressFamily family)
    {
        bool isIPv6 = family == AddressFamily.InterNetworkV6;
        using RelayRig rig = new(space: Topology.Relay, time: _clock);
        RigTunnel near = Establish(rig, family);
        (string far, string whole) = isIPv6 ? ("fd98::2", "fd98::/64") : ("10.98.0.2", "10.98.0.0/24");
        string[] route = isIPv6 ? ["-6", "route"] : ["route"];
        string[] way = [whole, "via", $"{_client!.Address(family)}", "dev", _client.RelayLink];
        _client.Space.Ip(["addr", "add", $"{far}/{(isIPv6 ? 64 : 24)}", "dev", "lo", .. isIPv6 ? (string[])["nodad"] : []]);
        Topology.Relay.Ip([.. route, "add", .. way]);
        RigTunnel tunnel = rig.Establish(
            rig.Own(new Peer(new IPEndPoint(IPAddress.Parse(far), 0), space: _client.Space)), near.Server, near.Relay);
        Topology.Relay.Ip([.. route, "del", .. way]);
        int lost = SendDown(rig, tunnel, 1).Length;
        rig.Await("fault.SendFailed", lost);
        _clock.Leap(ForGood);
        SendDown(rig, tunnel, 1);
        rig.Await("fault.SendFailed", 2 * lost);
        Topology.Relay.Ip([.. route, "add", .. way]);
        Assert.All(Down(rig, tunnel, 1), arrival => Assert.Equal(tunnel.Relay, arrival.From));
        Assert.Equal("fault.SendFailed", Assert.Single(rig.Faults()).Key);
    }

    /// <summary>A tunnel of a client that sends to the relay's second address.</summary>
    private RigTunnel Establish(RelayRig rig, AddressFamily family)
    {
        bool isIPv6 = family == AddressFamily.InterNetworkV6;
        string address = isIPv6 ? "fd99::1" : "10.99.0.1";
        _prefix = $"{address}/{(isIPv6 ? 128 : 32)}";
        _client = Topology.Add("client");
        Host serverHost = Topology.Add("server");
        Address("add");
        _client.Space.Ip("route", "add", _prefix, "dev", Host.Link);
        Peer server = rig.Own(new Peer(new IPEndPoint(serverHost.Address(family), 0), space: serverHost.Space));
        Peer client = rig.Own(new Peer(new IPEndPoint(_client.Address(family), 0), space: _client.Space));
        rig.Route.Server = server.EndPoint;
        return rig.Establish(client, server, rig.At(IPAddress.Parse(address)));
    }

    private void Address(string change) => Topology.Relay.Ip(
        ["addr", change, _prefix, "dev", _client!.RelayLink, .. change is "add" && _prefix.Contains(':', StringComparison.Ordinal) ? (string[])["nodad"] : []]);

    // Longer each time: neighbours that cannot leave as one.
    private static byte[][] SendDown(RelayRig rig, RigTunnel tunnel, int train)
    {
        byte[][][] down = [.. ((int[])[500, 700, 900]).Select((length, i) =>
            Enumerable.Range(0, i == 1 ? 1 : train).Select(_ => tunnel.FromServer(length)).ToArray())];
        rig.Gather(() => Array.ForEach(down, run => tunnel.Server.Send(run, tunnel.Upstream)));
        return [.. down.SelectMany(run => run)];
    }

    private static Arrival[] Down(RelayRig rig, RigTunnel tunnel, int train) => tunnel.Client.Expect(SendDown(rig, tunnel, train));
}
