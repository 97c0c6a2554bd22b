namespace WgProxy.Core.Vocabulary;

/// <summary>What changed about a mapping. Each kind is also a counter.</summary>
public enum RelayEventKind : byte
{
    /// <summary>The upstream socket is open.</summary>
    Opened,

    /// <summary>The engine could not open an upstream socket; the mapping is gone.</summary>
    OpenFailed,

    /// <summary>The mapping carries a live index of a tunnel that is known from elsewhere.</summary>
    Claimed,

    /// <summary>The server answered.</summary>
    Answered,

    /// <summary>The client proved that it received the answer.</summary>
    Established,

    /// <summary>The server sent data.</summary>
    Confirmed,

    /// <summary>The mapping expired; its socket stays open for what the server may still send.</summary>
    Lingered,

    /// <summary>A lingering mapping was heard again.</summary>
    Revived,

    /// <summary>A sign, and not a proof: the server has not answered the client of a proven mapping for too long. An attacker who forges
    /// the client's address can cause it.</summary>
    Unanswered,

    /// <summary>An order: connect the slot's socket to <see cref="Relay.ServerOf"/> now, keeping the local port.</summary>
    Redirected,

    /// <summary>A socket that is being opened could not be connected to one of the server's addresses: the next is tried.</summary>
    PassedOver,

    /// <summary>The engine connected the slot's socket anew, because this host's own address or route towards the server had
    /// changed.</summary>
    Rerouted,

    /// <summary>A mapping that another process, or this one before its restart, had recorded goes on here; its socket is open.</summary>
    Restored,

    /// <summary>The mapping ended by time: close its socket and release the slot.</summary>
    Expired,

    /// <summary>The mapping was displaced by another: close its socket and release the slot.</summary>
    Evicted,

    /// <summary>The mapping's route was removed: close its socket and release the slot.</summary>
    RouteRemoved,

    /// <summary>The mapping's route serves listed peers only, and its client is none of them, or no longer: close its socket and release the
    /// slot.</summary>
    Unlisted,

    /// <summary>The mapping's route is not served any more where its client sends to: close its socket and release the slot.</summary>
    NotServedHere,

    /// <summary>The operator ended the mapping: close its socket and release the slot.</summary>
    Dropped,
}

/// <summary>One change of one mapping, in the order in which changes happened.</summary>
/// <param name="Kind">What changed.</param>
/// <param name="Slot">The mapping's slot.</param>
/// <param name="Source">The client.</param>
/// <param name="Route">The route's id: also after its removal, until the last of its mappings has ended.</param>
/// <param name="Port">The upstream socket's local port; 0 while there is none.</param>
/// <param name="ServerUsedPort">Whether the server has sent to that port, and so may do so again.</param>
public readonly record struct RelayEvent(RelayEventKind Kind, int Slot, Source Source, RouteId Route, ushort Port, bool ServerUsedPort)
{
    /// <summary>Why, if it is <see cref="RelayEventKind.OpenFailed"/>: added by the engine, because the relay does not know.</summary>
    public OpenRefusal Refusal { get; init; }

    /// <summary>How far the mapping has come.</summary>
    public Proof Proof { get; init; }

    /// <summary>Whose tunnel the mapping belongs to; the default if that is unknown, or no listed peer.</summary>
    public PeerId Peer { get; init; }

    /// <summary>Whether the engine must close the slot's socket and then call <see cref="Relay.Release"/>.</summary>
    public bool EndsMapping => Kind is RelayEventKind.Expired or RelayEventKind.Evicted or RelayEventKind.RouteRemoved or RelayEventKind.Unlisted
        or RelayEventKind.NotServedHere or RelayEventKind.Dropped;
}
