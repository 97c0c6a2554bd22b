using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Fleet;
using WgProxy.Tests.State;

namespace WgProxy.Tests.Fleet;

/// <summary>What an engine does not know is sought in a real redis-server, and what another relay wrote there is told to it.</summary>
public sealed class TunnelSeekerTests : IDisposable
{
    private const int Number = 7;
    private const uint Index = 0x5000_0000 + Number;

    private static readonly FleetKey Key = new([.. Enumerable.Range(1, 32).Select(value => (byte)value)]);

    private readonly RedisServer _redis = Needed();
    private readonly TakingEngine _engine = new();

    public void Dispose()
    {
        _redis.Dispose();
        _engine.Dispose();
    }

    [Fact]
    public async Task What_another_relay_wrote_is_told_to_the_owner_that_seeks_it()
    {
        await using RelayFleet a = await JoinAsync("a");
        await using RelayFleet b = await JoinAsync("b");
        Assert.True(Equipped(a).Journal!.Write(AnyMapping.Record(Number)));
        await UntilAsync(() => a.Store.Figures[FleetCount.Written] == 1);
        DirectorySettings directory = Started(b);
        Assert.True(directory.Seek(new SoughtIndex(Index + 1, 2)));
        Assert.True(directory.Seek(new SoughtIndex(Index, 3)));
        await UntilAsync(() => !_engine.Told.IsEmpty);
        DirectoryAnswer told = Assert.Single(_engine.Told);
        Assert.Equal(new SoughtIndex(Index, 3), told.Sought);
        Assert.Equal(AnyMapping.Record(Number).Source, told.Record.Source);

        // As it is true now, and not as it was written.
        Assert.InRange(told.Record.Tunnel.Pairs[0].Remaining, 100_000u, 180_000u);
    }

    [Fact]
    public async Task A_tunnel_of_no_route_here_is_not_sought()
    {
        await using RelayFleet a = await JoinAsync("a");
        await using RelayFleet b = await JoinAsync("b");
        Assert.True(Equipped(a).Journal!.Write(AnyMapping.Record(Number)));
        await UntilAsync(() => a.Store.Figures[FleetCount.Written] == 1);
        DirectorySettings directory = Started(b, []);
        Assert.True(directory.Seek(new SoughtIndex(Index, 0)));
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        Assert.Empty(_engine.Told);
        Assert.Equal(0, b.Store.Figures[FleetCount.Asked]);
    }

    [Fact]
    public async Task A_store_that_hangs_costs_what_is_sought_meanwhile_and_nothing_waits_without_bound()
    {
        await using RelayFleet a = await JoinAsync("a");
        await using RelayFleet b = await JoinAsync("b");
        Assert.True(Equipped(a).Journal!.Write(AnyMapping.Record(Number)));
        await UntilAsync(() => a.Store.Figures[FleetCount.Written] == 1);
        DirectorySettings directory = Started(b);
        _redis.Pause();
        uint refused = 0;
        for (uint i = 0; i < 60_000; i++)
        {
            refused += directory.Seek(new SoughtIndex(0x1000_0000 + i, 0)) ? 0u : 1;
        }

        Assert.True(refused > 0, "60,000 indices wait");
        _redis.Resume();
        await UntilAsync(() =>
        {
            _ = directory.Seek(new SoughtIndex(Index, 0));
            return !_engine.Told.IsEmpty;
        });
    }

    private static RedisServer Needed()
    {
        Assert.SkipUnless(RedisServer.IsThere, "redis-server is not installed");
        return new RedisServer();
    }

    private static EngineSettings Equipped(RelayFleet fleet, RouteList? routes = null) =>
        fleet.Equip(new EngineSettings { Listen = [], Routes = routes ?? [Keys.Route()], Seeds = Hosting.RandomBits.DrawSeeds() });

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(10, end.Token);
        }
    }

    private DirectorySettings Started(RelayFleet fleet, RouteList? routes = null)
    {
        EngineSettings settings = Equipped(fleet, routes);
        settings.Starting!(_engine);
        return settings.Directory!;
    }

    private async Task<RelayFleet> JoinAsync(string name)
    {
        Assert.True(StoreAddress.TryParse(_redis.Address, out StoreAddress? address, out _));
        FleetSettings settings = new(address, "none", name);
        RelayFleet fleet = new(settings, new FleetStore(Key, StoreConnection.OptionsOf(settings, null, null)), _ => { });
        await UntilAsync(() => fleet.Store.IsUp);
        return fleet;
    }
}
