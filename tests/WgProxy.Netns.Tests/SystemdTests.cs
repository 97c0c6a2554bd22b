using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Netns.Tests;

/// <summary>The relay as a service of the real systemd.</summary>
public sealed class SystemdTests
{
    private const string Unit = "wgproxy.service";

    [SystemdFact]
    public async Task Systemd_knows_when_the_relay_is_ready_reloads_and_stops()
    {
        using SystemdHost host = await SystemdHost.BootAsync(Service(""));
        host.Control("start", Unit);
        await SaysAsync(host, " relays from ");
        Assert.Equal(("active", "running", "relays to 192.0.2.1:51820"), (host.Property("ActiveState"), host.Property("SubState"), host.Property("StatusText")));

        int process = host.MainProcess();
        host.Control("reload", Unit);
        await SaysAsync(host, "SIGHUP");
        await Eventually.TrueAsync(() => host.Property("SubState") is "running", TimeSpan.FromSeconds(10), () => File.ReadAllText(host.Lines));
        Assert.Equal(process, host.MainProcess());

        host.Control("stop", Unit);
        Assert.Equal(("inactive", "success"), (host.Property("ActiveState"), host.Property("Result")));
        Assert.Contains(" info stopped: up ", File.ReadAllText(host.Lines), StringComparison.Ordinal);
    }

    [SystemdFact]
    public async Task A_relay_that_cannot_start_is_a_failure_at_once()
    {
        using SystemdHost host = await SystemdHost.BootAsync(Service("Environment=WGPROXY_LISTEN=192.0.2.77:51820"));
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => host.Control("start", Unit));
        Assert.Contains("failed", refused.Message, StringComparison.Ordinal);
        Assert.Equal(("failed", "exit-code", "3"), (host.Property("ActiveState"), host.Property("Result"), host.Property("ExecMainStatus")));
    }

    [SystemdFact]
    public async Task The_watchdog_lets_a_silent_relay_live_and_ends_one_with_a_stuck_worker()
    {
        using SystemdHost host = await SystemdHost.BootAsync(Service("WatchdogSec=2\nWatchdogSignal=SIGKILL"));
        host.Control("start", Unit);
        int process = host.MainProcess();
        await Eventually.TrueAsync(() => host.Property("StatusText") is "0 mappings, 0 of them proven", TimeSpan.FromSeconds(10), () => host.Property("StatusText"));

        // No datagram arrives, so that nothing but the watchdog wakes a worker: five times as long as it waits.
        string before = host.Property("WatchdogTimestampMonotonic");
        await Eventually.TrueAsync(
            () => long.Parse(host.Property("WatchdogTimestampMonotonic"), System.Globalization.CultureInfo.InvariantCulture)
                - long.Parse(before, System.Globalization.CultureInfo.InvariantCulture) > 10_000_000,
            TimeSpan.FromSeconds(60),
            () => File.ReadAllText(host.Lines));
        Assert.Equal(("active", process), (host.Property("ActiveState"), host.MainProcess()));

        await StuckThread.StopAsync(process, RelayProcess.Engine is "linux" ? "worker 0" : "deadlines");
        await Eventually.TrueAsync(() => host.Property("ActiveState") is "failed", TimeSpan.FromSeconds(30), () => File.ReadAllText(host.Lines));
        Assert.Equal("watchdog", host.Property("Result"));
    }

    private static async Task SaysAsync(SystemdHost host, string part) => await Eventually.TrueAsync(
        () => File.ReadAllText(host.Lines).Contains(part, StringComparison.Ordinal), TimeSpan.FromSeconds(20), () => File.ReadAllText(host.Lines));

    private static string Service(string more) => $"""
        Type=notify
        ExecStart={RelayProcess.Binary}
        ExecReload=kill -HUP $MAINPID
        Environment=WGPROXY_SERVER=192.0.2.1:51820
        Environment=WGPROXY_PUBKEY={WireGuardKey.New().Public}
        Environment=WGPROXY_ENGINE={RelayProcess.Engine}
        Environment=WGPROXY_LISTEN=127.0.0.1:51820
        {more}
        """;
}
