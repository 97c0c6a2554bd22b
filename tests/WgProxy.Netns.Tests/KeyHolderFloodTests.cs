namespace WgProxy.Netns.Tests;

/// <summary>Whoever knows the public key may ask as fast as he can, from wherever he likes: tunnels go on, and newcomers
/// still get in.</summary>
[Collection(Loud.Name)]
public sealed class KeyHolderFloodTests
{
    private const int ProbesPerSecond = 10;

    // WireGuard retries 5 s and up to a third of a second after it asked, then with the cookie.
    private static readonly TimeSpan WithCookie = TimeSpan.FromSeconds(6.5);
    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(10);

    [NetnsTheory]
    [InlineData(Origin.OneAddress, 1_000)]
    [InlineData(Origin.OneAddress, 20_000)]
    [InlineData(Origin.OnePrefix, 20_000)]
    [InlineData(Origin.Anywhere, 20_000)]
    [InlineData(Origin.SameSources, 20_000)]
    public Task Valid_initiations_take_nothing_from_tunnels_and_let_newcomers_in(Origin origin, int perSecond) =>
        BestOf.ThreeAsync(() => AttackAsync(origin, perSecond, workers: null));

    // Between what is tried above; with --long, for each takes a quarter of a minute on each engine.
    [LongTheory]
    [InlineData(Origin.OnePrefix, 1_000)]
    [InlineData(Origin.Anywhere, 1_000)]
    public Task So_it_is_when_they_come_slowly_from_many(Origin origin, int perSecond) =>
        BestOf.ThreeAsync(() => AttackAsync(origin, perSecond, workers: null));

    [NetnsTheory]
    [InlineData(Origin.OneAddress, 20_000)]
    [InlineData(Origin.Anywhere, 20_000)]
    public Task So_it_is_with_two_workers(Origin origin, int perSecond)
    {
        Assert.SkipUnless(string.Equals(RelayProcess.Engine, "linux", StringComparison.Ordinal), "only the linux engine has workers");
        return BestOf.ThreeAsync(() => AttackAsync(origin, perSecond, workers: 2));
    }

    private static async Task AttackAsync(Origin origin, int perSecond, int? workers)
    {
        // The cap on unanswered mappings, and what a runtime takes to serve them (about 4 KiB each) with its own slack.
        const int mostSockets = 1_024 + 256;
        const long mostGrowth = 40 * 1024;
        const long mostLateGrowth = 12 * 1024;
        using Tunnel tunnel = await Tunnel.StartAsync(workers);
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        WireGuardInterface second = await tunnel.AddClientAsync();
        WireGuardInterface newcomer = await tunnel.AddClientAsync();
        await tunnel.ConnectAsync();
        await tunnel.ConnectAsync(second, TimeSpan.FromSeconds(5));

        using ProbeStream one = new(tunnel.Client, tunnel.Responder, ProbesPerSecond);
        using ProbeStream other = new(second, tunnel.Responder, ProbesPerSecond);
        Gauge gauge = new(tunnel.Relay);
        using Flood flood = new(
            tunnel.Stranger,
            Attackers.Target(origin, tunnel.Stranger),
            perSecond,
            number => Attackers.Source(origin, tunnel.Stranger, number),
            Attackers.Initiations(tunnel));
        await Eventually.TrueAsync(
            () => tunnel.Relay.Status().Uplink.Dropped.GetValueOrDefault("Reply") > 0,
            TimeSpan.FromSeconds(10),
            () => $"cookies; {tunnel.Relay.Status()}");
        Task<TimeSpan> connecting = tunnel.ConnectAsync(newcomer, TimeSpan.FromSeconds(20));
        await gauge.ReadUntilAsync(Attack, () => connecting.IsCompleted, TimeSpan.FromSeconds(20));
        TimeSpan connected = await connecting;
        flood.Stop();
        (TimeSpan oneEnd, TimeSpan otherEnd) = (one.Elapsed, other.Elapsed);
        RelayStatus during = await tunnel.Relay.StatusAsync();

        // Nothing after: once what was on its way has passed.
        TimeSpan settle = TimeSpan.FromSeconds(0.5);
        await Eventually.TrueAsync(
            () => one.Elapsed > oneEnd + settle + TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), "a second afterwards");
        ProbeAccount[] accounts = [await one.StopAsync(), await other.StopAsync()];
        string report = $"{origin}, {workers ?? 1} workers, {flood.PerSecond:0}/s: {string.Join(" and ", (object[])accounts)}; newcomer in after "
            + $"{connected.TotalSeconds:0.0} s; {gauge}; {during}";
        Measured.Write(report);

        Assert.True(flood.PerSecond > perSecond * 0.8, report);
        Assert.True(accounts.Sum(account => account.Lost) * 100 < accounts.Sum(account => account.Sent), report);
        Assert.Equal(0, accounts[0].LostAfter(oneEnd + settle) + accounts[1].LostAfter(otherEnd + settle));
        Assert.True(connected < WithCookie, report);
        Assert.True(gauge.MostSockets - gauge.FirstSockets <= mostSockets, report);
        Assert.True(gauge.Growth < mostGrowth && gauge.LateGrowth < mostLateGrowth, report);
        Assert.True(gauge.LoggedPerSecond < 1_000, report);
        Assert.Equal(3, during.Mappings["Confirmed"]);
        await tunnel.Relay.StopAsync();
    }
}
