namespace WgProxy.Netns.Tests;

/// <summary>A client that never stays long, and sends keepalives only.</summary>
public sealed class LongRoamingTests
{
    [LongFact]
    public async Task A_client_that_keeps_moving_on_keepalives_is_reachable_across_rekeys()
    {
        const int moves = 9;
        const int places = 4;
        TimeSpan stay = TimeSpan.FromSeconds(40);
        TimeSpan keepalive = TimeSpan.FromSeconds(25);
        using Tunnel tunnel = await Tunnel.StartAsync();
        Paths paths = new(tunnel.Client.Host, Tunnel.Port, places);
        await tunnel.ConnectAsync((int)keepalive.TotalSeconds);
        HashSet<long> handshakes = [];
        List<ProbeAccount> accounts = [];
        using PeriodicTimer timer = new(stay);
        for (int move = 0; move < moves; move++)
        {
            long received = tunnel.Server.Peer(tunnel.Client).Received;
            paths.Move(move % places);
            await Eventually.TrueAsync(
                () => tunnel.Server.Peer(tunnel.Client).Received > received, keepalive + TimeSpan.FromSeconds(5), "a keepalive from the new place");

            // One way: an echo would be traffic of the client's own.
            using ProbeStream stream = new(
                tunnel.Server.Host.Space.Udp(tunnel.Server.Inner),
                new(tunnel.Client.Inner, 9),
                tunnel.Client.Host.Space.Udp(tunnel.Client.Inner, 9),
                perSecond: 10,
                size: 64);
            await Eventually.TrueAsync(() => stream.Sent >= 10, TimeSpan.FromSeconds(5), "probes of the server");
            accounts.Add(await stream.StopAsync());
            handshakes.Add(tunnel.Server.Peer(tunnel.Client).LatestHandshake);
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        Measured.Write($"{accounts.Sum(account => account.Sent)} probes after {moves} moves, {accounts.Sum(account => account.Lost)} lost; "
            + $"{handshakes.Count} handshakes; {await tunnel.Relay.StatusAsync()}");
        Assert.All(accounts, account => account.AssertNoneLost(atLeast: 10));
        Assert.True(handshakes.Count >= 3, $"two rekeys are due, handshakes were at {string.Join(", ", handshakes)}");
        await tunnel.Relay.StopAsync();
    }
}
