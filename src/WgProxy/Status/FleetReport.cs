using WgProxy.Fleet;
using WgProxy.Standby;

namespace WgProxy.Status;

/// <summary>This relay's part in its fleet.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="Name">The relay's name in the fleet; null if it is in none.</param>
/// <param name="Store">Where the store is; null without a fleet.</param>
internal sealed record FleetReport(DateTimeOffset Now, string? Name, string? Store)
{
    /// <summary>Whether the store took and answered what it was sent last.</summary>
    public bool StoreIsUp { get; init; }

    /// <summary>What is wrong with the store, in its own or the client's words; null if nothing is.</summary>
    public string? Trouble { get; init; }

    /// <summary>For how many seconds the store has not been up.</summary>
    public double DownSeconds { get; init; }

    /// <summary>How many seconds the store's clock is ahead of this host's; null if it has not said.</summary>
    public double? StoreClockAheadSeconds { get; init; }

    /// <summary>Records that wait to be written.</summary>
    public int Waiting { get; init; }

    /// <summary>For how many seconds the oldest of them has waited.</summary>
    public double OldestSeconds { get; init; }

    /// <summary>What has been counted since the start, by name.</summary>
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>How it stands beside the other of its pair.</summary>
    public PairReport Pair { get; init; } = PairReport.None;

    /// <summary>The report of a relay.</summary>
    public static FleetReport Of(RelayFleet? fleet, DateTimeOffset now, Pair? pair = null) => fleet is null ? new FleetReport(now, null, null) : new FleetReport(now, fleet.Settings.Name, fleet.Settings.Store.Text)
    {
        Pair = pair?.Report ?? PairReport.None,
        StoreIsUp = fleet.Store.IsUp,
        Trouble = fleet.Store.Trouble,
        DownSeconds = fleet.Store.DownFor / 1000.0,
        StoreClockAheadSeconds = fleet.Store.Clock.Ahead / 1000.0,
        Waiting = fleet.Waiting,
        OldestSeconds = fleet.OldestFor / 1000.0,
        Counts = Enum.GetValues<FleetCount>().ToDictionary(count => count.ToString(), count => fleet.Store.Figures[count], StringComparer.Ordinal),
    };
}
