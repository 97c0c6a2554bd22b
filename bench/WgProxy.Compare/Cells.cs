namespace WgProxy.Compare;

/// <summary>Numbers as people read them.</summary>
internal static class Cells
{
    private const double Kilo = 1000;
    private const double Mebi = 1 << 20;

    /// <summary>The middle one of the values there are; null if there are none.</summary>
    public static double? Median(IEnumerable<double?> values)
    {
        double[] sorted = [.. values.OfType<double>().Order()];
        return sorted.Length == 0 ? null : (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The middle one of some ratios, and between which of them the true one lies.</summary>
    public static string Spread(double[] values)
    {
        double[] sorted = [.. values.Order()];
        int outside = Interval.Outside(sorted.Length);
        return sorted.Length == 0
            ? "–"
            : $"{Median(sorted.Cast<double?>()):0.000} ({sorted[outside]:0.00}–{sorted[^(outside + 1)]:0.00})";
    }

    /// <summary>Packets per second.</summary>
    public static string Rate(double? value) => value switch
    {
        null => "–",
        >= 1e6 => $"{value / 1e6:0.00}M",
        >= 1e5 => $"{value / Kilo:0}k",
        _ => $"{value / Kilo:0.0}k",
    };

    public static string Percent(double? value) => value switch
    {
        null => "–",
        0 => "0",
        < 0.001 => $"{value * 100:0.0000} %",
        _ => $"{value * 100:0.0} %",
    };

    public static string Micros(double? value) => value is null ? "–" : value < 1 ? $"{value:0.000}" : $"{value:0.00}";

    public static string Megabytes(double? value) => value is null ? "–" : $"{value / Mebi:0.0}";

    public static string Bytes(double? value) => value is null ? "–" : $"{value:0}";

    public static string Plain(double? value) => value is null ? "–" : $"{value:0.0}";

    public static string Times(double? value, double? reference) =>
        value is null || reference is null or 0 ? "–" : $"{value / reference:0.00}";

    /// <summary>One visit, on one line.</summary>
    public static string Brief(Measure measure, Outcome outcome) => outcome.Failure ?? measure switch
    {
        Measure.Throughput => $"{Rate(outcome.Rate),7}/s  lost {Percent(outcome.Loss),9}  relay {Micros(outcome.RelayMicros)} µs"
            + $"  machine {Micros(outcome.MachineMicros)} µs  others {Micros(outcome.Others)}  overflow {outcome.RelayOverflow}/{outcome.SinkOverflow}",
        Measure.RoundTrip => $"p50 {Plain(outcome.P50)}  p99 {Plain(outcome.P99)}  p99.9 {Plain(outcome.P999)} µs  lost {Percent(outcome.Loss)}"
            + $"  others {Micros(outcome.Others)}",
        Measure.Flood => $"{Rate(outcome.AskedRate),7}/s asked  judged {Rate(outcome.Rate)}  refused {Rate(outcome.RefusedRate)}  reached the server"
            + $" {Rate(outcome.ReachedRate)}  relay {Micros(outcome.RelayMicros)} µs  live lost {Percent(outcome.LiveLossUp)} up,"
            + $" {Percent(outcome.LiveLossDown)} down  others {Micros(outcome.Others)}  overflow {outcome.RelayOverflow}",
        Measure.Storm => $"{outcome.Answered} answered in {outcome.AnsweredSeconds:0.00} s, {outcome.Initiations} asked;"
            + $" live lost {Percent(outcome.LiveLossUp)} up, {Percent(outcome.LiveLossDown)} down",
        _ => $"idle {Megabytes(outcome.Resident)} MiB; per mapping {Bytes(outcome.MappingResident)} process,"
            + $" {Bytes(outcome.MappingGroup)} group, {Bytes(outcome.MappingSlab)} slab; {outcome.Answered} mappings",
    };
}
