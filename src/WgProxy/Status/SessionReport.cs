namespace WgProxy.Status;

/// <summary>A page of mappings.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="Matching">How many were found that the question asks for: all there are if it sorts, else those up to the end of the
/// page.</param>
/// <param name="Next">Where the next page begins; null if there is none, or the question sorts.</param>
/// <param name="Sessions">The mappings.</param>
internal sealed record SessionsReport(DateTimeOffset Now, int Matching, int? Next, IReadOnlyList<SessionReport> Sessions);

/// <summary>One mapping.</summary>
internal sealed record SessionReport
{
    /// <summary>Where the client sends from.</summary>
    public required string Client { get; init; }

    /// <summary>The address of this host that it sends to; null where the engine cannot tell.</summary>
    public required string? LocalAddress { get; init; }

    /// <summary>The port of this host that it sends to.</summary>
    public required int LocalPort { get; init; }

    /// <summary>The server's name; null if it is served no more.</summary>
    public required string? Server { get; init; }

    /// <summary>The client's name; null if it has none.</summary>
    public required string? Peer { get; init; }

    /// <summary>How far the mapping has shown that the server accepts its client.</summary>
    public required string Proof { get; init; }

    /// <summary>The local port that the server knows it by.</summary>
    public required int UpstreamPort { get; init; }

    /// <summary>Where the server is, for this mapping.</summary>
    public required string ServerAddress { get; init; }

    /// <summary>Bytes to the server, UDP payload only.</summary>
    public required long UplinkBytes { get; init; }

    /// <summary>Bytes to the client.</summary>
    public required long DownlinkBytes { get; init; }

    /// <summary>When a valid packet last passed, either way; null if none has.</summary>
    public required DateTimeOffset? LastValid { get; init; }

    /// <summary>How long ago that was.</summary>
    public required double? LastValidSeconds { get; init; }

    /// <summary>When it ends if nothing valid passes until then.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>How long that is from now.</summary>
    public required double ExpiresSeconds { get; init; }

    /// <summary>Whether what the client sends goes unanswered.</summary>
    public required bool IsUnanswered { get; init; }
}
