namespace WgProxy.Logging;

/// <summary>An engine's counters in one line.</summary>
internal static class Summary
{
    /// <summary>Uptime, mappings by proof, traffic in each direction, and everything that was dropped or refused.</summary>
    public static string Of(IReadOnlyDictionary<string, long> counters, TimeSpan uptime)
    {
        string[] parts =
        [
            $"up {Span(uptime)}",
            $"mappings {List("mappings.")}",
            Way("uplink", Direction.Uplink),
            Way("downlink", Direction.Downlink),
            $"faults {Faults()}",
        ];
        return string.Join("; ", parts);

        string Way(string name, Direction direction)
        {
            string prefix = $"{direction.ToString().ToLowerInvariant()}.";
            long passed = Of($"{prefix}{Verdict.Forward}") + Of($"{prefix}{Verdict.Open}");
            string dropped = List(prefix, nameof(Verdict.Forward), nameof(Verdict.Open));
            return $"{name} {passed} datagrams {Of($"bytes.{direction}")} bytes, dropped {dropped}";
        }

        // The verdict admitted a newcomer, but there was no socket for it. That is a fault too.
        string Faults()
        {
            long refused = Of($"event.{RelayEventKind.OpenFailed}");
            string faults = List("fault.");
            string opening = $"{RelayEventKind.OpenFailed} {refused}";
            return refused == 0 ? faults : faults is "none" ? opening : $"{opening}, {faults}";
        }

        string List(string prefix, params string[] except)
        {
            IEnumerable<string> named = counters
                .Where(counter => counter.Value != 0 && counter.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(counter => (Name: counter.Key[prefix.Length..], counter.Value))
                .Where(counter => !except.Contains(counter.Name, StringComparer.Ordinal))
                .OrderByDescending(counter => counter.Value).ThenBy(counter => counter.Name, StringComparer.Ordinal)
                .Select(counter => $"{counter.Name} {counter.Value}");
            string list = string.Join(", ", named);
            return list.Length == 0 ? "none" : list;
        }

        long Of(string name) => counters.GetValueOrDefault(name);
    }

    private static string Span(TimeSpan span) => span switch
    {
        { TotalMinutes: < 1 } => $"{span.TotalSeconds:0.0} s",
        { TotalHours: < 1 } => $"{span.Minutes} min {span.Seconds} s",
        { TotalDays: < 1 } => $"{span.Hours} h {span.Minutes} min",
        _ => $"{span.Days} d {span.Hours} h",
    };
}
