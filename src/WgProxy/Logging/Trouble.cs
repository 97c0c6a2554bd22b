using WgProxy.Core.Engine;

namespace WgProxy.Logging;

/// <summary>
/// Reads an engine's counters every few seconds, off the packet path, and logs lasting problems: sends or receives that keep
/// failing, servers that are silent while clients ask, and clients that use another key. Each is logged once until it is
/// over, and at most once in ten minutes. The end is logged too, except of the last.
/// </summary>
/// <param name="read">Reads all counters; null if too many ask.</param>
/// <param name="lookAtServers">Looks at each server, after all counters have been looked at.</param>
/// <param name="time">The clock.</param>
/// <param name="log">The log.</param>
internal sealed class Trouble(Func<Task<CountersSnapshot?>> read, Func<CountersSnapshot, Task> lookAtServers, TimeProvider time, Log log)
{
    /// <summary>The time between two looks at the counters.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    // A single look with failures is a burst, or a link that went down.
    private const int LooksWhileFailing = 3;

    private readonly Complaint _sends = new(time);
    private readonly Complaint _receives = new(time);
    private readonly Complaint _otherKey = new(time);
    private readonly Refusals _refusals = new(time, log);
    private CountersSnapshot _before = new();
    private CountersSnapshot _now = new();

    /// <summary>Looks every <see cref="Period"/> until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _now = await read() ?? _now;
        _refusals.Begin(_now);
        while (true)
        {
            await Task.Delay(Period, time, stop);
            if (await read() is CountersSnapshot now)
            {
                Look(now);
                await lookAtServers(now);
            }
        }
    }

    /// <summary>Looks once.</summary>
    /// <param name="now">The engine's figures, which change no more.</param>
    public void Look(CountersSnapshot now)
    {
        (_before, _now) = (_now, now);
        long sends = _now[EngineFault.SendFailed] - _before[EngineFault.SendFailed];
        if (_sends.Note(sends > 0, LooksWhileFailing))
        {
            log.SendsFail(sends, Period);
        }
        else if (_sends.IsOver())
        {
            log.SendsWork();
        }

        long receives = _now[EngineFault.ReceiveFailed] - _before[EngineFault.ReceiveFailed];
        if (_receives.Note(receives > 0, LooksWhileFailing))
        {
            log.ReceivesFail(receives, Period);
        }
        else if (_receives.IsOver())
        {
            log.ReceivesWork();
        }

        _refusals.Look(now);

        // Strangers guess too. A warning is due only if no client at all uses the right key.
        bool forAnother = _now[Direction.Uplink, Verdict.BadMac1] > _before[Direction.Uplink, Verdict.BadMac1] && _now.Passed(Direction.Uplink) == 0;
        if (_otherKey.Note(forAnother, looks: 1))
        {
            log.AskedForAnotherKey();
        }
        else
        {
            _ = _otherKey.IsOver();
        }
    }
}
