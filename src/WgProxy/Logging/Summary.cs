using System.Globalization;
using WgProxy.Accounting;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Logging;

/// <summary>An engine's figures in one line.</summary>
internal static class Summary
{
    /// <summary>Uptime, mappings by proof, what passed each way, what was dropped or refused, and what a datagram may have waited for:
    /// the longest turn of a worker, and the pauses for collecting garbage.</summary>
    public static string Of(CountersSnapshot counters, TimeSpan uptime, TimeSpan pauses)
    {
        string[] parts =
        [
            $"up {Span(uptime)}",
            $"mappings {List(CounterNames.Mappings(counters))}",
            Way("uplink", Direction.Uplink),
            Way("downlink", Direction.Downlink),
            $"faults {Faults()}",
            $"longest turn {Milliseconds(counters.LongestTurn)}, of all {Milliseconds(counters.LongestTurnOfAll)}",
            $"pauses {Milliseconds(pauses)}",
        ];
        return string.Join("; ", parts);

        string Way(string name, Direction direction) =>
            $"{name} {counters.Passed(direction)} datagrams {counters.ForwardedBytes(direction)} bytes, "
            + $"dropped {List(CounterNames.Dropped(counters, direction))}";

        // A newcomer for whom there was no socket was let in by verdict, and not served: that is a fault too.
        string Faults()
        {
            long refused = counters[RelayEventKind.OpenFailed];
            string faults = List(CounterNames.Faults(counters));
            string opening = $"{CounterNames.OpenFailed} {refused}";
            return refused == 0 ? faults : faults is "none" ? opening : $"{opening}, {faults}";
        }
    }

    /// <summary>What passed for one server.</summary>
    public static string Of(RouteCounters counters)
    {
        return string.Join(
            "; ",
            $"mappings {List(CounterNames.Mappings(counters))}",
            $"handshakes {counters.Handshakes}",
            Way("uplink", Direction.Uplink),
            Way("downlink", Direction.Downlink));

        string Way(string name, Direction direction) =>
            $"{name} {counters[direction, Verdict.Forward] + counters[direction, Verdict.Open]} datagrams {counters.ForwardedBytes(direction)} bytes, "
            + $"dropped {List(CounterNames.Dropped(counters, direction))}";
    }

    /// <summary>What one peer has carried.</summary>
    public static string Of(UsageFigures figures) =>
        $"handshakes {figures.Handshakes}; uplink {figures.UplinkDatagrams} datagrams {figures.UplinkBytes} bytes; "
        + $"downlink {figures.DownlinkDatagrams} datagrams {figures.DownlinkBytes} bytes"
        + (figures.LastSeen == 0 ? string.Empty : $"; last packet at {DateTimeOffset.FromUnixTimeMilliseconds(figures.LastSeen):yyyy-MM-dd'T'HH:mm:ss'Z'}");

    /// <summary>How many mappings there are, and how many of them are proven.</summary>
    public static string InBrief(CountersSnapshot counters)
    {
        long all = CounterNames.Mappings(counters).Sum(mapping => mapping.Value);
        long proven = counters[Proof.Established] + counters[Proof.Confirmed];
        return string.Create(CultureInfo.InvariantCulture, $"{all} mappings, {proven} of them proven");
    }

    private static string List(IEnumerable<(string Name, long Value)> counters)
    {
        string list = string.Join(", ", counters
            .Where(counter => counter.Value != 0)
            .OrderByDescending(counter => counter.Value).ThenBy(counter => counter.Name, StringComparer.Ordinal)
            .Select(counter => $"{counter.Name} {counter.Value}"));
        return list.Length == 0 ? "none" : list;
    }

    private static string Milliseconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds:0.00} ms");

    private static string Span(TimeSpan span) => span switch
    {
        { TotalMinutes: < 1 } => $"{span.TotalSeconds:0.0} s",
        { TotalHours: < 1 } => $"{span.Minutes} min {span.Seconds} s",
        { TotalDays: < 1 } => $"{span.Hours} h {span.Minutes} min",
        _ => $"{span.Days} d {span.Hours} h",
    };
}
