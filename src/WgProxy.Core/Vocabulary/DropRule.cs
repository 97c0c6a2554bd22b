namespace WgProxy.Core.Vocabulary;

/// <summary>Which mappings an operator wants ended. A mapping is meant if it meets every condition that is given. With it goes
/// every other mapping of its tunnel, because those are the same client.</summary>
public sealed record DropRule
{
    /// <summary>Client addresses; empty for all.</summary>
    public AddressList Clients { get; init; } = AddressList.Empty;

    /// <summary>The client's port; 0 for any.</summary>
    public ushort Port { get; init; }

    /// <summary>The route; the default for any.</summary>
    public RouteId Route { get; init; }

    /// <summary>The peer of that route; the default for any client.</summary>
    public PeerId Peer { get; init; }

    /// <summary>Whether a mapping is meant.</summary>
    internal bool Means(in Source source, RouteId route, PeerId peer) =>
        (Clients.IsEmpty || Clients.Contains(source))
        && (Port == 0 || Port == source.Port)
        && (Route == default || Route == route)
        && (Peer == default || Peer == peer);
}
