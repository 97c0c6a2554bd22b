using System.Text;

namespace WgProxy.Compare;

/// <summary>The results of one scenario as a Markdown table: medians over the rounds, and ratios to kernel NAT and nginx.
/// </summary>
internal static class Table
{
    /// <summary>One row.</summary>
    public static void Row(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    private sealed record Column(string Title, Func<Outcome, double?> Value, Func<double?, string> Show);

    public static string Of(Scenario scenario, bool gro, IReadOnlyList<Outcome> outcomes, CompareOptions options)
    {
        List<Column> columns = ColumnsOf(scenario.Measure);
        List<(string Relay, List<Outcome> Rounds)> rows = [.. outcomes.GroupBy(outcome => outcome.Relay, StringComparer.Ordinal)
            .Select(group => (group.Key, group.ToList()))];
        bool ratios = scenario.Measure == Measure.Throughput;
        double? nat = Rate(rows, "nat");
        double? nginx = Rate(rows, "nginx");

        StringBuilder text = new($"### {scenario.Title}");
        _ = text.Append(scenario.HearsGro ? $"; sink {(gro ? "with" : "without")} GRO\n\n" : "\n\n");
        Row(text, ["relay", .. columns.Select(column => column.Title), .. ratios ? ["range /s", "× nat", "× nginx"] : Array.Empty<string>()]);
        Row(text, Enumerable.Repeat("---", 1 + columns.Count + (ratios ? 3 : 0)));
        foreach ((string relay, List<Outcome> rounds) in rows)
        {
            double? rate = Rate(rows, relay);
            string[] tail = [Range(rounds), Cells.Times(rate, nat), Cells.Times(rate, nginx)];
            Row(text, [relay, .. columns.Select(column => column.Show(Cells.Median(rounds.Select(column.Value)))), .. ratios ? tail : []]);
        }

        _ = text.Append('\n').Append(Ratios.Of(scenario.Measure, outcomes, options.Variants.Count > 0));
        if (outcomes.Count(outcome => outcome.DisturbedBy is not null) is > 0 and int again)
        {
            int still = outcomes.Count(outcome => outcome.DisturbedBy is not null && outcome.Others > options.MostOthers);
            _ = text.Append($"{again} of {outcomes.Count} visits were repeated, because others had used more than {options.MostOthers}")
                .Append($" cores; {still} were disturbed again.\n\n");
        }

        foreach (Outcome outcome in outcomes.Where(outcome => outcome.Failure is not null))
        {
            _ = text.Append($"{outcome.Relay}, round {outcome.Round}: {outcome.Failure}\n\n");
        }

        return text.ToString();
    }

    private static List<Column> ColumnsOf(Measure measure) => measure switch
    {
        Measure.Throughput =>
        [
            new("delivered/s", row => row.Rate, Cells.Rate),
            new("lost", row => row.Loss, Cells.Percent),
            new("relay µs", row => row.RelayMicros, Cells.Micros),
            new("machine µs", row => row.MachineMicros, Cells.Micros),
            new("softirq µs", row => row.SoftIrqMicros, Cells.Micros),
            new("others, cores", row => row.Others, Cells.Micros),
            new("per message", row => row.PerMessage, Cells.Plain),
            new("RSS MiB", row => row.Resident, Cells.Megabytes),
        ],
        Measure.RoundTrip =>
        [
            new("p50 µs", row => row.P50, Cells.Plain),
            new("p99 µs", row => row.P99, Cells.Plain),
            new("p99.9 µs", row => row.P999, Cells.Plain),
            new("round trips/s", row => row.Rate, Cells.Rate),
            new("lost", row => row.Loss, Cells.Percent),
            new("others, cores", row => row.Others, Cells.Micros),
        ],
        Measure.Flood =>
        [
            new("asked/s", row => row.AskedRate, Cells.Rate),
            new("judged/s", row => row.Rate, Cells.Rate),
            new("refused/s", row => row.RefusedRate, Cells.Rate),
            new("cookies/s", row => row.CookieRate, Cells.Rate),
            new("reached the server/s", row => row.ReachedRate, Cells.Rate),
            new("relay µs", row => row.RelayMicros, Cells.Micros),
            new("per core/s", row => row.PerCore, Cells.Rate),
            new("live lost up", row => row.LiveLossUp, Cells.Percent),
            new("live lost down", row => row.LiveLossDown, Cells.Percent),
            new("others, cores", row => row.Others, Cells.Micros),
            new("RSS MiB", row => row.Resident, Cells.Megabytes),
        ],
        Measure.Storm =>
        [
            new("answered", row => row.Answered, Cells.Bytes),
            new("within s", row => row.AnsweredSeconds, value => value is null ? "–" : $"{value:0.00}"),
            new("initiations", row => row.Initiations, Cells.Bytes),
            new("p50 ms", row => row.P50 / 1000, Cells.Plain),
            new("p99 ms", row => row.P99 / 1000, Cells.Plain),
            new("live lost up", row => row.LiveLossUp, Cells.Percent),
            new("live lost down", row => row.LiveLossDown, Cells.Percent),
            new("RSS MiB", row => row.Resident, Cells.Megabytes),
        ],
        _ =>
        [
            new("idle RSS MiB", row => row.Resident, Cells.Megabytes),
            new("idle PSS MiB", row => row.Proportional, Cells.Megabytes),
            new("mappings", row => row.Answered, Cells.Bytes),
            new("B/mapping, process", row => row.MappingResident, Cells.Bytes),
            new("B/mapping, control group", row => row.MappingGroup, Cells.Bytes),
            new("B/mapping, slab", row => row.MappingSlab, Cells.Bytes),
        ],
    };

    private static double? Rate(List<(string Relay, List<Outcome> Rounds)> rows, string relay) =>
        Cells.Median(rows.Where(row => string.Equals(row.Relay, relay, StringComparison.Ordinal))
            .SelectMany(row => row.Rounds).Select(outcome => outcome.Rate));

    private static string Range(List<Outcome> rounds) =>
        $"{Cells.Rate(rounds.Min(outcome => outcome.Rate))}–{Cells.Rate(rounds.Max(outcome => outcome.Rate))}";}
