namespace WgProxy.Core.Vocabulary;

/// <summary>What becomes of a record that is to be a mapping again.</summary>
internal enum RestoreVerdict : byte
{
    /// <summary>Nothing yet.</summary>
    Waiting,

    /// <summary>The mapping is there; the engine is to open its socket, by the port that the record names.</summary>
    Restored,

    /// <summary>The record tells that its mapping has ended.</summary>
    Ended,

    /// <summary>The mapping would have ended by now.</summary>
    Expired,

    /// <summary>No route has the server's key.</summary>
    UnknownRoute,

    /// <summary>The client may not open mappings, or not where it sends to, or its tunnel is no listed peer's where only those have tunnels.</summary>
    Denied,

    /// <summary>The source has a mapping on the route already.</summary>
    Duplicate,

    /// <summary>There are as many mappings, or as many of this proof, as there may be.</summary>
    NoRoom,

    /// <summary>Neither the record nor the route says where the server is.</summary>
    NoServer,

    /// <summary>The mapping never had a port, or sends from port 0.</summary>
    NoPort,

    /// <summary>The engine could not open a socket for it.</summary>
    NotOpened,
}
