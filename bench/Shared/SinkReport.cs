namespace WgProxy.Bench;

/// <summary>What the sink has counted since it was last reset.</summary>
internal sealed record SinkReport
{
    /// <summary>Nanoseconds of the monotonic clock when this was read; shared by all namespaces.</summary>
    public long Nanoseconds { get; init; }

    /// <summary>Type 4 datagrams of known flows, each counter once.</summary>
    public long Delivered { get; init; }

    /// <summary>Counters that later ones have overtaken and that never came.</summary>
    public long Lost { get; init; }

    /// <summary>Counters that came again.</summary>
    public long Duplicated { get; init; }

    /// <summary>Counters that came after a later one.</summary>
    public long Reordered { get; init; }

    /// <summary>Datagrams that are neither an initiation nor data of a known flow.</summary>
    public long Stray { get; init; }

    /// <summary>Initiations received.</summary>
    public long Initiations { get; init; }

    /// <summary>Messages that recvmmsg returned: with GRO, one may hold many datagrams.</summary>
    public long Messages { get; init; }

    /// <summary>Type 4 datagrams of the first flow alone: the live stream beside a storm.</summary>
    public long FirstDelivered { get; init; }

    /// <summary>Flows seen.</summary>
    public int Flows { get; init; }
}
