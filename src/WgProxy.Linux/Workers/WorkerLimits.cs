using WgProxy.Core.Engine;

namespace WgProxy.Linux.Workers;

/// <summary>Divides what an engine was told among its workers.</summary>
internal static class WorkerLimits
{
    // With less of anything a worker would refuse what its neighbour has room for.
    private const int Least = 64;

    /// <summary>How many workers the settings are enough for.</summary>
    public static int Workers(EngineSettings settings, int wanted)
    {
        int most = Math.Min(settings.Relay.Slots / (2 * Least), settings.Relay.MaxAsked / Least);
        most = settings.Ports.Count == 0 ? most : Math.Min(most, settings.Ports.Count / Least);
        return Math.Clamp(wanted, 1, Math.Max(1, most));
    }

    /// <summary>The number of a worker's first slot: its slots are numbered on from those of the workers before it.</summary>
    public static int FirstSlot(EngineSettings settings, int worker, int workers) => worker * (settings.Relay.Slots / workers);

    /// <summary>One worker's share: of every limit on mappings, of the budgets that all clients share, and every so many-th
    /// port. What one mapping may do, and times, are the same in each. Its slots are numbered on from those of the workers
    /// before it, so that all of them together stay below the whole engine's.</summary>
    public static EngineSettings Of(EngineSettings settings, int worker, int workers)
    {
        if (workers == 1)
        {
            return settings;
        }

        int slots = settings.Relay.Slots / workers;
        int closing = settings.Relay.Slots - settings.Relay.MaxMappings;
        return settings with
        {
            Ports = [.. settings.Ports.Where((_, i) => i % workers == worker)],
            RestoredPorts = settings.RestoredPorts ?? settings.Ports,
            Seeds = settings.Seeds.OfWorker(worker),
            Relay = settings.Relay with
            {
                MaxMappings = slots - closing,
                MaxAsked = settings.Relay.MaxAsked / workers,
                MaxClaimed = Math.Max(1, settings.Relay.MaxClaimed / workers),
                LoadedAsked = settings.Relay.LoadedAsked / workers,
                PrefixShare = Math.Max(1, settings.Relay.PrefixShare / workers),
                SoughtPerSecond = Math.Max(1, settings.Relay.SoughtPerSecond / workers),
                ServerTokensPerSecond = Math.Max(1, settings.Relay.ServerTokensPerSecond / workers),
            },
            Observe = settings.Observe is { } observe
                ? change => observe(change with { Slot = change.Slot + FirstSlot(settings, worker, workers) })
                : null,
        };
    }
}
