using WgProxy.Core.Engine;

namespace WgProxy.Logging;

/// <summary>Sums up what was refused: every ten minutes one line, if anything was. Strangers decide how much that is, so that none of it has a
/// line of its own.</summary>
internal sealed class Refusals(TimeProvider time, Log log)
{
    /// <summary>The time that a line sums up.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(10);

    private CountersSnapshot _said = new();
    private long _since = time.GetTimestamp();

    /// <summary>Begins with these figures.</summary>
    public void Begin(CountersSnapshot now) => (_said, _since) = (now, time.GetTimestamp());

    /// <summary>Looks once.</summary>
    public void Look(CountersSnapshot now)
    {
        TimeSpan passed = time.GetElapsedTime(_since);
        if (passed < Period)
        {
            return;
        }

        string list = string.Join(", ", CounterNames.Dropped(now, Direction.Uplink)
            .Zip(CounterNames.Dropped(_said, Direction.Uplink), (after, before) => (after.Name, Value: after.Value - before.Value))
            .Where(verdict => verdict.Value > 0)
            .OrderByDescending(verdict => verdict.Value)
            .Select(verdict => $"{verdict.Name} {verdict.Value}"));
        if (list.Length > 0)
        {
            log.Refused(passed, list);
        }

        Begin(now);
    }
}
