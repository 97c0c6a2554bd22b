using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>
/// Somebody who knows the public key forges addresses of a subnet that the relay is attached to and that nobody has. Each
/// cookie reply then waits for three seconds in the relay's kernel, for a neighbour that does not answer. Proven clients and
/// newcomers from elsewhere must not notice.
/// </summary>
[Collection(Loud.Name)]
public sealed class OnLinkFloodTests
{
    private const int PerSecond = 20_000;
    private const int ProbesPerSecond = 50;

    // net.ipv4.neigh.default.gc_thresh1 and its twin: from so many neighbours on the kernel begins to throw some away.
    private const int FewNeighbours = 128;

    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public Task Cookies_that_wait_for_neighbours_that_do_not_exist_take_nothing_from_others(AddressFamily family) =>
        BestOf.ThreeAsync(() => AttackAsync(family, workers: null));

    [NetnsFact]
    public Task So_it_is_with_two_workers()
    {
        Assert.SkipUnless(string.Equals(RelayProcess.Engine, "linux", StringComparison.Ordinal), "only the linux engine has workers");
        return BestOf.ThreeAsync(() => AttackAsync(AddressFamily.InterNetwork, workers: 2));
    }

    private static async Task AttackAsync(AddressFamily family, int? workers)
    {
        using Tunnel tunnel = await Tunnel.StartAsync(workers, unprivileged: true);
        WireGuardInterface client = await tunnel.AddClientAsync();
        WireGuardInterface newcomer = await tunnel.AddClientAsync();
        MoveOffLink(tunnel, newcomer.Host, family);
        await ConnectAsync(tunnel, client, family, TimeSpan.FromSeconds(5));
        using ProbeStream echoes = new(client, tunnel.Responder, ProbesPerSecond);
        using Flood flood = new(
            tunnel.Stranger,
            new IPEndPoint(tunnel.Stranger.Relay(family), Tunnel.Port),
            PerSecond,
            number => Nobody(tunnel.Stranger, family, number),
            Attackers.Initiations(tunnel));
        await Eventually.TrueAsync(
            () => tunnel.Relay.Status().Uplink.Dropped.GetValueOrDefault("Reply") > 0,
            TimeSpan.FromSeconds(10),
            () => $"cookies; {tunnel.Relay.Status()}");

        // Until then a thousand initiations were passed on, and the server's own queues were full of them.
        TimeSpan began = echoes.Elapsed;
        Task<TimeSpan> connecting = ConnectAsync(tunnel, newcomer, family, Patience * 2);
        int most = 0;
        int clientsEntry = 0;
        int looks = 0;
        while (echoes.Elapsed - began < Attack || !connecting.IsCompleted)
        {
            string[] neighbours = Neighbours(tunnel, family);
            most = Math.Max(most, neighbours.Count(line => line.Contains("INCOMPLETE", StringComparison.Ordinal)));
            clientsEntry += neighbours.Any(line => line.StartsWith($"{client.Host.Address(family)} ", StringComparison.Ordinal)
                && line.Contains("lladdr", StringComparison.Ordinal)) ? 1 : 0;
            looks++;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        }

        TimeSpan connected = await connecting;
        flood.Stop();
        ProbeAccount account = await echoes.StopAsync();
        RelayStatus during = await tunnel.Relay.StatusAsync();
        string report = $"{family}, {workers ?? 1} workers, {flood.PerSecond:0}/s: {account}; newcomer from elsewhere in after "
            + $"{connected.TotalSeconds:0.0} s; {most} neighbours awaited at most, the client's entry there {clientsEntry} of {looks} times; {during}";
        Measured.Write(report);

        // What a busy machine manages; 1,000 a second took most echoes before there were buffers of strangers' own.
        Assert.True(flood.PerSecond > PerSecond * 0.25, report);
        Assert.True(account.LostAfter(began) == 0, report);
        Assert.True(connected < Patience, report);
        Assert.True(most is > 0 and < FewNeighbours, report);
        Assert.True(clientsEntry == looks, report);
        await tunnel.Relay.StopAsync();
    }

    // Addresses of the stranger's link that no host has: 240 of its /24, or ever new ones of its /64.
    private static IPEndPoint Nobody(Host host, AddressFamily family, long number)
    {
        byte[] address = host.Address(family).GetAddressBytes();
        if (family == AddressFamily.InterNetwork)
        {
            address[^1] = (byte)(10 + (number % 240));
        }
        else
        {
            BitConverter.TryWriteBytes(address.AsSpan(8), number + 0x1000);
        }

        return new IPEndPoint(new IPAddress(address), 1024 + (int)(number / 240 % 60_000));
    }

    // The host has an address that the relay reaches through a gateway: itself.
    private static void MoveOffLink(Tunnel tunnel, Host host, AddressFamily family)
    {
        bool isIPv4 = family == AddressFamily.InterNetwork;
        string address = isIPv4 ? $"203.0.113.{host.Index}" : $"2001:db8:{host.Index}::1";
        string whole = $"{address}/{(isIPv4 ? 32 : 128)}";
        string[] relay = [$"{host.Relay(family)}/{(isIPv4 ? 32 : 128)}", "dev", Host.Link, "src", address];
        host.Space.Ip(isIPv4 ? ["addr", "add", whole, "dev", Host.Link] : ["addr", "add", whole, "dev", Host.Link, "nodad"]);
        host.Space.Ip(isIPv4 ? ["route", "add", .. relay] : ["-6", "route", "add", .. relay]);
        string[] back = [whole, "via", $"{host.Address(family)}"];
        tunnel.Topology.Relay.Ip(isIPv4 ? ["route", "add", .. back] : ["-6", "route", "add", .. back]);
    }

    private static async Task<TimeSpan> ConnectAsync(Tunnel tunnel, WireGuardInterface client, AddressFamily family, TimeSpan deadline)
    {
        client.AddPeer(tunnel.Server, new IPEndPoint(client.Host.Relay(family), Tunnel.Port));
        using ProbeStream stream = new(client, tunnel.Responder, perSecond: 20);
        return await Eventually.TrueAsync(
            () => stream.Arrived > 0,
            deadline,
            () => $"a first echo; {tunnel.Relay.Status()}\n{string.Join('\n', client.Lines)}");
    }

    private static string[] Neighbours(Tunnel tunnel, AddressFamily family) => Command.Run(
        "ip", family == AddressFamily.InterNetwork ? "-4" : "-6", "-n", tunnel.Topology.Relay.Name, "neigh", "show", "nud", "all").Split('\n');
}
