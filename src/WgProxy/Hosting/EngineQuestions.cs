using WgProxy.Core.Engine;

namespace WgProxy.Hosting;

/// <summary>Asks an engine without making any thread wait.</summary>
internal static class EngineQuestions
{
    /// <summary>All figures of the engine; those of its end if it has stopped; null if too many ask.</summary>
    public static async Task<CountersSnapshot?> ReadCountersAsync(this IEngine engine)
    {
        // The answer comes on a thread that moves datagrams: what is to be done with it happens elsewhere.
        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        EngineQuery query = new(_ => answered.SetResult());
        engine.Query(query);
        await answered.Task;
        return query.Outcome == QueryOutcome.Busy ? null : query.Counters;
    }
}
