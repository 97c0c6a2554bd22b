using WgProxy.Bench;

namespace WgProxy.Compare;

/// <summary>What one visit of one relay showed. Only what its scenario measures is set. One line of the raw results.</summary>
internal sealed record Outcome
{
    public string Scenario { get; init; } = "";

    public bool SinkGro { get; init; }

    public string Relay { get; init; } = "";

    public int Round { get; init; }

    /// <summary>Why there is nothing else; null if there is.</summary>
    public string? Failure { get; init; }

    /// <summary>Datagrams per second that arrived at the sink within the measured span.</summary>
    public double? Rate { get; init; }

    /// <summary>Datagrams sent in the whole visit, warm-up included.</summary>
    public long? Sent { get; init; }

    /// <summary>The share of them that never arrived.</summary>
    public double? Loss { get; init; }

    public long? Duplicated { get; init; }

    public long? Reordered { get; init; }

    /// <summary>CPU of the relay's processes per delivered datagram, or per initiation judged, µs.</summary>
    public double? RelayMicros { get; init; }

    /// <summary>Busy time of the whole machine (load and sink too) per delivered datagram, µs.</summary>
    public double? MachineMicros { get; init; }

    /// <summary>The share of it that the kernel's own threads and interrupts spent in softirq, µs per datagram.</summary>
    public double? SoftIrqMicros { get; init; }

    /// <summary>Cores that were busy with neither relay nor load nor sink: kernel threads, and whoever disturbs.</summary>
    public double? Others { get; init; }

    /// <summary>Datagrams per message that the sink's recvmmsg returned.</summary>
    public double? PerMessage { get; init; }

    /// <summary>Datagrams for which the relay's sockets had no room; null if it has none.</summary>
    public long? RelayOverflow { get; init; }

    /// <summary>Datagrams for which the sink's socket had no room: if this is much, the sink is what was measured.</summary>
    public long? SinkOverflow { get; init; }

    /// <summary>Microseconds: round trips, or times to the answers of a storm.</summary>
    public double? P50 { get; init; }

    public double? P99 { get; init; }

    public double? P999 { get; init; }

    public int? Answered { get; init; }

    /// <summary>Seconds from the first initiation to the last answer.</summary>
    public double? AnsweredSeconds { get; init; }

    /// <summary>Initiations sent, retries included.</summary>
    public long? Initiations { get; init; }

    /// <summary>Of the live stream beside a storm or a flood: the share lost on the way there, and of the echoes on the way back.</summary>
    public double? LiveLossUp { get; init; }

    public double? LiveLossDown { get; init; }

    /// <summary>Of a flood: initiations that were sent per second; <see cref="Rate"/> are those that were judged.</summary>
    public double? AskedRate { get; init; }

    /// <summary>Those that went no further, cookie replies included.</summary>
    public double? RefusedRate { get; init; }

    /// <summary>Those that reached the server.</summary>
    public double? ReachedRate { get; init; }

    /// <summary>Cookie replies that came back.</summary>
    public double? CookieRate { get; init; }

    /// <summary>Initiations that one core could judge per second, by <see cref="RelayMicros"/>.</summary>
    public double? PerCore { get; init; }

    /// <summary>If it was repeated because others disturbed: how many cores they used during the visit that was thrown away.</summary>
    public double? DisturbedBy { get; init; }

    /// <summary>Memory of the relay's processes at the end of the visit, in bytes; before any client for idle mappings.</summary>
    public long? Resident { get; init; }

    public long? Proportional { get; init; }

    /// <summary>Bytes that one mapping added: to the processes, to their control group (kernel included), to the slab.</summary>
    public double? MappingResident { get; init; }

    public double? MappingGroup { get; init; }

    public double? MappingSlab { get; init; }

    public override string ToString() => Lines.Write(this);
}
