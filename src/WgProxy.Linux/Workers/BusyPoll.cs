namespace WgProxy.Linux.Workers;

/// <summary>How long a worker goes on looking for datagrams before it sleeps.</summary>
/// <param name="Brief">After every turn that brought data; zero: not at all.</param>
/// <param name="Conversing">The same while two ends take turns (see <see cref="SpinPolicy"/>).</param>
public readonly record struct BusyPoll(TimeSpan Brief, TimeSpan Conversing)
{
    // About what it costs to fall asleep and be woken, so at worst it costs as much again; a stream of 60,000/s
    // takes no more of the relay's time than without (bench/results/2026-11-25-busy-poll.md).
    private static readonly TimeSpan AsLongAsSleepCosts = TimeSpan.FromMicroseconds(5);

    private static readonly TimeSpan AsLongAsAnswersTake = TimeSpan.FromMicroseconds(50);

    /// <summary>Never.</summary>
    public static BusyPoll Off => default;

    /// <summary>What suits a host with this many processors, as this process may use them: on one, or a share of one, the
    /// time that a conversation is looked after is taken from whatever else runs there, and from the process's quota.
    /// </summary>
    public static BusyPoll Suiting(int processors) =>
        new(AsLongAsSleepCosts, processors > 1 ? AsLongAsAnswersTake : AsLongAsSleepCosts);

    /// <summary>So long after every turn that brought data.</summary>
    public static BusyPoll Always(TimeSpan window) => new(window, window);
}
