namespace WgProxy.Netns.Tests;

/// <summary>The relay stands still for a while, and somebody who knows the public key goes on asking. What tunnels send
/// meanwhile waits in a queue of its own.</summary>
[Collection(Loud.Name)]
public sealed class PausedRelayTests
{
    private const int PerSecond = 2_000;
    private const int ProbesPerSecond = 20;

    // Twice as many initiations as the largest receive buffer that Linux grants here holds (4 MiB doubled, 832 bytes each).
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(11);

    [NetnsFact]
    public Task Initiations_that_gather_while_the_relay_stands_still_push_no_data_out() => BestOf.ThreeAsync(PauseAsync);

    private static async Task PauseAsync()
    {
        using Tunnel tunnel = await Tunnel.StartAsync(unprivileged: true);
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        await tunnel.ConnectAsync();
        using ProbeStream echoes = new(tunnel.Client, tunnel.Responder, ProbesPerSecond);
        using Flood flood = new(
            tunnel.Stranger,
            Attackers.Target(Origin.Anywhere, tunnel.Stranger),
            PerSecond,
            number => Attackers.Source(Origin.Anywhere, tunnel.Stranger, number),
            Attackers.Initiations(tunnel));
        await Eventually.TrueAsync(() => echoes.Arrived > 10, TimeSpan.FromSeconds(10), "echoes");
        TimeSpan paused = echoes.Elapsed;
        tunnel.Relay.Pause();
        await Eventually.TrueAsync(() => echoes.Elapsed - paused >= Pause, Pause * 2, "the pause");
        TimeSpan resumed = echoes.Elapsed;
        tunnel.Relay.Resume();
        await Eventually.TrueAsync(
            () => echoes.Elapsed - resumed > TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10), "some seconds afterwards");
        flood.Stop();
        ProbeAccount account = await echoes.StopAsync();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        string report = $"{flood.PerSecond:0}/s, {(resumed - paused).TotalSeconds:0.0} s of standing still: {account}; {after}";
        Measured.Write(report);

        // What waits in wireguard-go's own socket when all of it comes at once is not the relay's.
        Assert.True(account.Lost <= 5, report);
        await tunnel.Relay.StopAsync();
    }
}
