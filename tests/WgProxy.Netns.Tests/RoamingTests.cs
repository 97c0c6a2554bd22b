using System.Globalization;
using System.Text;

namespace WgProxy.Netns.Tests;

/// <summary>A client that moves: its port, its address, both at once, its address family.</summary>
internal static class Moves
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan After = TimeSpan.FromSeconds(2);

    /// <summary>Every way to move, each with its name and the address that the relay then sees.</summary>
    public static IEnumerable<(string Name, Func<IPAddress> Move)> All(Tunnel tunnel)
    {
        Paths paths = new(tunnel.Client.Host, Tunnel.Port, others: 2);
        yield return ("port", () =>
        {
            tunnel.Client.SetPort(40_001);
            return tunnel.Client.Host.Address(AddressFamily.InterNetwork);
        });
        yield return ("address", () => paths.Move(0));
        yield return ("both", () =>
        {
            IPAddress to = paths.MoveWithPort(from: 0, to: 1, port: 40_002);
            tunnel.Client.SetPort(40_002);
            return to;
        });
        yield return ("family", () =>
        {
            // Were the old way still open, a packet arriving by it would take WireGuard back at once.
            paths.Close();
            Host host = tunnel.Client.Host;
            tunnel.Client.SetEndpoint(tunnel.Server, new IPEndPoint(host.Relay(AddressFamily.InterNetworkV6), Tunnel.Port));
            return host.Address(AddressFamily.InterNetworkV6);
        });
    }

    /// <summary>Moves every way during a stream of echoes. At most one is lost by each: the one under way.</summary>
    public static async Task AssertOneLostAtMostAsync(Tunnel tunnel, string load)
    {
        const int perSecond = 10;
        long[] overflowed = Overflowed(tunnel);
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond);
        List<(string Name, TimeSpan At, TimeSpan Seen)> moves = [];
        foreach ((string name, Func<IPAddress> move) in All(tunnel))
        {
            await Task.Delay(Before, TestContext.Current.CancellationToken);
            IPEndPoint? endpoint = tunnel.Server.Peer(tunnel.Client).Endpoint;
            TimeSpan at = stream.Elapsed;
            move();
            await Eventually.TrueAsync(
                () => !Equals(tunnel.Server.Peer(tunnel.Client).Endpoint, endpoint),
                TimeSpan.FromSeconds(30),
                () => $"the server follows a change of {name}; {tunnel.Relay.Status()}");
            moves.Add((name, at, stream.Elapsed));
            await Task.Delay(After, TestContext.Current.CancellationToken);
        }

        ProbeAccount account = await stream.StopAsync();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        StringBuilder report = new();
        for (int number = 0; number < moves.Count; number++)
        {
            (string name, TimeSpan at, TimeSpan seen) = moves[number];
            int lost = account.LostBetween(at - Before, at + After);
            report.Append(CultureInfo.InvariantCulture, $"{name}: {lost} lost, server follows in {(seen - at).TotalMilliseconds:0} ms; ");
        }

        overflowed = [.. Overflowed(tunnel).Zip(overflowed, (after, before) => after - before)];
        Measured.Write($"{load}: {report}{account}; overflowed {overflowed[0]} at the client, {overflowed[1]} at the relay, "
            + $"{overflowed[2]} at the server; {status}");
        Assert.All(moves, move => Assert.InRange(account.LostBetween(move.At - Before, move.At + After), 0, 1));
        Assert.True(account.Lost <= moves.Count && account.Damaged == 0, account.ToString());
        Assert.True(account.Sent >= moves.Count * perSecond * 3, account.ToString());

        // Every move was a claim that the server proved, and none needed a handshake. The last one filled the tunnel's
        // five places, so the mapping that was silent longest has made room for the next.
        Assert.Equal(4, moves.Count);
        Assert.Equal(moves.Count, status.Mappings["Confirmed"]);
        Assert.Equal(moves.Count, status.Live);
    }

    // Datagrams that found a full socket buffer, at each of the three hosts.
    private static long[] Overflowed(Tunnel tunnel) =>
    [
        .. new[] { tunnel.Client.Host.Space, tunnel.Topology.Relay, tunnel.Server.Host.Space }
            .Select(space => space.Snmp("UdpInErrors") + space.Snmp("Udp6InErrors")),
    ];
}

/// <summary>Moves while little passes.</summary>
public sealed class RoamingTests
{
    [Trait("Forms", "All")]
    [NetnsFact]
    public Task A_client_that_moves_loses_one_echo_at_most() =>
        BestOf.ThreeAsync(() => A_client_that_moves_loses_one_echo_at_most_once());

    private async Task A_client_that_moves_loses_one_echo_at_most_once()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        await Moves.AssertOneLostAtMostAsync(tunnel, "idle");
        await tunnel.Relay.StopAsync();
    }
}

/// <summary>Moves in the middle of a transfer.</summary>
[Collection(Loud.Name)]
public sealed class LoadedRoamingTests
{
    // Without a limit it holds too (384 Mbit/s up, 319 down, no echo lost), but then TCP fills queues until one overflows,
    // and a lost echo may be its doing. At 100 Mbit/s wireguard-go's socket buffers hold 10 ms of it: on two busy processors
    // it is not its turn for longer than that at times.
    private const int Megabits = 50;
    private const double LeastMegabits = 20;
    private const double LeastInASecond = 5;

    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public Task A_client_that_moves_in_mid_transfer_loses_one_echo_at_most(bool download) =>
        BestOf.ThreeAsync(() => A_client_that_moves_in_mid_transfer_loses_one_echo_at_most_once(download));

    private async Task A_client_that_moves_in_mid_transfer_loses_one_echo_at_most_once(bool download)
    {
        const int seconds = 18;
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        Transfer transfer = await Transfer.StartAsync(
            tunnel.Topology, tunnel.Client, tunnel.Server, seconds, reverse: download, Megabits);
        string load = download ? "downlink" : "uplink";
        await Moves.AssertOneLostAtMostAsync(tunnel, load);
        (double megabits, double slowest) = await transfer.EndAsync();
        Measured.Write($"{load}: {megabits:0} Mbit/s, {slowest:0} in the slowest second");
        Assert.True(megabits > LeastMegabits && slowest > LeastInASecond, $"{megabits} Mbit/s, {slowest} in the slowest second");
        await tunnel.Relay.StopAsync();
    }
}

/// <summary>Two ways to the relay at once.</summary>
public sealed class AlternatingPathsTests
{
    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true, Traits = ["Forms", "All"])]
    public async Task A_client_whose_packets_alternate_between_two_addresses_gets_every_echo(bool fromTheStart)
    {
        const int seconds = 5;
        using Tunnel tunnel = await Tunnel.StartAsync();
        Paths paths = new(tunnel.Client.Host, Tunnel.Port, others: 2);
        if (fromTheStart)
        {
            paths.Alternate(0, 1);
            await tunnel.ConnectAsync();
        }
        else
        {
            await tunnel.ConnectAsync();
            paths.Alternate(0, 1);
        }

        foreach (int perSecond in new[] { 10, 200 })
        {
            using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond);
            await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            ProbeAccount account = await stream.StopAsync();
            RelayStatus status = await tunnel.Relay.StatusAsync();
            Measured.Write($"{(fromTheStart ? "from the start" : "later")}, {perSecond} a second: {account}; {status}");
            account.AssertNoneLost(atLeast: perSecond * seconds * 8 / 10);
            Assert.Equal(fromTheStart ? 2 : 3, status.Mappings["Confirmed"]);
        }

        await tunnel.Relay.StopAsync();
    }
}
