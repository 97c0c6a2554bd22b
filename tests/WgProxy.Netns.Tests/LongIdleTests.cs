namespace WgProxy.Netns.Tests;

/// <summary>A client that is reachable because it keeps its mapping alive.</summary>
public sealed class LongKeepaliveTests
{
    [LongFact]
    public async Task An_idle_client_with_keepalive_stays_reachable_across_rekeys()
    {
        TimeSpan lasting = TimeSpan.FromMinutes(6.5);
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync(keepalive: 25);

        // One way: an echo would be traffic of the client's own.
        Socket sink = tunnel.Client.Host.Space.Udp(tunnel.Client.Inner, 9);
        using ProbeStream stream = new(
            tunnel.Server.Host.Space.Udp(tunnel.Server.Inner), new(tunnel.Client.Inner, 9), sink, perSecond: 0.1, size: 64);
        HashSet<long> handshakes = [];
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        for (int second = 0; second < lasting.TotalSeconds; second++)
        {
            handshakes.Add(tunnel.Server.Peer(tunnel.Client).LatestHandshake);
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        ProbeAccount account = await stream.StopAsync();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        Measured.Write($"{account}; {handshakes.Count} handshakes; {status}");
        account.AssertNoneLost(atLeast: 36, after: TimeSpan.FromMinutes(1));
        Assert.True(handshakes.Count >= 3, $"two rekeys are due, handshakes were at {string.Join(", ", handshakes)}");
        Assert.Equal(1, status.Live);
        await tunnel.Relay.StopAsync();
    }
}

/// <summary>A client that keeps silent, and a server that has something to say.</summary>
public sealed class LongIdleTests
{
    [LongFact]
    public async Task A_server_initiates_after_200_seconds_of_silence()
    {
        TimeSpan silence = TimeSpan.FromSeconds(200);
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        long handshake = tunnel.Server.Peer(tunnel.Client).LatestHandshake;
        await Task.Delay(silence, TestContext.Current.CancellationToken);

        // The keys are rejected after 180 s, so the first probe asks for new ones.
        EchoResponder responder = tunnel.Topology.Own(new EchoResponder(tunnel.Client));
        using ProbeStream stream = new(tunnel.Server, responder, perSecond: 1);
        TimeSpan taken = await Eventually.TrueAsync(
            () => stream.Arrived >= 3, TimeSpan.FromSeconds(10), () => $"echoes of the client; {tunnel.Relay.Status()}");
        (await stream.StopAsync()).AssertNoneLost(atLeast: 3);
        Measured.Write($"three echoes within {taken.TotalSeconds:0.0} s; {await tunnel.Relay.StatusAsync()}");
        Assert.True(tunnel.Server.Peer(tunnel.Client).LatestHandshake >= handshake + (long)silence.TotalSeconds - 1);
        await tunnel.Relay.StopAsync();
    }
}
