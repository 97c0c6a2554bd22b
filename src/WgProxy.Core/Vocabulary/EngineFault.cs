namespace WgProxy.Core.Vocabulary;

/// <summary>What went wrong between an engine and the kernel. A fault never ends a mapping.</summary>
public enum EngineFault : byte
{
    /// <summary>A send reported an earlier ICMP error instead of sending; the datagram was sent again, once.</summary>
    SendRetried,

    /// <summary>The kernel did not take a datagram: it is lost, as on a full link.</summary>
    SendFailed,

    /// <summary>An answer to an unproven client was refused, or found no room in the small buffer for such answers. It is lost, as on
    /// a full link, and the client asks again.</summary>
    StrangerUnanswered,

    /// <summary>A receive reported an error, such as an ICMP message of the server's host.</summary>
    ReceiveFailed,

    /// <summary>A segmented send was refused and its datagrams sent one by one; this destination gets no more of them.
    /// </summary>
    OffloadWithdrawn,

    /// <summary>A segmented send was refused because its segments did not fit the link; its datagrams were sent one by
    /// one, and this destination gets smaller segments only.</summary>
    StrideLowered,

    /// <summary>For half a minute the kernel has refused to send from the address that a client uses, so replies left from another.
    /// </summary>
    LocalAddressLost,

    /// <summary>A socket's receive buffer was full and the kernel dropped datagrams, as counted by the kernel.</summary>
    ReceiveOverflowed,
}
