using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>Relay and server are loaded at once, and both send cookies: a newcomer shows first the one and then the other.</summary>
[Collection(Loud.Name)]
public sealed class BothLoadedTests
{
    // Two retries of WireGuard, each 5 s and up to a third of a second.
    private static readonly TimeSpan TwoCookies = TimeSpan.FromSeconds(11);

    [NetnsTheory]
    [InlineData(Origin.Anywhere, Traits = ["Forms", "All"])]
    [InlineData(Origin.SameSources)]
    public Task A_newcomer_gets_in_past_the_cookies_of_both(Origin origin) =>
        BestOf.ThreeAsync(() => AttackAsync(origin, workers: null));

    [NetnsFact]
    public Task So_it_is_with_two_workers()
    {
        Assert.SkipUnless(string.Equals(RelayProcess.Engine, "linux", StringComparison.Ordinal), "only the linux engine has workers");
        return BestOf.ThreeAsync(() => AttackAsync(Origin.Anywhere, workers: 2));
    }

    private static async Task AttackAsync(Origin origin, int? workers)
    {
        const int perSecond = 2_000;
        using Tunnel tunnel = await Tunnel.StartAsync(workers);
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        WireGuardInterface newcomer = await tunnel.AddClientAsync();
        await tunnel.ConnectAsync();
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 20);
        using Flood flood = new(
            tunnel.Stranger,
            Attackers.Target(origin, tunnel.Stranger),
            perSecond,
            number => Attackers.Source(origin, tunnel.Stranger, number),
            Attackers.Initiations(tunnel));
        using Pace loading = Attackers.Load(tunnel);
        await Eventually.TrueAsync(
            () => tunnel.Relay.Status().Uplink.Dropped.GetValueOrDefault("Reply") > 100 && Denied(tunnel) > 100,
            TimeSpan.FromSeconds(20),
            () => $"cookies of both; {Denied(tunnel)} of the server; {tunnel.Relay.Status()}");
        int denied = Denied(tunnel);
        long replies = tunnel.Relay.Status().Uplink.Dropped["Reply"];
        long atServer = tunnel.Server.Host.Space.Snmp("Udp6InErrors");
        TimeSpan taken = await tunnel.ConnectAsync(newcomer, TimeSpan.FromSeconds(60));
        denied = Denied(tunnel) - denied;
        replies = tunnel.Relay.Status().Uplink.Dropped["Reply"] - replies;
        int cookies = newcomer.Lines.Count(line => line.Contains("Receiving cookie response", StringComparison.Ordinal));
        ProbeAccount account = await stream.StopAsync();
        flood.Stop();
        await loading.StopAsync();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        string report = $"{origin}: newcomer in after {taken.TotalSeconds:0.0} s and {cookies} cookies, while the server sent {denied} and the relay {replies}; {account}, "
            + $"{tunnel.Server.Host.Space.Snmp("Udp6InErrors") - atServer} datagrams overflowed at the server; {after}";
        Measured.Write(report);

        Assert.True(denied > 0 && replies > 0, report);
        Assert.InRange(cookies, 1, 2);
        Assert.True(taken < TwoCookies, report);
        Assert.True(account.Lost * 100 < account.Sent, report);
        await tunnel.Relay.StopAsync();
    }

    private static int Denied(Tunnel tunnel) =>
        tunnel.Server.Lines.Count(line => line.Contains("denied handshake", StringComparison.Ordinal));
}
