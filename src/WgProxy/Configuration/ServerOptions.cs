using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Configuration;

/// <summary>A client of a server, by name.</summary>
/// <param name="Name">Its name, unique among those of its server.</param>
/// <param name="Key">Its public key, unique among those of its server.</param>
/// <param name="Rate">How much data it may carry.</param>
internal sealed record PeerOptions(string Name, PublicKey Key, Rate Rate = default);

/// <summary>One server, as the operator describes it.</summary>
/// <param name="Name">Its name, unique: by default its endpoint.</param>
/// <param name="Key">Its public key, unique too.</param>
/// <param name="Endpoint">Where it is: the first of its endpoints.</param>
internal sealed record ServerOptions(string Name, PublicKey Key, ServerName Endpoint)
{
    /// <summary>Endpoints at most: more ways than these have no use, and each is resolved by itself.</summary>
    public const int MostEndpoints = 4;

    /// <summary>Other endpoints: other ways to the server, or another server with the same key.</summary>
    public IReadOnlyList<ServerName> Others { get; init; } = [];

    /// <summary>All endpoints, in the order in which they are tried.</summary>
    public IReadOnlyList<ServerName> Endpoints => [Endpoint, .. Others];

    /// <summary>Where its clients send to; null for wherever the relay listens.</summary>
    public ListenAddresses? Listen { get; init; }

    /// <summary>The limits of its clients, beside those of the relay.</summary>
    public RouteSettings Settings { get; init; } = RouteSettings.Default;

    /// <summary>Its clients that have names.</summary>
    public IReadOnlyList<PeerOptions> Peers { get; init; } = [];

    /// <summary>The server of the two variables.</summary>
    public static ServerOptions Of(ServerName endpoint, PublicKey key) => new(endpoint.ToString(), key, endpoint);
}
