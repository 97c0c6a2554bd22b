namespace WgProxy.Netns.Tests;

/// <summary>A client that moves while it sends keepalives only, which the server answers with nothing.</summary>
internal static class SilentMoves
{
    /// <summary>Moves, keeps silent but for keepalives, and then has the server send.</summary>
    public static async Task AssertReachableAtOnceAsync(int keepalive, TimeSpan lasting, TimeSpan between)
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync(keepalive);
        Socket sink = tunnel.Client.Host.Space.Udp(tunnel.Client.Inner, 9);
        TimeSpan spent = TimeSpan.Zero;
        int moved = 0;
        foreach ((_, Func<System.Net.IPAddress> move) in Moves.All(tunnel).Take((int)(lasting / between)))
        {
            move();
            moved++;
            await Task.Delay(between, TestContext.Current.CancellationToken);
            spent += between;
        }

        await Task.Delay(lasting - spent, TestContext.Current.CancellationToken);
        RelayStatus silent = await tunnel.Relay.StatusAsync();

        // One way: an echo would be traffic of the client's own.
        using ProbeStream stream = new(
            tunnel.Server.Host.Space.Udp(tunnel.Server.Inner), new(tunnel.Client.Inner, 9), sink, perSecond: 10, size: 64);
        await Eventually.TrueAsync(() => stream.Sent >= 20, TimeSpan.FromSeconds(10), "probes of the server");
        ProbeAccount account = await stream.StopAsync();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        Measured.Write($"{moved} moves in {lasting.TotalSeconds:0} s, keepalive {keepalive} s: {account}, the first after "
            + $"{(account.ArrivedAt[0] - account.SentAt[0])?.TotalMilliseconds:0.0} ms; before: {silent}; after: {after}");
        account.AssertNoneLost(atLeast: 20);

        // A mapping for each move. Most only claim: the server has sent nothing to the new ports. But it owes a keepalive 10 s
        // after the last data before the first move, and the client a handshake where it misses that one.
        Assert.Equal(moved + 1, silent.Live);
        Assert.InRange(after.Mappings["Confirmed"], 2, moved + 1);
        await tunnel.Relay.StopAsync();
    }
}

/// <summary>One move, then a minute of keepalives.</summary>
public sealed class SilentRoamingTests
{
    [NetnsFact]
    public Task A_client_that_moved_a_minute_ago_and_sent_keepalives_only_is_reachable_at_once() =>
        SilentMoves.AssertReachableAtOnceAsync(keepalive: 25, TimeSpan.FromSeconds(60), between: TimeSpan.FromSeconds(60));
}

/// <summary>A move every quarter of a minute.</summary>
public sealed class RestlessRoamingTests
{
    [NetnsFact]
    public Task A_client_that_moves_four_times_in_a_minute_with_keepalives_only_is_reachable_at_once() =>
        SilentMoves.AssertReachableAtOnceAsync(keepalive: 5, TimeSpan.FromSeconds(60), between: TimeSpan.FromSeconds(15));
}
