using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

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
        await stage.Relay.SaysAsync("cannot be resolved");
        stage.Names.Addresses = [stage.Server.Host.Address(V6)];
        stage.Names.IsSilent = false;
        Stopwatch watch = Stopwatch.StartNew();
        await stage.Relay.SaysAsync(" is at [fd81:2::2]:51820");
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
        await relay.SaysAsync("cannot be resolved: this host has no interface \"edge2\"");
        Link();
        await relay.SaysAsync(" is at [fe80::2%");
        client.AddPeer(server, new IPEndPoint(clientHost.Relay(V4), 51820));
        using ProbeStream stream = new(client, responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived >= 20, TimeSpan.FromSeconds(30), () => $"echoes; {relay.Status()}");

        topology.Relay.Ip("link", "del", "edge2");
        topology.Relay.Ip("link", "add", "other", "type", "veth", "peer", "name", "another");
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
