namespace WgProxy.Logging;

/// <summary>A line of the log, as it is written: its addresses are masked already, if that was asked for.</summary>
/// <param name="Time">When it was said.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Event">What happened, as a name that does not change: the kind of a mapping's change, or the name of the line.</param>
/// <param name="Text">The sentence.</param>
internal sealed record LogEntry(DateTimeOffset Time, LogLevel Level, string Event, string Text)
{
    /// <summary>The address and port of the client that it is about; null for none.</summary>
    public string? Client { get; init; }

    /// <summary>The name of the server; null for none.</summary>
    public string? Server { get; init; }

    /// <summary>The name of the peer; null for none.</summary>
    public string? Peer { get; init; }

    /// <summary>The upstream port by which the server knows the client; 0 for none.</summary>
    public int Port { get; init; }
}
