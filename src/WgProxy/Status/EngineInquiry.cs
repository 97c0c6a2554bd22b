using WgProxy.Core.Engine;
using WgProxy.Hosting;

namespace WgProxy.Status;

/// <summary>What is asked of an engine beside its own figures.</summary>
internal readonly record struct Question
{
    /// <summary>Room for the figures of routes that are wanted; null if none are.</summary>
    public RouteFigures? Routes { get; init; }

    /// <summary>The slot from which on mappings are wanted; null if none are.</summary>
    public int? From { get; init; }

    /// <summary>Whether the sources whose initiations were refused lately are wanted.</summary>
    public bool Strangers { get; init; }

    /// <summary>The mappings that are to be ended; null for none.</summary>
    public DropRule? Drop { get; init; }
}

/// <summary>
/// Asks an engine for reports: one question at a time, whatever the number of askers. An engine has room for eight questions, and the
/// watchdog's must find some.
/// </summary>
/// <param name="engine">The engine.</param>
internal sealed class EngineInquiry(IEngine engine)
{
    /// <summary>Mappings in one answer. Their row is made once, so that pages of mappings cost no garbage.</summary>
    public const int Page = 256;

    // Those of four workers.
    private const int MostStrangers = 4 * Limits.RememberedStrangers;

    /// <summary>How long an asker waits for its turn and for the answer. Workers answer within a few turns, which take
    /// microseconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Turn _turn = new();
    private TaskCompletionSource _answered = new();
    private EngineQuery? _figures;
    private EngineQuery? _page;
    private EngineQuery? _strangers;

    /// <summary>Asks once.</summary>
    /// <param name="question">What is asked.</param>
    /// <param name="read">Takes what is wanted out of the answer, which is the next asker's afterwards.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>What was read; null if the engine did not answer in time, or too many ask.</returns>
    public async Task<T?> AskAsync<T>(Question question, Func<EngineQuery, T> read, CancellationToken stop)
        where T : class
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            await _turn.BeginAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }

        // The answer comes on a thread that moves datagrams: what is to be done with it happens elsewhere.
        TaskCompletionSource answered = _answered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        EngineQuery query = question.Strangers ? _strangers ??= new EngineQuery(_ => _answered.SetResult(), strangers: MostStrangers)
            : question.From is null
            ? _figures ??= new EngineQuery(_ => _answered.SetResult())
            : _page ??= new EngineQuery(_ => _answered.SetResult(), Page);
        (query.Routes, query.From, query.Drop) = (question.Routes, question.From ?? 0, question.Drop);
        engine.Query(query);
        try
        {
            await answered.Task.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The engine has the query until it answers. The turn is not free before.
            _ = answered.Task.ContinueWith(_ => _turn.End(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return null;
        }

        try
        {
            return query.Outcome == QueryOutcome.Busy ? null : read(query);
        }
        finally
        {
            _turn.End();
        }
    }
}
