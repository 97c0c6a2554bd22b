using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Logging;

/// <summary>The names of an engine's figures, as they are shown and documented: made here and nowhere else.</summary>
internal static class CounterNames
{
    /// <summary>The name of a fault in a list of faults that mappings could not be opened.</summary>
    public const string OpenFailed = nameof(RelayEventKind.OpenFailed);

    /// <summary>Every counter and gauge by its full name.</summary>
    public static IReadOnlyDictionary<string, long> Of(CountersSnapshot counters)
    {
        Dictionary<string, long> all = new(StringComparer.Ordinal);
        foreach (Verdict verdict in Enum.GetValues<Verdict>())
        {
            all[$"uplink.{verdict}"] = counters[Direction.Uplink, verdict];
            all[$"downlink.{verdict}"] = counters[Direction.Downlink, verdict];
        }

        foreach (RelayEventKind kind in Enum.GetValues<RelayEventKind>())
        {
            all[$"event.{kind}"] = counters[kind];
        }

        foreach (EngineFault fault in Enum.GetValues<EngineFault>())
        {
            all[$"fault.{fault}"] = counters[fault];
        }

        foreach (Proof proof in Enum.GetValues<Proof>().Where(proof => proof != Proof.None))
        {
            all[$"mappings.{proof}"] = counters[proof];
        }

        foreach (DirectoryCount count in Enum.GetValues<DirectoryCount>())
        {
            all[$"directory.{count}"] = counters[count];
        }

        all["index.Conflicts"] = counters.IndexConflicts;
        all["tolerated.Uplink"] = counters.Tolerated(Direction.Uplink);
        all["tolerated.Downlink"] = counters.Tolerated(Direction.Downlink);
        all["bytes.Uplink"] = counters.ForwardedBytes(Direction.Uplink);
        all["bytes.Downlink"] = counters.ForwardedBytes(Direction.Downlink);
        return all;
    }

    /// <summary>Mappings by proof.</summary>
    public static IEnumerable<(string Name, long Value)> Mappings(CountersSnapshot counters) =>
        Enum.GetValues<Proof>().Where(proof => proof != Proof.None).Select(proof => (proof.ToString(), counters[proof]));

    /// <summary>Mappings of one server by proof.</summary>
    public static IEnumerable<(string Name, long Value)> Mappings(RouteCounters counters) =>
        Enum.GetValues<Proof>().Where(proof => proof != Proof.None).Select(proof => (proof.ToString(), counters[proof]));

    /// <summary>Datagrams for one server, in a direction, that were not forwarded, by verdict.</summary>
    public static IEnumerable<(string Name, long Value)> Dropped(RouteCounters counters, Direction direction) =>
        Enum.GetValues<Verdict>().Where(verdict => verdict > Verdict.Open).Select(verdict => (verdict.ToString(), counters[direction, verdict]));

    /// <summary>Datagrams of a direction that were not forwarded, by verdict.</summary>
    public static IEnumerable<(string Name, long Value)> Dropped(CountersSnapshot counters, Direction direction) =>
        Enum.GetValues<Verdict>().Where(verdict => verdict > Verdict.Open).Select(verdict => (verdict.ToString(), counters[direction, verdict]));

    /// <summary>Refusals of the system by kind.</summary>
    public static IEnumerable<(string Name, long Value)> Faults(CountersSnapshot counters) =>
        Enum.GetValues<EngineFault>().Select(fault => (fault.ToString(), counters[fault]));
}
