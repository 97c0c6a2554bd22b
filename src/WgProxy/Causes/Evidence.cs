using WgProxy.Core.Protocol;

namespace WgProxy.Causes;

/// <summary>What is known of a server when causes are sought.</summary>
/// <param name="Route">Its route.</param>
/// <param name="Name">Its name.</param>
/// <param name="Key">Its public key.</param>
/// <param name="Endpoint">Where the relay sends, for the operator; null if the name has no address yet.</param>
/// <param name="LastHandshake">When it last answered a handshake; zero if it has not since the start.</param>
internal sealed record ServerEvidence(RouteId Route, string Name, PublicKey Key, string? Endpoint, Tick LastHandshake);

/// <summary>All that causes are read from: one moment of a relay.</summary>
internal sealed record Evidence
{
    /// <summary>The moment, by the engine's clock.</summary>
    public required Tick Now { get; init; }

    /// <summary>The same moment, by the program's clock.</summary>
    public required DateTimeOffset UtcNow { get; init; }

    /// <summary>The servers.</summary>
    public required IReadOnlyList<ServerEvidence> Servers { get; init; }

    /// <summary>The mappings.</summary>
    public IReadOnlyList<MappingStatus> Mappings { get; init; } = [];

    /// <summary>Sources whose initiations opened no mapping. None of it is authenticated.</summary>
    public IReadOnlyList<StrangerStatus> Strangers { get; init; } = [];

    /// <summary>Clients that gave up.</summary>
    public IReadOnlyList<Attempt> Attempts { get; init; } = [];

    /// <summary>The name of a route's peer; null if it has none.</summary>
    public Func<RouteId, PeerId, string?> PeerName { get; init; } = static (_, _) => null;
}
