namespace WgProxy.Bench;

/// <summary>What the load generator did.</summary>
internal sealed record LoadReport
{
    /// <summary>Type 4 datagrams handed to the kernel.</summary>
    public long Sent { get; init; }

    /// <summary>Seconds from the first to the last.</summary>
    public double Seconds { get; init; }

    /// <summary>Echoes received.</summary>
    public long Echoed { get; init; }

    /// <summary>Flows whose initiation was answered, and how many there were.</summary>
    public int Answered { get; init; }

    /// <summary>Flows in all.</summary>
    public int Flows { get; init; }

    /// <summary>Initiations sent, retries included.</summary>
    public long Initiations { get; init; }

    /// <summary>Cookie replies that came back to a flood.</summary>
    public long Cookies { get; init; }

    /// <summary>Seconds until the last flow was answered.</summary>
    public double AnsweredSeconds { get; init; }

    /// <summary>Microseconds: round trips of a ping-pong, or times to the answers of a storm.</summary>
    public double P50 { get; init; }

    /// <summary>As <see cref="P50"/>.</summary>
    public double P99 { get; init; }

    /// <summary>As <see cref="P50"/>.</summary>
    public double P999 { get; init; }
}
