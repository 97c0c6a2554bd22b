namespace WgProxy.Core.Mappings;

/// <summary>How the floors above take part when the life of a mapping changes. The lifecycle calls each hook at once, before it
/// continues. A hook must not change a mapping's life.</summary>
internal sealed class MappingHooks
{
    /// <summary>The server has shown that it accepts the client of this slot: the mapping has just become established or
    /// confirmed, or it begins to linger after a life as such.</summary>
    public required Action<int, Tick> ServerAccepted { get; init; }

    /// <summary>The mapping of this slot is ending. No packet of its client finds it any more; its row is still whole.</summary>
    public required Action<int> Ending { get; init; }

    /// <summary>Whose tunnel the mapping of this slot belongs to.</summary>
    public required Func<int, PeerId> PeerOf { get; init; }

    /// <summary>The site that made the tunnel which the mapping of this slot claims. The claim is charged to that site.</summary>
    public required Func<int, ulong> OwnerOfTunnel { get; init; }
}
