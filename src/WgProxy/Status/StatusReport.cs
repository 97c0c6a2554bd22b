namespace WgProxy.Status;

/// <summary>The relay as a whole.</summary>
internal sealed record StatusReport
{
    /// <summary>The version.</summary>
    public required string Version { get; init; }

    /// <summary>The instant of the answer.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>When it started.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>For how long it has run.</summary>
    public required double UptimeSeconds { get; init; }

    /// <summary>Where clients send to.</summary>
    public required IReadOnlyList<string> Listening { get; init; }

    /// <summary>What moves the datagrams.</summary>
    public required string Engine { get; init; }

    /// <summary>How many threads decide.</summary>
    public required int Workers { get; init; }

    /// <summary>The configuration file; null for none.</summary>
    public required string? ConfigFile { get; init; }

    /// <summary>From 0 (errors) to 3 (everything).</summary>
    public required int LogLevel { get; init; }

    /// <summary>How many servers there are.</summary>
    public required int Servers { get; init; }

    /// <summary>What fits.</summary>
    public required LimitsReport Limits { get; init; }

    /// <summary>Whether strangers must show cookies.</summary>
    public required LoadReport Load { get; init; }

    /// <summary>What the operator should know, a sentence each; empty if all is well.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>All mappings, by proof.</summary>
    public required MappingsReport Mappings { get; init; }

    /// <summary>All traffic from clients.</summary>
    public required TrafficReport Uplink { get; init; }

    /// <summary>All traffic from servers.</summary>
    public required TrafficReport Downlink { get; init; }

    /// <summary>What the system refused, by kind.</summary>
    public required IReadOnlyDictionary<string, long> Faults { get; init; }

    /// <summary>What changed about mappings, by kind.</summary>
    public required IReadOnlyDictionary<string, long> Events { get; init; }

    /// <summary>How long a datagram may have waited.</summary>
    public required PausesReport Pauses { get; init; }
}

/// <summary>What fits, and why not more.</summary>
/// <param name="Mappings">Mappings at most.</param>
/// <param name="Asked">Of these, mappings that no server has answered.</param>
/// <param name="Bound">The limit that bounds them, in words.</param>
/// <param name="UpstreamPorts">Local ports for mappings.</param>
/// <param name="OpenFiles">Files that may be open; null for any number, or if unknown.</param>
internal sealed record LimitsReport(int Mappings, int Asked, string Bound, int UpstreamPorts, long? OpenFiles);

/// <summary>How loaded the relay is: from a number of unanswered mappings on, strangers must show cookies.</summary>
/// <param name="IsLoaded">Whether that number is reached.</param>
/// <param name="Asked">Unanswered mappings.</param>
/// <param name="LoadedFrom">The number.</param>
/// <param name="LoadedServers">Servers that have said lately that they are loaded.</param>
internal sealed record LoadReport(bool IsLoaded, long Asked, int LoadedFrom, int LoadedServers);

/// <summary>How long a datagram may have waited for the relay.</summary>
/// <param name="LongestTurnSeconds">The longest turn of a worker in the last one to two minutes.</param>
/// <param name="LongestTurnOfAllSeconds">The longest turn since the start.</param>
/// <param name="Turns">Turns of all workers.</param>
/// <param name="CollectionSeconds">All pauses for collecting garbage.</param>
internal sealed record PausesReport(double LongestTurnSeconds, double LongestTurnOfAllSeconds, long Turns, double CollectionSeconds);

/// <summary>Mappings by proof.</summary>
/// <param name="All">All of them.</param>
/// <param name="ByProof">The number of each proof.</param>
internal sealed record MappingsReport(long All, IReadOnlyDictionary<string, long> ByProof);

/// <summary>What came from one side.</summary>
/// <param name="Datagrams">Datagrams that were forwarded.</param>
/// <param name="Bytes">Their bytes, UDP payload only.</param>
/// <param name="Dropped">Datagrams that were not.</param>
/// <param name="BytesPerSecond">Bytes a second in the last step of the history; null before the first has ended.</param>
/// <param name="DatagramsPerSecond">Datagrams a second in it.</param>
internal sealed record TrafficReport(long Datagrams, long Bytes, long Dropped, double? BytesPerSecond = null, double? DatagramsPerSecond = null);
