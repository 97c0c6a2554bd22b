namespace WgProxy.Fleet;

/// <summary>What this relay's part in the fleet has done since the start. Any thread may count.</summary>
internal sealed class FleetFigures
{
    private readonly long[] _counts = new long[Enum.GetValues<FleetCount>().Length];

    /// <summary>How often it happened.</summary>
    public long this[FleetCount count] => Volatile.Read(ref _counts[(int)count]);

    /// <summary>It happened, so many times.</summary>
    public void Add(FleetCount count, long times = 1) => Interlocked.Add(ref _counts[(int)count], times);

    /// <summary>Counts a record that did not open.</summary>
    public void Add(SealVerdict verdict) => Add(verdict == SealVerdict.OtherVersion ? FleetCount.OtherVersion : verdict == SealVerdict.Forged ? FleetCount.Forged : FleetCount.Unreadable);
}

/// <summary>What is counted.</summary>
internal enum FleetCount
{
    /// <summary>Records that the store took.</summary>
    Written,

    /// <summary>Records that made room for newer ones while the store did not take them.</summary>
    Dropped,

    /// <summary>Records that the store refused, or did not confirm in time.</summary>
    Refused,

    /// <summary>Indices that the store was asked for.</summary>
    Asked,

    /// <summary>Of these, those that it had a live tunnel for.</summary>
    Hits,

    /// <summary>Those that it had none for.</summary>
    Misses,

    /// <summary>Those that were missed within the last second, and not asked for again.</summary>
    KnownMisses,

    /// <summary>Those that it did not answer in time.</summary>
    Unanswered,

    /// <summary>Of the unanswered, those whose tunnel came later all the same.</summary>
    LateHits,

    /// <summary>Records from the store that were sealed with another key, or damaged.</summary>
    Forged,

    /// <summary>Records from the store that another version of wgproxy wrote.</summary>
    OtherVersion,

    /// <summary>Records from the store that opened and meant nothing.</summary>
    Unreadable,

    /// <summary>Records from the store that were too old, or of another tunnel than was asked for.</summary>
    Stale,
}
