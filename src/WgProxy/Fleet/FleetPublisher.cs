using StackExchange.Redis;
using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Fleet;

/// <summary>
/// Publishes records, on a thread of its own. The threads that own mappings only leave them in a queue, which drops the oldest when it is full: whatever the store does, they
/// never wait. The publisher gathers for 30 milliseconds, so that of a mapping that changes several times at once the store has one record. It has one batch on its way at a time.
/// </summary>
internal sealed class FleetPublisher : IDisposable
{
    /// <summary>How many records may wait: 2.6 MB. A relay with 16,384 busy mappings writes as many in 11 s.</summary>
    public const int Waiting = 4_096;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);
    // A connection that begins, or that comes back at once, is no trouble yet.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MostPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly FleetStore _store;
    private readonly string _relay;
    private readonly RedisChannel _channel;
    private readonly FleetBatch _batch;
    private readonly Action<string?> _report;
    private readonly PublishQueue _queue = new(Waiting);
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _thread;
    private int _isAsleep = 1;
    private long _shown = long.MinValue / 2;
    private bool? _isReportedUp;
    private volatile bool _isEnding;

    /// <summary>A publisher that begins at once.</summary>
    /// <param name="store">The store.</param>
    /// <param name="relay">This relay's name in the fleet.</param>
    /// <param name="nonce">16 random bytes.</param>
    /// <param name="report">Told what is wrong with the store when that begins, and null when it has passed.</param>
    public FleetPublisher(FleetStore store, string relay, ReadOnlySpan<byte> nonce, Action<string?> report)
    {
        (_store, _report) = (store, report);
        _relay = store.Key.RelayName(relay);
        _channel = RedisChannel.Literal(FleetKey.ChannelOf(_relay));
        _batch = new FleetBatch(store.Key, relay, nonce);
        _thread = new Thread(Run) { IsBackground = true, Name = "fleet" };
        _thread.Start();
    }

    /// <summary>How many records wait.</summary>
    public int Count => _queue.Count;

    /// <summary>For how many milliseconds the oldest of them has waited; 0 if none does.</summary>
    public long OldestFor => _queue.Oldest() is { } written ? Math.Max(HostInstant.Now().Utc - written, 0) : 0;

    /// <summary>Leaves a record. Never waits. May be called by any thread.</summary>
    public void Add(in MappingRecord record)
    {
        int dropped = _queue.Add(record);
        if (dropped > 0)
        {
            _store.Figures.Add(FleetCount.Dropped, dropped);
        }

        if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            _ = _wake.Set();
        }
    }

    /// <summary>Ends after what was left is published, if the store takes it within five seconds.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _ = _wake.Set();
        if (_thread.Join(Patience))
        {
            _wake.Dispose();
        }
    }

    private void Run()
    {
        TimeSpan pause = LeastPause;
        while (true)
        {
            bool isLast = _isEnding;
            bool isTaken = ShowPresence();
            while (isTaken && _queue.Count > 0)
            {
                isTaken = Publish();
            }

            Report();
            if (isLast)
            {
                return;
            }

            if (!isTaken)
            {
                // No record ends the pause: only the end of the relay does, which sets the event too. The queue drops the oldest meanwhile. What is wrong is
                // asked for again before anything is published.
                _ = Interlocked.Exchange(ref _isAsleep, 0);
                _ = _isEnding || _wake.WaitOne(pause);
                pause = pause < MostPause ? pause * 2 : MostPause;
                _shown = long.MinValue / 2;
                continue;
            }

            pause = LeastPause;
            _ = Interlocked.Exchange(ref _isAsleep, 1);
            if (_queue.Count > 0 || _isEnding)
            {
                _ = Interlocked.Exchange(ref _isAsleep, 0);
            }
            else
            {
                _ = _wake.WaitOne(Between);
            }

            if (!_isEnding)
            {
                Thread.Sleep(Gathering);
            }
        }
    }

    private bool Publish()
    {
        if (!_store.IsConnected || _store.Clock.Ahead is not { } ahead)
        {
            return false;
        }

        _batch.Clear();
        int taken = 0;
        while (_batch.Count < FleetBatch.MostRecords && _queue.TryTake(out MappingRecord record))
        {
            _batch.Add(record);
            taken++;
        }

        if (taken == 0)
        {
            return true;
        }

        _batch.Seal(ahead);
        bool isWritten = _store.TryWrite(_batch, _channel);
        _store.Figures.Add(isWritten ? FleetCount.Written : FleetCount.Refused, taken);
        if (!isWritten)
        {
            // The client of the store may still hold a part of it.
            _batch.Renew();
        }

        return isWritten;
    }

    private bool ShowPresence()
    {
        if (Environment.TickCount64 - _shown < (long)Between.TotalMilliseconds)
        {
            return true;
        }

        _shown = Environment.TickCount64;
        return _store.TryShowPresence(_relay);
    }

    private void Report()
    {
        string? trouble = _store.Trouble;
        if (_isReportedUp != trouble is null && (trouble is null || _store.DownFor >= (long)Settled.TotalMilliseconds))
        {
            _isReportedUp = trouble is null;
            _report(trouble);
        }
    }
}
