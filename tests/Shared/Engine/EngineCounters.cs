using WgProxy.Core.Engine;
using WgProxy.Logging;

namespace WgProxy.Tests;

/// <summary>An engine's figures for tests that wait for them: by name, and at once.</summary>
internal static class EngineCounters
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>All counters and gauges by name.</summary>
    public static IReadOnlyDictionary<string, long> ReadCounters(this IEngine engine) => CounterNames.Of(engine.Ask().Counters);

    /// <summary>Asks, and waits for the answer.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="room">How many mappings the answer may hold.</param>
    /// <param name="from">The slot from which on mappings are wanted.</param>
    public static EngineQuery Ask(this IEngine engine, int room = 0, int from = 0)
    {
        using ManualResetEventSlim answered = new();
        EngineQuery query = new(_ => answered.Set(), room) { From = from };
        engine.Query(query);
        return answered.Wait(Patience) ? query : throw new TimeoutException("the engine does not answer a query");
    }
}
