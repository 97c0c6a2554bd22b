using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>
/// A server behind a name whose addresses change: outages, from the relay's own question on and in all. The control is plain
/// WireGuard to the same server, told by hand; by itself it never asks for the name again.
/// </summary>
public sealed class MovedServerTests
{
    private const AddressFamily V4 = AddressFamily.InterNetwork;
    private const AddressFamily V6 = AddressFamily.InterNetworkV6;

    // From the answer to the relay's own question; and the question leaves so long after the server has fallen silent.
    private static readonly TimeSpan FromAnswer = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ToQuestion = TimeSpan.FromSeconds(15);

    // What a loaded machine may add to either.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [NetnsTheory]
    [InlineData(V4, V4)]
    [InlineData(V6, V6)]
    [InlineData(V6, V4)]
    [InlineData(V4, V6)]
    public async Task A_tunnel_follows_its_server_to_another_address(AddressFamily before, AddressFamily after)
    {
        using NamedServer stage = await NamedServer.StartAsync(before);
        using ProbeStream stream = await stage.ConnectAsync();
        int port = stage.Server.Peer(stage.Client).Endpoint!.Port;
        IPAddress elsewhere = IPAddress.Parse(after == V4 ? "10.81.2.77" : "fd81:2::77");

        DateTime moved = DateTime.UtcNow;
        TimeSpan start = stream.Elapsed;
        stage.Move(stage.Server.Host.Address(before), elsewhere);
        TimeSpan again = await stage.EchoesAgainAsync(stream, Patience) - start;
        DateTime asked = stage.Names.Asked.First(question => question.At > moved && question.Answer.Contains(elsewhere)).At;
        ProbeAccount account = await stream.StopAsync();
        TimeSpan outage = account.LongestSilence;
        TimeSpan control = await ByHandAsync();
        Measured.Write(
            $"{before} to {after}: out for {outage.TotalSeconds:0.0} s; asked {(asked - moved).TotalSeconds:0.0} s after the move, "
            + $"echoes by {again.TotalSeconds:0.0} s; plain WireGuard told by hand {control.TotalSeconds:0.0} s; {stage.Relay.Status()}");
        Assert.True(asked - moved < ToQuestion + Slack, $"asked {asked - moved} after the move");
        Assert.True(outage < asked - moved + FromAnswer + Slack, $"out for {outage}, asked after {asked - moved}");
        Assert.Equal(port, stage.Server.Peer(stage.Client).Endpoint!.Port);
        Assert.Equal(1, (await stage.Relay.StatusAsync()).Live);
    }

    /// <summary>How long plain WireGuard is out when its server moves and somebody tells it at once.</summary>
    private static async Task<TimeSpan> ByHandAsync()
    {
        using Topology topology = new();
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, topology.Add("client"), "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, topology.Add("server"), "10.99.0.1", 51820);
        topology.ForwardIPv4();
        server.AddPeer(client);
        using EchoResponder responder = new(server);
        client.AddPeer(server, new IPEndPoint(server.Host.Address(V4), 51820));
        using ProbeStream stream = new(client, responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived >= 20, TimeSpan.FromSeconds(30), "echoes without a relay");
        Namespace space = server.Host.Space;
        space.Ip("addr", "add", "10.81.2.77/24", "dev", Host.Link);
        space.Ip("addr", "del", $"{server.Host.Address(V4)}/24", "dev", Host.Link);
        space.Ip("addr", "replace", "10.81.2.77/24", "dev", Host.Link);
        space.Ip("route", "replace", "default", "via", "10.81.2.1");
        client.SetEndpoint(server, new IPEndPoint(IPAddress.Parse("10.81.2.77"), 51820));
        int before = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived >= before + 20, TimeSpan.FromSeconds(30), "echoes again without a relay");
        return (await stream.StopAsync()).LongestSilence;
    }
}

/// <summary>A server with addresses of both families, of which the relay's host loses one.</summary>
public sealed class LostFamilyTests
{
    private const AddressFamily V4 = AddressFamily.InterNetwork;
    private const AddressFamily V6 = AddressFamily.InterNetworkV6;
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_family_that_is_lost_gives_way_to_the_other(bool isBlackHole)
    {
        using NamedServer stage = await NamedServer.StartAsync(V6, V4);
        Assert.Contains(stage.Relay.Lines, line => line.Contains("is at [fd81:2::2]:51820, else at 10.81.2.2:51820", StringComparison.Ordinal));
        using ProbeStream stream = await stage.ConnectAsync();
        if (isBlackHole)
        {
            stage.Topology.Relay.Nft(
                "table ip6 hole { chain out { type filter hook output priority 0; ip6 daddr fd81:2::2 drop; }; }");
        }
        else
        {
            stage.Topology.Relay.Ip("-6", "route", "add", "unreachable", "fd81:2::2/128");
        }

        // Neither does a newcomer wait for those who find out, nor longer than for his second initiation.
        TimeSpan newcomer = await stage.NewcomerAsync();
        await stage.EchoesAgainAsync(stream, Patience);
        TimeSpan later = await stage.NewcomerAsync();
        ProbeAccount account = await stream.StopAsync();
        RelayStatus status = await stage.Relay.StatusAsync();
        Measured.Write(
            $"{(isBlackHole ? "IPv6 dropped" : "no IPv6 route")}: out for {account.LongestSilence.TotalSeconds:0.0} s; newcomers {newcomer.TotalSeconds:0.0} s "
            + $"at once, {later.TotalSeconds:0.0} s later; plain WireGuard is out for as long as IPv6 is; {status}");
        Assert.True(account.LongestSilence < TimeSpan.FromSeconds(isBlackHole ? 12 : 5) + Slack, $"out for {account.LongestSilence}");
        Assert.True(newcomer < TimeSpan.FromSeconds(isBlackHole ? 6 : 1) + Slack, $"a newcomer took {newcomer}");
        Assert.True(later < TimeSpan.FromSeconds(isBlackHole ? 6 : 1) + Slack, $"a later newcomer took {later}");
    }
}

/// <summary>Resolvers and interfaces that are not there, or wrong.</summary>
public sealed class NameTroubleTests
{
    private const AddressFamily V4 = AddressFamily.InterNetwork;
    private const AddressFamily V6 = AddressFamily.InterNetworkV6;
    private static readonly TimeSpan ToQuestion = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [NetnsFact]
    public async Task A_resolver_that_is_dead_at_the_start_and_later_costs_what_it_must()
    {
        using NamedServer stage = await NamedServer.StartAsync();

        // By default glibc waits for 5 s, twice.
        await Eventually.TrueAsync(
            () => stage.Relay.Lines.Any(line => line.Contains("cannot be resolved", StringComparison.Ordinal)), TimeSpan.FromSeconds(30), "the relay says so");
        stage.Names.Addresses = [stage.Server.Host.Address(V6)];
        stage.Names.IsSilent = false;
        Stopwatch watch = Stopwatch.StartNew();
        await Eventually.TrueAsync(
            () => stage.Relay.Lines.Any(line => line.Contains(" is at [fd81:2::2]:51820", StringComparison.Ordinal)), Patience, "the server is found");
        TimeSpan resolved = watch.Elapsed;
        using ProbeStream stream = await stage.ConnectAsync();

        // The server falls silent and the resolver with it: when the server is back, so is the tunnel.
        stage.Names.IsSilent = true;
        int asked = stage.Names.Asked.Length;
        stage.Topology.Relay.Nft("table ip6 hole { chain out { type filter hook output priority 0; ip6 daddr fd81:2::2 drop; }; }");
        await Eventually.TrueAsync(() => stage.Names.Asked.Length > asked, ToQuestion + Slack, "a question after the server fell silent");
        stage.Topology.Relay.Nft("delete table ip6 hole");
        watch.Restart();
        await stage.EchoesAgainAsync(stream, Patience);
        Measured.Write($"resolved {resolved.TotalSeconds:0.0} s after names were there; echoes {watch.Elapsed.TotalSeconds:0.0} s after the server was");
        Assert.True(resolved < TimeSpan.FromSeconds(40), $"resolved after {resolved}");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"echoes after {watch.Elapsed}");
    }

    [NetnsFact]
    public async Task A_link_local_server_is_followed_to_an_interface_made_anew()
    {
        using Topology topology = new();
        Host clientHost = topology.Add("client");
        Host serverHost = topology.Add("server");
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, clientHost, "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", 51820);
        server.AddPeer(client);
        EchoResponder responder = topology.Own(new EchoResponder(server));
        topology.Relay.Ip("link", "del", "edge2");
        RelayProcess relay = await RelayProcess.StartNamedAsync(topology, "[fe80::2%edge2]:51820", server.Key.Public, isResolved: false);
        await relay.LineAsync("cannot be resolved: this host has no interface \"edge2\"");
        Link();
        await relay.LineAsync(" is at [fe80::2%");
        client.AddPeer(server, new IPEndPoint(clientHost.Relay(V4), 51820));
        using ProbeStream stream = new(client, responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived >= 20, TimeSpan.FromSeconds(30), () => $"echoes; {relay.Status()}");

        topology.Relay.Ip("link", "del", "edge2");
        topology.Relay.Ip("link", "add", "other", "type", "dummy");
        Link();
        int before = stream.Arrived;
        await Eventually.TrueAsync(
            () => stream.Arrived >= before + 20, TimeSpan.FromSeconds(40), () => $"echoes again; {relay.Status()}\n{string.Join('\n', relay.Lines)}");
        ProbeAccount account = await stream.StopAsync();
        Measured.Write($"out for {account.LongestSilence.TotalSeconds:0.0} s; {await relay.StatusAsync()}");
        Assert.True(account.LongestSilence < TimeSpan.FromSeconds(10) + Slack, $"out for {account.LongestSilence}");

        void Link()
        {
            Command.Run("ip", "link", "add", Host.Link, "netns", serverHost.Space.Name, "type", "veth", "peer", "name", "edge2", "netns", topology.Relay.Name);
            serverHost.Space.Ip("addr", "add", "fe80::2/64", "dev", Host.Link, "nodad");
            serverHost.Space.Ip("link", "set", Host.Link, "up");
            topology.Relay.Ip("link", "set", "edge2", "up");
        }
    }

    [LongFact]
    public async Task Rotating_records_and_a_wrong_answer_for_a_minute_cost_nothing()
    {
        using NamedServer stage = await NamedServer.StartAsync(V6, V4);
        IPAddress[] right = stage.Names.Addresses!;
        stage.Names.Rotates = true;
        using ProbeStream stream = await stage.ConnectAsync();
        IPEndPoint? seen = stage.Server.Peer(stage.Client).Endpoint;
        await AskedAgainAsync(2);
        stage.Names.Addresses = [IPAddress.Parse("10.81.1.99")];
        await AskedAgainAsync(1);
        stage.Names.Addresses = [IPAddress.Any, IPAddress.Parse("127.0.0.1"), IPAddress.Parse("224.0.0.1")];
        await AskedAgainAsync(1);
        stage.Names.Addresses = right;
        await AskedAgainAsync(1);
        ProbeAccount account = await stream.StopAsync();
        Measured.Write($"{account}; longest silence {account.LongestSilence.TotalMilliseconds:0} ms; {stage.Relay.Status()}");
        account.AssertNoneLost(atLeast: 2_000);
        Assert.Equal(seen, stage.Server.Peer(stage.Client).Endpoint);

        Task AskedAgainAsync(int rounds)
        {
            int before = stage.Names.Asked.Length;
            return Eventually.TrueAsync(() => stage.Names.Asked.Length >= before + rounds, TimeSpan.FromSeconds(65 * rounds), "the minute's question");
        }
    }
}
