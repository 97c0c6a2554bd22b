namespace WgProxy.Linux.Listen;

/// <summary>Which datagrams a socket of a listening group gets. The values give the order in which the group is bound.</summary>
internal enum ListenRole
{
    /// <summary>All data that is not for a bare socket. The kernel reports the local address and the ECN mark of each datagram. This role
    /// is the first, because the program steers a datagram without bytes to the group's first socket.</summary>
    WithMetadata,

    /// <summary>Every datagram that begins like an initiation.</summary>
    Initiations,

    /// <summary>Data for the default local address, without an ECN mark. The kernel reports nothing beside the bytes.</summary>
    Bare,
}
