using WgProxy.Linux.Net;

namespace WgProxy.Tests;

/// <summary>A clock that only the test moves.</summary>
internal sealed class FakeTime : TimeProvider
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<DeadlineTimer> _alarms = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        DeadlineTimer alarm = new(this, () => callback(state));
        _ = alarm.Change(dueTime, period);
        return alarm;
    }

    /// <summary>Moves the clock, and rings every alarm that is due.</summary>
    public void Advance(TimeSpan span)
    {
        DeadlineTimer[] due;
        lock (_lock)
        {
            _now += span;
            due = [.. _alarms.Where(alarm => alarm.Due <= _now).OrderBy(alarm => alarm.Due)];
            _ = _alarms.RemoveAll(alarm => alarm.Due <= _now);
        }

        foreach (DeadlineTimer alarm in due)
        {
            alarm.Ring();
        }
    }

    /// <summary>Waits until somebody waits for the clock, and says for how long.</summary>
    public async Task<TimeSpan> NextAlarmAsync()
    {
        DateTime deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            lock (_lock)
            {
                if (_alarms.Count > 0)
                {
                    return _alarms.Min(alarm => alarm.Due) - _now;
                }
            }

            Assert.True(DateTime.UtcNow < deadline, "nobody waits for the clock");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private sealed class DeadlineTimer(FakeTime time, Action ring) : ITimer
    {
        public TimeSpan Due { get; private set; }

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.Equal(Timeout.InfiniteTimeSpan, period);
            lock (time._lock)
            {
                _ = time._alarms.Remove(this);
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = time._now + dueTime;
                    time._alarms.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                _ = time._alarms.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
