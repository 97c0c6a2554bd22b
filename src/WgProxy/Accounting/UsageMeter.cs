using WgProxy.Core.Routes;

namespace WgProxy.Accounting;

/// <summary>What an engine has counted for a route and its peers since it started. The counters only grow.</summary>
/// <param name="Server">All of its clients.</param>
/// <param name="Peers">Its peers, by id.</param>
/// <param name="Now">The instant by the engine's clock, in which the peers' last packets are told.</param>
internal sealed record UsageReading(RouteCounters Server, PeerStatus[] Peers, Tick Now);

/// <summary>
/// Reads the counters of an engine every few seconds, off the packet path, and enters in the book what has come since. One reading at a
/// time.
/// </summary>
/// <param name="routes">The routes that are served now.</param>
/// <param name="read">Reads the counters of a route, and of some of its peers; null if too many ask.</param>
/// <param name="book">The accounts.</param>
/// <param name="time">The clock.</param>
internal sealed class UsageMeter(
    Func<IReadOnlyList<(RouteId Id, Route Route)>> routes, Func<RouteId, PeerList, Task<UsageReading?>> read, UsageBook book, TimeProvider time)
{
    /// <summary>The time between two readings. A crash costs what has come since the last one that was written.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>The time between two writings.</summary>
    public static readonly TimeSpan WritingPeriod = TimeSpan.FromSeconds(60);

    // A disk that stands still must not keep the relay from ending.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Dictionary<(RouteId Route, PeerId Peer), UsageFigures> _before = [];

    // Routes that had carried something when they were read last. Their peers were read a moment before, and may have to catch up.
    private readonly HashSet<RouteId> _lately = [];
    private DateTimeOffset _since = time.GetUtcNow();

    // The end of the last reading: the next waits for it.
    private Task _last = Task.CompletedTask;
    private Task _running = Task.CompletedTask;
    private Task _writing = Task.CompletedTask;

    /// <summary>Reads and writes until cancelled. Called once.</summary>
    public Task RunAsync(CancellationToken stop) => _running = ReadAndWriteAsync(stop);

    /// <summary>Reads now. What has come since the last reading belongs to the day of that. Any thread may ask: readings wait for each
    /// other.</summary>
    public async Task ReadAsync()
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await Interlocked.Exchange(ref _last, end.Task);
        try
        {
            DateOnly day = DayOf(_since);
            IReadOnlyList<(RouteId Id, Route Route)> served = routes();
            foreach ((RouteId id, Route route) in served)
            {
                await ReadAsync(id, route, day);
            }

            _since = time.GetUtcNow();
            Forget([.. served.Select(each => each.Id)]);
        }
        finally
        {
            end.SetResult();
        }
    }

    /// <summary>Reads and writes for the last time, once the engine has stopped.</summary>
    public async Task EndAsync()
    {
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ReadAsync();
        Task writing = _writing.ContinueWith(_ => book.Write(DayOf(_since)), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _ = await Task.WhenAny(writing, Task.Delay(Patience, time));
    }

    private async Task ReadAndWriteAsync(CancellationToken stop)
    {
        DateTimeOffset written = time.GetUtcNow();
        while (true)
        {
            DateTimeOffset now = time.GetUtcNow();
            TimeSpan untilMidnight = now.UtcDateTime.Date.AddDays(1) - now.UtcDateTime;
            await Task.Delay(untilMidnight < Period ? untilMidnight : Period, time, stop);
            bool isNextDay = DayOf(_since) != DayOf(time.GetUtcNow());
            await ReadAsync();
            if ((isNextDay || time.GetUtcNow() - written >= WritingPeriod || time.GetUtcNow() < written) && _writing.IsCompleted)
            {
                written = time.GetUtcNow();
                _writing = Task.Run(() => book.Write(DayOf(written)), CancellationToken.None);
            }
        }
    }

    private static DateOnly DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(instant.UtcDateTime);

    /// <summary>First the server alone. Its peers take a look at every mapping, so they are asked for only if anything has happened.
    /// </summary>
    private async Task ReadAsync(RouteId id, Route route, DateOnly day)
    {
        PeerList peers = route.Settings.Peers;
        if (await read(id, PeerList.Empty) is not { } reading)
        {
            return;
        }

        bool isBusy = !(Of(reading.Server, 0) - _before.GetValueOrDefault((id, default))).IsEmpty;
        bool wasBusy = isBusy ? !_lately.Add(id) : _lately.Remove(id);
        if (peers.Count > 0 && (isBusy || wasBusy) && await read(id, peers) is { } withPeers)
        {
            reading = withPeers;
        }

        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        Enter(day, new UsageOwner(route.Key, null), id, default, Of(reading.Server, now));
        foreach (PeerStatus peer in reading.Peers)
        {
            long seen = peer.LastSeen == default ? 0 : now - Math.Max(0, reading.Now.Milliseconds - peer.LastSeen.Milliseconds);
            UsageFigures figures = new(peer.Handshakes, peer.UplinkDatagrams, peer.DownlinkDatagrams, peer.UplinkBytes, peer.DownlinkBytes, seen);
            Enter(day, new UsageOwner(route.Key, peers.KeyOf(peer.Peer)!), id, peer.Peer, figures);
        }
    }

    private void Enter(DateOnly day, in UsageOwner owner, RouteId route, PeerId peer, in UsageFigures counted)
    {
        UsageFigures since = counted - _before.GetValueOrDefault((route, peer));
        if (!since.IsEmpty)
        {
            _before[(route, peer)] = counted;
            book.Add(day, owner, since);
        }
    }

    /// <summary>A route that is no more is never read again: its id does not come back.</summary>
    private void Forget(HashSet<RouteId> served)
    {
        foreach ((RouteId Route, PeerId Peer) each in _before.Keys.Where(each => !served.Contains(each.Route)).ToArray())
        {
            _ = _before.Remove(each);
        }

        _ = _lately.RemoveWhere(id => !served.Contains(id));
    }

    private static UsageFigures Of(RouteCounters counters, long now) => new(
        counters.Handshakes,
        Passed(counters, Direction.Uplink),
        Passed(counters, Direction.Downlink),
        counters.ForwardedBytes(Direction.Uplink),
        counters.ForwardedBytes(Direction.Downlink),
        now);

    private static long Passed(RouteCounters counters, Direction direction) =>
        counters[direction, Verdict.Forward] + counters[direction, Verdict.Open];
}
