namespace WgProxy.Netns.Tests;

/// <summary>By which addresses, routes and interfaces the relay reaches the server, when the operator chose them.</summary>
public sealed class BindingTests
{
    private const string PoolOf4 = "10.83.0.0/28";
    private const string PoolOf6 = "fd83::/64";

    private static readonly bool IsPortable = RelayProcess.Engine is "portable";

    [NetnsTheory]
    [InlineData(PoolOf4, AddressFamily.InterNetwork)]
    [InlineData(PoolOf6, AddressFamily.InterNetworkV6)]
    public async Task Each_client_leaves_from_an_address_of_the_pool(string pool, AddressFamily family)
    {
        Assert.SkipWhen(IsPortable && family == AddressFamily.InterNetworkV6, "the portable engine takes no IPv6 prefix (docs/options.md)");
        using BoundStage stage = await BoundStage.StartAsync(family, clients: 4);
        stage.Topology.Relay.Ip("route", "add", "local", pool, "dev", "lo");
        stage.Server.Host.Space.Ip("route", "add", pool, "via", $"{stage.Server.Host.Relay(family)}");
        await stage.RelayAsync(("WGPROXY_UPSTREAM_ADDRESS", pool), ("WGPROXY_UPSTREAM_PORTS", "42000-42099"));
        HashSet<IPAddress> sources = [];
        foreach (WireGuardInterface client in stage.Clients)
        {
            await stage.ConnectAsync(client);
            IPEndPoint seen = stage.Server.Peer(client).Endpoint!;
            Assert.True(IPNetwork.Parse(pool).Contains(seen.Address), $"the server sees {seen}");
            Assert.InRange(seen.Port, 42_000, 42_099);
            sources.Add(seen.Address);
        }

        Measured.Write($"sources: {string.Join(", ", sources)}");
        Assert.InRange(sources.Count, 2, 4);
    }

    [NetnsFact]
    public async Task A_prefix_that_is_not_routed_to_this_host_is_refused_with_the_command_that_routes_it()
    {
        using Topology topology = new();
        (int code, string line) = await BoundStage.RefusalAsync(topology, ("WGPROXY_UPSTREAM_ADDRESS", PoolOf6));
        Assert.Equal(3, code);
        Assert.Contains("--upstream-address (WGPROXY_UPSTREAM_ADDRESS): ", line, StringComparison.Ordinal);
        Assert.Contains(IsPortable ? "takes no IPv6 prefix" : $"ip route add local {PoolOf6} dev lo", line, StringComparison.Ordinal);
        (code, line) = await BoundStage.RefusalAsync(topology, ("WGPROXY_UPSTREAM_ADDRESS", PoolOf4));
        Assert.Equal(3, code);
        Assert.Contains($"ip route add local {PoolOf4} dev lo", line, StringComparison.Ordinal);
        (code, line) = await BoundStage.RefusalAsync(topology, ("WGPROXY_UPSTREAM_ADDRESS", "10.83.7.7"));
        Assert.Equal(3, code);
        Assert.Contains("from 10.83.7.7: this host does not have the address", line, StringComparison.Ordinal);
    }

    [NetnsFact]
    public async Task A_check_tries_what_upstream_sockets_are_bound_to_and_prints_the_command_that_is_missing()
    {
        using Topology topology = new();
        (int code, string report) = await BoundStage.CheckAsync(topology, unprivileged: false, ("WGPROXY_UPSTREAM_ADDRESS", PoolOf4));
        Assert.Equal(3, code);
        Assert.Contains($"ip route add local {PoolOf4} dev lo", report, StringComparison.Ordinal);
        Assert.Contains("is at 10.81.1.2:51820", report, StringComparison.Ordinal);
        (code, report) = await BoundStage.CheckAsync(topology, unprivileged: false, ("WGPROXY_UPSTREAM_ADDRESS", PoolOf6));
        Assert.Equal(3, code);
        Assert.Contains(IsPortable ? "takes no IPv6 prefix" : $"ip route add local {PoolOf6} dev lo", report, StringComparison.Ordinal);
        (code, report) = await BoundStage.CheckAsync(topology, unprivileged: false, ("WGPROXY_UPSTREAM_DEVICE", "nosuch0"));
        Assert.Equal(3, code);
        Assert.Contains("--upstream-device (WGPROXY_UPSTREAM_DEVICE): cannot send to servers by nosuch0: this host has no such interface", report, StringComparison.Ordinal);
        (code, report) = await BoundStage.CheckAsync(topology, unprivileged: true, ("WGPROXY_FWMARK", "51820"));
        Assert.Equal(3, code);
        Assert.Contains("a mark needs CAP_NET_ADMIN", report, StringComparison.Ordinal);

        topology.Relay.Ip("route", "add", "local", PoolOf4, "dev", "lo");
        topology.Relay.Ip("route", "add", "local", PoolOf6, "dev", "lo");
        (code, report) = await BoundStage.CheckAsync(
            topology, unprivileged: false, ("WGPROXY_UPSTREAM_ADDRESS", IsPortable ? PoolOf4 : $"{PoolOf4}, {PoolOf6}"), ("WGPROXY_FWMARK", "51820"), ("WGPROXY_UPSTREAM_DEVICE", "lo"));
        Assert.True(code == 0, report);
    }

    [NetnsFact]
    public async Task An_address_of_the_pool_that_this_host_loses_is_left_for_another()
    {
        using BoundStage stage = await BoundStage.StartAsync(AddressFamily.InterNetwork, clients: 1);
        string link = stage.Server.Host.RelayLink;
        string[] pool = ["10.81.1.77", "10.81.1.78"];
        foreach (string address in pool)
        {
            stage.Topology.Relay.Ip("addr", "add", $"{address}/32", "dev", link);
        }

        stage.Server.Host.Space.Ip("route", "add", "10.81.1.76/30", "dev", Host.Link);
        await stage.RelayAsync(("WGPROXY_UPSTREAM_ADDRESS", string.Join(',', pool)));
        WireGuardInterface client = stage.Clients[0];
        await stage.ConnectAsync(client);
        string first = $"{stage.Server.Peer(client).Endpoint!.Address}";
        Assert.Contains(first, pool);
        using ProbeStream stream = new(client, stage.Responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived > 20, TimeSpan.FromSeconds(10), "echoes");
        stage.Topology.Relay.Ip("addr", "del", $"{first}/32", "dev", link);
        int before = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived > before + 20, TimeSpan.FromSeconds(15), () => $"echoes from another address; {stage.Relay.Status()}");
        Assert.Contains($"{stage.Server.Peer(client).Endpoint!.Address}", pool.Except([first]));
    }

    [NetnsFact]
    public async Task The_mark_chooses_the_routing_table()
    {
        using BoundStage stage = await BoundStage.StartAsync(AddressFamily.InterNetwork, clients: 2);
        IPAddress server = stage.Server.Host.Address(AddressFamily.InterNetwork);

        // Without the mark, the server is unreachable from here.
        stage.Topology.Relay.Ip("rule", "add", "pref", "10", "fwmark", "0xca6c", "lookup", "77");
        stage.Topology.Relay.Ip("route", "add", $"{server}", "dev", stage.Server.Host.RelayLink, "table", "77");
        stage.Topology.Relay.Ip("rule", "add", "pref", "20", "to", $"{server}", "blackhole");
        await stage.RelayAsync(("WGPROXY_FWMARK", "0xca6c"));
        await stage.ConnectAsync(stage.Clients[0]);

        // A second relay, without it.
        await stage.Relay.StopAsync();
        await stage.RelayAsync();
        stage.Clients[1].AddPeer(stage.Server, new IPEndPoint(stage.Clients[1].Host.Relay(AddressFamily.InterNetwork), Tunnel.Port), keepalive: 1);
        await stage.Relay.SaysAsync("cannot be served: the system gave no upstream socket");
    }

    [NetnsFact]
    public async Task The_interface_is_used_whatever_routes_say_also_after_it_was_made_anew()
    {
        using BoundStage stage = await BoundStage.StartAsync(AddressFamily.InterNetwork, clients: 1);
        Host server = stage.Server.Host;
        IPAddress address = server.Address(AddressFamily.InterNetwork);
        stage.Topology.Relay.Ip("rule", "add", "pref", "20", "to", $"{address}", "oif", server.RelayLink, "lookup", "main");
        stage.Topology.Relay.Ip("rule", "add", "pref", "30", "to", $"{address}", "blackhole");
        await stage.RelayAsync(("WGPROXY_UPSTREAM_DEVICE", server.RelayLink));
        WireGuardInterface client = stage.Clients[0];
        await stage.ConnectAsync(client);
        using ProbeStream stream = new(client, stage.Responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived > 20, TimeSpan.FromSeconds(10), "echoes");

        // The same name, address and rules, and another number.
        stage.Topology.Relay.Ip("link", "del", server.RelayLink);
        stage.Topology.Link(server);
        int before = stream.Arrived;
        await Eventually.TrueAsync(
            () => stream.Arrived > before + 20, TimeSpan.FromSeconds(20), () => $"echoes by the new interface; {stage.Relay.Status()}");

        // Another address, so that the socket is connected anew.
        stage.Topology.Relay.Ip("addr", "del", "10.81.1.1/24", "dev", server.RelayLink);
        stage.Topology.Relay.Ip("addr", "add", "10.81.1.99/24", "dev", server.RelayLink);
        before = stream.Arrived;
        await Eventually.TrueAsync(
            () => stream.Arrived > before + 20, TimeSpan.FromSeconds(20), () => $"echoes from the new address; {stage.Relay.Status()}");
        Assert.Equal("10.81.1.99", $"{stage.Server.Peer(client).Endpoint!.Address}");
    }

    [NetnsFact]
    public async Task What_the_system_refuses_is_named()
    {
        using Topology topology = new();
        (int code, string line) = await BoundStage.RefusalAsync(topology, ("WGPROXY_UPSTREAM_DEVICE", "nosuch0"));
        Assert.Equal(3, code);
        Assert.Contains("--upstream-device (WGPROXY_UPSTREAM_DEVICE): cannot send to servers by nosuch0: this host has no such interface", line, StringComparison.Ordinal);
        (code, line) = await BoundStage.RefusalAsync(topology, unprivileged: true, ("WGPROXY_FWMARK", "51820"));
        Assert.Equal(3, code);
        Assert.Contains("--fwmark (WGPROXY_FWMARK): cannot send to servers with the mark 0xca6c: a mark needs CAP_NET_ADMIN", line, StringComparison.Ordinal);
    }
}
