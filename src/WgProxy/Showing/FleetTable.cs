using System.Globalization;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>The report of a fleet, a line for each thing.</summary>
internal static class FleetTable
{
    /// <summary>The lines.</summary>
    public static PlainTable Of(FleetReport report)
    {
        PlainTable table = new("fleet", "value");
        table.Add("relay", report.Name ?? "in no fleet: there is no section [Fleet]");
        if (report.Name is null)
        {
            return table;
        }

        table.Add("store", report.Store ?? "-");
        table.Add("store is up", report.StoreIsUp ? "yes" : $"no, for {Seconds(report.DownSeconds)}: {report.Trouble}");
        table.Add("store's clock", report.StoreClockAheadSeconds is not { } ahead ? "not known" : ahead < 0 ? $"{Seconds(-ahead)} behind this host's" : $"{Seconds(ahead)} ahead of this host's");
        table.Add("records that wait", report.Waiting == 0 ? "0" : $"{report.Waiting}, the oldest for {Seconds(report.OldestSeconds)}");
        AddPair(table, report.Pair);
        foreach ((string name, long count) in report.Counts)
        {
            table.Add(name, count.ToString(CultureInfo.InvariantCulture));
        }

        return table;
    }

    private static void AddPair(PlainTable table, PairReport pair)
    {
        if (pair.Relay is null)
        {
            return;
        }

        string addresses = string.Join(" and ", pair.Addresses);
        table.Add("pair", pair.Serves ? $"serves {addresses}; {pair.Relay} stands by" : $"stands by for {pair.Relay}, until this host has {addresses}");
        if (!pair.Serves)
        {
            table.Add("mappings to take over", string.Create(CultureInfo.InvariantCulture, $"{pair.Mappings}, {pair.Ports} upstream ports bound"));
        }
        else if (pair.TookSeconds is { } took)
        {
            table.Add("mappings taken over", string.Create(CultureInfo.InvariantCulture, $"{pair.Restored} of {pair.Known}, in {1_000 * took:0} ms"));
        }

        if (pair.Refused > 0)
        {
            table.Add("records without room", pair.Refused.ToString(CultureInfo.InvariantCulture));
        }
    }

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
}
