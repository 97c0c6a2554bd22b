using WgProxy.Accounting;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Hosting;

/// <summary>Asks an engine without making any thread wait.</summary>
internal static class EngineQuestions
{
    /// <summary>All figures of the engine; those of its end if it has stopped; null if too many ask.</summary>
    public static async Task<CountersSnapshot?> ReadCountersAsync(this IEngine engine) =>
        await AskAsync(engine, default) is { } query ? query.Counters : null;

    /// <summary>The figures of one route; those of its end if the engine has stopped; null if too many ask.</summary>
    public static async Task<RouteCounters?> ReadCountersAsync(this IEngine engine, RouteId route) =>
        await AskAsync(engine, route) is { } query ? query.OfRoute : null;

    /// <summary>The figures of one route and of some of its peers, likewise.</summary>
    public static async Task<UsageReading?> ReadUsageAsync(this IEngine engine, RouteId route, PeerList peers) =>
        await AskAsync(engine, route, peers) is { } query ? new UsageReading(query.OfRoute, query.OfPeers.ToArray(), query.Now) : null;

    private static async Task<EngineQuery?> AskAsync(IEngine engine, RouteId route, PeerList? peers = null)
    {
        // The answer comes on a thread that moves datagrams: what is to be done with it happens elsewhere.
        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        EngineQuery query = new(_ => answered.SetResult()) { Route = route, Peers = peers ?? PeerList.Empty };
        engine.Query(query);
        await answered.Task;
        return query.Outcome == QueryOutcome.Busy ? null : query;
    }
}
