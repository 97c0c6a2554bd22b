using System.Text;

namespace WgProxy.Compare;

/// <summary>Ratios of visits of the same round, as a Markdown table. What disturbs a machine for longer than a round disturbs both
/// of a pair, so that these spread less than the figures do. To the relay <c>linux</c> there are ratios if variants take part.
/// </summary>
internal static class Ratios
{
    private const string Ours = "linux";

    private static readonly string[] Others = ["nat", "nginx"];

    private sealed record Column(string Title, string Reference, Func<Outcome, double?> Value);

    public static string Of(Measure measure, IReadOnlyList<Outcome> outcomes, bool variants)
    {
        List<Column> columns = [.. ColumnsOf(measure, variants).Where(column => outcomes.Any(outcome => Is(outcome, column.Reference)))];
        if (columns.Count == 0)
        {
            return "";
        }

        StringBuilder text = new();
        Table.Row(text, ["round by round", .. columns.Select(column => $"{column.Title} × {column.Reference}")]);
        Table.Row(text, Enumerable.Repeat("---", 1 + columns.Count));
        foreach (string relay in outcomes.Select(outcome => outcome.Relay).Distinct(StringComparer.Ordinal))
        {
            Table.Row(text, [relay, .. columns.Select(column => Cell(column, relay, outcomes))]);
        }

        return text.Append('\n').ToString();
    }

    private static string Cell(Column column, string relay, IReadOnlyList<Outcome> outcomes)
    {
        if (string.Equals(relay, column.Reference, StringComparison.Ordinal))
        {
            return "1";
        }

        Dictionary<int, double?> references = outcomes.Where(outcome => Is(outcome, column.Reference))
            .ToDictionary(outcome => outcome.Round, column.Value);
        return Cells.Spread([.. outcomes.Where(outcome => Is(outcome, relay))
            .Select(outcome => column.Value(outcome) / references.GetValueOrDefault(outcome.Round))
            .OfType<double>().Where(double.IsFinite)]);
    }

    private static IEnumerable<Column> ColumnsOf(Measure measure, bool variants)
    {
        string[] all = variants ? [.. Others, Ours] : Others;
        string[] ours = variants ? [Ours] : [];
        return measure switch
        {
            Measure.Throughput =>
            [
                .. all.Select(reference => new Column("delivered", reference, row => row.Rate)),
                .. ours.Select(reference => new Column("relay µs", reference, row => row.RelayMicros)),
                .. all.Select(reference => new Column("machine µs", reference, row => row.MachineMicros)),
            ],
            Measure.RoundTrip =>
            [
                .. all.Select(reference => new Column("p50", reference, row => row.P50)),
                .. all.Select(reference => new Column("p99.9", reference, row => row.P999)),
            ],
            Measure.Flood =>
            [
                .. ours.Select(reference => new Column("judged", reference, row => row.Rate)),
                .. ours.Select(reference => new Column("relay µs", reference, row => row.RelayMicros)),
            ],
            _ => [],
        };
    }

    private static bool Is(Outcome outcome, string relay) => string.Equals(outcome.Relay, relay, StringComparison.Ordinal);
}
