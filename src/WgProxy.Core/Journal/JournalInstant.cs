namespace WgProxy.Core.Journal;

/// <summary>One instant in terms that outlive the process: which boot of which host, how long after it, and UTC. A <see cref="Tick"/>
/// has a zero of the engine's own; this can be compared after a restart, after a reboot, and on another host.</summary>
/// <param name="Boot">The boot's id, 128 random bits that the kernel draws; zero where the system names none.</param>
/// <param name="SinceBoot">Milliseconds of the host's monotonic clock.</param>
/// <param name="Utc">Milliseconds since 1970-01-01 00:00 UTC.</param>
internal readonly record struct JournalInstant(UInt128 Boot, long SinceBoot, long Utc)
{
    /// <summary>Milliseconds from an earlier instant to this one: by the monotonic clock within one boot, else by UTC, as far as the two
    /// hosts agree about that. Never negative, because a clock that was set back must not make a record last longer than it was
    /// written for.</summary>
    public long Since(in JournalInstant earlier)
    {
        long elapsed = Boot != 0 && Boot == earlier.Boot
            ? Difference(SinceBoot, earlier.SinceBoot)
            : Difference(Utc, earlier.Utc);
        return Math.Max(elapsed, 0);
    }

    // The numbers may come from a file or from the network: their difference saturates.
    private static long Difference(long later, long earlier) =>
        (long)Int128.Clamp((Int128)later - earlier, long.MinValue, long.MaxValue);
}
