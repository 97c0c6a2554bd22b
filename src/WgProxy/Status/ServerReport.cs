namespace WgProxy.Status;

/// <summary>A page of servers.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="Next">Where the next page begins; null if there is none.</param>
/// <param name="Servers">One after the other, in the order of their routes.</param>
internal sealed record ServersReport(DateTimeOffset Now, int? Next, IReadOnlyList<ServerReport> Servers);

/// <summary>One server.</summary>
internal sealed record ServerReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its public key.</summary>
    public required string PublicKey { get; init; }

    /// <summary>Where it may be.</summary>
    public required IReadOnlyList<EndpointReport> Endpoints { get; init; }

    /// <summary>The address that new mappings go to; null while none is known.</summary>
    public required string? EndpointInUse { get; init; }

    /// <summary>unresolved, silent, answering or idle.</summary>
    public required string Health { get; init; }

    /// <summary>Whether it has said lately that it is under load.</summary>
    public required bool IsLoaded { get; init; }

    /// <summary>Its mappings, by proof.</summary>
    public required MappingsReport Mappings { get; init; }

    /// <summary>Handshakes that were completed, rekeys included.</summary>
    public required long Handshakes { get; init; }

    /// <summary>Traffic to it.</summary>
    public required TrafficReport Uplink { get; init; }

    /// <summary>Traffic from it.</summary>
    public required TrafficReport Downlink { get; init; }

    /// <summary>How many of its clients have names.</summary>
    public required int Peers { get; init; }

    /// <summary>Whether only those have tunnels.</summary>
    public required bool PeersOnly { get; init; }
}

/// <summary>One place where a server may be.</summary>
/// <param name="Name">As the operator wrote it.</param>
/// <param name="Addresses">What it resolves to, best first; empty while that is unknown.</param>
internal sealed record EndpointReport(string Name, IReadOnlyList<string> Addresses);

/// <summary>All clients that have names.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="Peers">One after the other, by server.</param>
internal sealed record PeersReport(DateTimeOffset Now, IReadOnlyList<PeerReport> Peers);

/// <summary>One client that has a name.</summary>
/// <param name="Server">Its server's name.</param>
/// <param name="Name">Its name.</param>
/// <param name="PublicKey">Its public key.</param>
/// <param name="Mappings">Its mappings now, those that linger too.</param>
/// <param name="Handshakes">Handshakes of the server with it, rekeys included.</param>
/// <param name="Uplink">Traffic from it, of mappings that are proven.</param>
/// <param name="Downlink">Traffic to it.</param>
/// <param name="LastSeen">When a valid packet last passed, either way; null if none has.</param>
/// <param name="LastSeenSeconds">How long ago that was.</param>
internal sealed record PeerReport(
    string Server,
    string Name,
    string PublicKey,
    int Mappings,
    long Handshakes,
    PassedReport Uplink,
    PassedReport Downlink,
    DateTimeOffset? LastSeen,
    double? LastSeenSeconds);

/// <summary>What passed for a client.</summary>
/// <param name="Datagrams">Datagrams.</param>
/// <param name="Bytes">Their bytes, UDP payload only.</param>
internal sealed record PassedReport(long Datagrams, long Bytes);
