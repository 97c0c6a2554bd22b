namespace WgProxy.Status;

/// <summary>The last hour, in steps.</summary>
internal sealed record HistoryReport
{
    /// <summary>The instant of the answer.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The server that it is of; null for the relay as a whole.</summary>
    public required string? Server { get; init; }

    /// <summary>The servers that have a history of their own.</summary>
    public required IReadOnlyList<string> Servers { get; init; }

    /// <summary>How long a step takes. One in which the relay did not answer in time is part of the next.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>When the last step ended; null if none has ended yet.</summary>
    public required DateTimeOffset? Ended { get; init; }

    /// <summary>How long each step was, the oldest first. Every list below has so many numbers.</summary>
    public required IReadOnlyList<double> Seconds { get; init; }

    /// <summary>What was forwarded to servers in each step.</summary>
    public required PassedHistory Uplink { get; init; }

    /// <summary>What was forwarded to clients in each step.</summary>
    public required PassedHistory Downlink { get; init; }

    /// <summary>Initiations forwarded in each step, both ways.</summary>
    public required IReadOnlyList<long> Initiations { get; init; }

    /// <summary>Responses forwarded in each step, both ways.</summary>
    public required IReadOnlyList<long> Responses { get; init; }

    /// <summary>Mappings at the end of each step, by proof. A proof that is not listed had none.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<long>> Mappings { get; init; }

    /// <summary>Datagrams that were not forwarded in each step, both ways, by verdict, the most frequent first. A verdict that is not listed had
    /// none.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<long>> Drops { get; init; }
}

/// <summary>What passed in one direction.</summary>
/// <param name="Datagrams">Datagrams in each step.</param>
/// <param name="Bytes">Their bytes, UDP payload only.</param>
internal sealed record PassedHistory(IReadOnlyList<long> Datagrams, IReadOnlyList<long> Bytes);
