namespace WgProxy.Linux.Workers;

/// <summary>How long a worker polls for datagrams before it sleeps.</summary>
/// <param name="Brief">After every turn that brought data; zero for not at all.</param>
/// <param name="Conversing">The same while two ends take turns (see <see cref="SpinPolicy"/>).</param>
public readonly record struct BusyPoll(TimeSpan Brief, TimeSpan Conversing)
{
    // About the cost of falling asleep and waking, so at worst the worker pays twice. A stream of 60,000/s
    // takes no more of the relay's time than without (bench/results/2026-11-25-busy-poll.md).
    private static readonly TimeSpan AsLongAsSleepCosts = TimeSpan.FromMicroseconds(5);

    private static readonly TimeSpan AsLongAsAnswersTake = TimeSpan.FromMicroseconds(50);

    /// <summary>Never.</summary>
    public static BusyPoll Off => default;

    /// <summary>The default for this number of processors, as far as this process may use them. On one, or a share of one,
    /// polling during a conversation takes time from other programs, and from the process's quota.
    /// </summary>
    public static BusyPoll Suiting(int processors) =>
        new(AsLongAsSleepCosts, processors > 1 ? AsLongAsAnswersTake : AsLongAsSleepCosts);

    /// <summary>This time after every turn that brought data.</summary>
    public static BusyPoll Always(TimeSpan window) => new(window, window);
}
