namespace WgProxy.Netns.Tests;

/// <summary>The relay's host stands still, or loses a link for a while: a tunnel is out for as long as that, and no longer.</summary>
public sealed class HostPauseTests
{
    private const int PerSecond = 10;

    // What an event may cost above its own length.
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(5);

    [NetnsFact]
    public Task A_relay_that_stands_still_costs_no_more_than_that() => StandStillAsync(TimeSpan.FromSeconds(10));

    [LongFact]
    public Task A_relay_that_stands_still_for_a_minute_costs_no_more_than_that() => StandStillAsync(TimeSpan.FromMinutes(1));

    // The link to the server has tests of its own (RouteChangeTests): there the relay's own address is at stake.
    [NetnsFact]
    public async Task A_link_that_flaps_costs_no_more_than_that()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        await MeasureAsync(tunnel, "the link to the client down for 2 s", TimeSpan.FromSeconds(2), down =>
            tunnel.Topology.Relay.Ip("link", "set", tunnel.Client.Host.RelayLink, down ? "down" : "up"));
    }

    private static async Task StandStillAsync(TimeSpan pause)
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();

        // Nobody else lives in the relay's namespace.
        string relay = Command.Run("ip", "netns", "pids", tunnel.Topology.Relay.Name).Trim();
        await MeasureAsync(tunnel, $"SIGSTOP for {pause.TotalSeconds} s", pause, stop =>
            Command.Run("kill", stop ? "-STOP" : "-CONT", relay));
    }

    private static async Task MeasureAsync(Tunnel tunnel, string what, TimeSpan length, Action<bool> change)
    {
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, PerSecond);
        await Eventually.TrueAsync(() => stream.Arrived >= 10, TimeSpan.FromSeconds(10), "echoes before");
        change(true);
        TimeSpan began = stream.Elapsed;
        await Task.Delay(length, TestContext.Current.CancellationToken);
        change(false);
        TimeSpan took = stream.Elapsed - began;
        int before = stream.Arrived;
        await Eventually.TrueAsync(
            () => stream.Arrived >= before + (3 * PerSecond), TimeSpan.FromSeconds(40), () => $"echoes after {what}; {tunnel.Relay.Status()}");
        ProbeAccount account = await stream.StopAsync();
        TimeSpan outage = account.LongestSilence;
        Measured.Write($"{what}: out for {outage.TotalSeconds:0.0} s; {account.Lost} of {account.Sent} echoes lost");
        Assert.InRange(outage, TimeSpan.Zero, took + Allowed);
        await tunnel.Relay.StopAsync();
    }
}
