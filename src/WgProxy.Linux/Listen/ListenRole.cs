namespace WgProxy.Linux.Listen;

/// <summary>What a socket of a listening group gets; also the order in which the group is bound.</summary>
internal enum ListenRole
{
    /// <summary>All data that is not plain. The kernel tells the local address and the mark of each datagram. First, because the
    /// program's answer about a datagram without bytes is the group's first socket.</summary>
    WithMetadata,

    /// <summary>Whatever begins like an initiation.</summary>
    Initiations,

    /// <summary>Data that there is nothing to say about: sent to the home address, without a congestion mark. The kernel
    /// is asked for nothing beside its bytes.</summary>
    Bare,
}
