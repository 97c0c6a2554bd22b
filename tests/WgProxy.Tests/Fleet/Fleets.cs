using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Routes;
using WgProxy.Fleet;

namespace WgProxy.Tests.Fleet;

/// <summary>Relays of a fleet, as far as their part in it goes.</summary>
internal static class Fleets
{
    /// <summary>The fleet's key.</summary>
    public static FleetKey Key { get; } = new([.. Enumerable.Range(1, 32).Select(value => (byte)value)]);

    /// <summary>Where the usual route's indices stand.</summary>
    public static ulong Groups { get; } = Key.GroupsOf([Keys.Route().Key]);

    /// <summary>A relay that begins to connect.</summary>
    public static RelayFleet Begin(string store, string name, string? password = null, FleetKey? key = null)
    {
        Assert.True(StoreAddress.TryParse(store, out StoreAddress? address, out _));
        FleetSettings settings = new(address, "none", name);
        return new RelayFleet(settings, new FleetStore(key ?? Key, StoreConnection.OptionsOf(settings, password, null)), _ => { });
    }

    /// <summary>A relay that has connected.</summary>
    public static async Task<RelayFleet> JoinAsync(string store, string name, FleetKey? key = null)
    {
        RelayFleet fleet = Begin(store, name, key: key);
        await UntilAsync(() => fleet.Store.IsUp);
        return fleet;
    }

    /// <summary>What an engine gives its records to.</summary>
    public static RecordWriter WriterOf(RelayFleet fleet) =>
        fleet.Equip(new EngineSettings { Listen = [], Routes = new RouteList(1), Seeds = Hosting.RandomBits.DrawSeeds() }).Journal!.Write;

    /// <summary>Waits for a condition.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource end = new(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            await Task.Delay(10, end.Token);
        }
    }
}
