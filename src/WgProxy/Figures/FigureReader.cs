using WgProxy.Core.Engine;
using WgProxy.Serving;

namespace WgProxy.Figures;

/// <summary>
/// Reads all figures by one query to the engine, for which the packet path neither waits nor allocates. One reads at a time; the others wait
/// for it. What a reading needs is kept and used again, because the threads that move datagrams pause when garbage is collected.
/// </summary>
internal sealed class FigureReader : IDisposable
{
    /// <summary>How many pages may be lent at once. A slow client holds one of megabytes.</summary>
    public const int MostPages = 4;

    // Workers answer within a few turns, which take microseconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly IEngine _engine;
    private readonly Func<IReadOnlyList<Served>> _servers;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _answered = new(0);
    private readonly SemaphoreSlim _pages = new(MostPages);
    private readonly EngineQuery _query;
    private readonly Reading _reading;

    /// <summary>A reader of an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="servers">The servers, as they are served now.</param>
    /// <param name="constants">What does not change.</param>
    /// <param name="time">The clock.</param>
    public FigureReader(IEngine engine, Func<IReadOnlyList<Served>> servers, Reading.Constants constants, TimeProvider time)
    {
        (_engine, _servers, _time) = (engine, servers, time);

        // Released on a thread that moves datagrams: the waiting task goes on elsewhere, because a semaphore runs no continuation itself.
        _query = new EngineQuery(_ => _answered.Release());
        _reading = new Reading { Fixed = constants };
    }

    /// <summary>Reads, and hands the reading to one who uses it before this returns. What it says is of one instant.</summary>
    /// <param name="use">Takes what it needs from the reading.</param>
    /// <param name="stop">Ends the wait for the turn.</param>
    /// <returns>False if the engine did not answer in time, or too many ask: then nothing was read.</returns>
    public async Task<bool> TryUseAsync(Action<Reading> use, CancellationToken stop)
    {
        if (!await _turn.WaitAsync(Patience, stop))
        {
            return false;
        }

        Follow(_servers());
        _engine.Query(_query);

        // Not to be cancelled: until it has ended, the query is the engine's, and the turn is not given on.
        Task answered = _answered.WaitAsync(CancellationToken.None);
        if (!answered.IsCompleted && await Task.WhenAny(answered, Task.Delay(Patience, _time, CancellationToken.None)) != answered)
        {
            _ = answered.ContinueWith(_ => _turn.Release(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return false;
        }

        try
        {
            if (_query.Outcome == QueryOutcome.Busy)
            {
                return false;
            }

            (_reading.All, _reading.Now, _reading.UnixNow) = (_query.Counters, _query.Now, _time.GetUtcNow().ToUnixTimeMilliseconds());
            use(_reading);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Reads a page for Prometheus. The caller disposes of it. Null as with <see cref="TryUseAsync"/>, or if <see cref="MostPages"/>
    /// are lent.</summary>
    public async Task<PageWriter?> ReadPageAsync(CancellationToken stop)
    {
        if (!await _pages.WaitAsync(TimeSpan.Zero, stop))
        {
            return null;
        }

        PageWriter page = new() { Disposed = () => _pages.Release() };
        bool isRead = false;
        try
        {
            isRead = await TryUseAsync(page.Write, stop);
            return isRead ? page : null;
        }
        finally
        {
            if (!isRead)
            {
                page.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _turn.Dispose();
        _answered.Dispose();
        _pages.Dispose();
    }

    private void Follow(IReadOnlyList<Served> servers)
    {
        bool isSame = servers.Count == _reading.Servers.Count;
        for (int i = 0; i < servers.Count && isSame; i++)
        {
            isSame = !_reading.Servers[i].IsOld(servers[i]);
        }

        if (isSame)
        {
            return;
        }

        _reading.Servers = [.. servers.Select(ServerNamesRead.Of)];
        _reading.Routes = new RouteFigures([.. _reading.Servers.Select(server => (server.Served.Id, server.List))]);
        _query.Routes = _reading.Routes;
    }
}
