using WgProxy.Fleet;

namespace WgProxy.Figures;

/// <summary>The figures of a relay that is in a fleet. Without one they have no series.</summary>
internal static class FleetSeries
{
    private static readonly (FleetCount Count, Label Label)[] Outcomes = Labelled("outcome", FleetCount.Written, FleetCount.Dropped, FleetCount.Refused);

    private static readonly (FleetCount Count, Label Label)[] LookUps =
        Labelled("outcome", FleetCount.Hits, FleetCount.Misses, FleetCount.KnownMisses, FleetCount.Unanswered, FleetCount.LateHits);

    private static readonly (FleetCount Count, Label Label)[] Reasons = Labelled("reason", FleetCount.Forged, FleetCount.OtherVersion, FleetCount.Unreadable, FleetCount.Stale);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Figure> All { get; } =
    [
        OfStore("wgproxy.fleet.store.up", FigureKind.Gauge, "", "1 if the fleet's store took and answered what it was sent last.", fleet => fleet.Store.IsUp ? 1 : 0),
        OfStore("wgproxy.fleet.waiting", FigureKind.Gauge, "{record}", "Records that wait to be written to the fleet's store.", fleet => fleet.Waiting),
        OfStore("wgproxy.fleet.oldest", FigureKind.Gauge, "s", "How long the oldest of them has waited.", fleet => fleet.OldestFor / 1000.0),
        Of("wgproxy.fleet.records", "{record}", "outcome", "Records for the fleet's store: written, dropped to make room for newer ones, or refused by the store.", Outcomes),
        Of("wgproxy.fleet.lookups", "{index}", "outcome", "Indices that this relay did not know, by what the fleet's store said. KnownMisses were not asked for again; LateHits came after their time.", LookUps),
        Of("wgproxy.fleet.unread", "{record}", "reason", "Records from the fleet's store that were not believed.", Reasons),
    ];

    private static Figure OfStore(string name, FigureKind kind, string unit, string help, Func<RelayFleet, double> read) => new(name, kind, unit, "", help, (reading, sink) =>
    {
        if (reading.Fixed.Fleet is { } fleet)
        {
            sink.Add(read(fleet));
        }
    });

    private static Figure Of(string name, string unit, string labels, string help, (FleetCount Count, Label Label)[] counts) => new(name, FigureKind.Counter, unit, labels, help, (reading, sink) =>
    {
        if (reading.Fixed.Fleet is not { } fleet)
        {
            return;
        }

        foreach ((FleetCount count, Label label) in counts)
        {
            sink.Add(fleet.Store.Figures[count], label);
        }
    });

    private static (FleetCount Count, Label Label)[] Labelled(string key, params FleetCount[] counts) => [.. counts.Select(count => (count, new Label(key, count.ToString())))];
}
