namespace WgProxy.Core.Vocabulary;

/// <summary>
/// What the relay decides about one datagram, or about neighbours in one run that share the decision. Every value is
/// control flow, a counter, a label and a line of documentation; each datagram of a direction is counted under exactly
/// one value, so the counters of a direction add up to the datagrams it received.
/// </summary>
public enum Verdict : byte
{
    /// <summary>Forwarded: the engine sends the bytes unchanged through the mapping's other side.</summary>
    Forward,

    /// <summary>Forwarded: the engine opens an upstream socket for the slot and sends the bytes through it.</summary>
    Open,

    /// <summary>Not forwarded: the relay answers with a cookie reply, and the sender must show the cookie first.</summary>
    Reply,

    /// <summary>Dropped: sent from UDP port 0, to which nothing can be sent back.</summary>
    NoPort,

    /// <summary>Dropped: not one of the four WireGuard types, or with reserved bytes that are not zero.</summary>
    NotWireGuard,

    /// <summary>Dropped: a WireGuard type with a length that this type never has.</summary>
    BadLength,

    /// <summary>Dropped: mac1 does not match the public key of any route.</summary>
    BadMac1,

    /// <summary>Dropped: for a server whose clients may not come by the address and port at which it arrived.</summary>
    NotServedHere,

    /// <summary>Dropped: neither an initiation nor from a source that has a mapping.</summary>
    NoMapping,

    /// <summary>Dropped: data from a source whose initiation the server has not answered yet.</summary>
    NotProven,

    /// <summary>Dropped: a response or cookie reply whose receiver index the other end never issued on this tunnel.</summary>
    UnknownIndex,

    /// <summary>Dropped: a server message that nothing on this mapping asked for.</summary>
    Unsolicited,

    /// <summary>Dropped: a handshake of the server with a client that is none of the route's peers, where only those have tunnels, or with a peer that the operator has denied.</summary>
    NotAPeer,

    /// <summary>Dropped: more initiations than a mapping's bucket holds.</summary>
    RateLimited,

    /// <summary>Dropped: more data with an unknown index than the mapping's proof allows, or a handshake whose peer could only be found by
    /// more comparisons of keys than the relay makes in a second.</summary>
    OverBudget,

    /// <summary>Dropped: more data than the rate of its tunnel or its server lets pass.</summary>
    OverRate,

    /// <summary>Dropped: an initiation that was already forwarded within two minutes.</summary>
    Replayed,

    /// <summary>Dropped: the client's address is not on the allow list, or is on the deny list.</summary>
    Denied,

    /// <summary>Dropped: the sender's address prefix holds its share of unproven mappings.</summary>
    OverShare,

    /// <summary>Dropped: the server is under load, and its tokens are used up or reserved for others.</summary>
    ServerLoaded,

    /// <summary>Dropped: the table is full of mappings that a newcomer may not displace.</summary>
    TableFull,

    /// <summary>Dropped: a live index from a new source, but the tunnel or the relay has no room for another claim.</summary>
    ClaimRefused,

    /// <summary>Dropped: the server's name has not been resolved yet.</summary>
    NoServer,

    /// <summary>Dropped: it arrived on a slot whose mapping has ended.</summary>
    Closed,

    /// <summary>Dropped: the kernel handed over only the beginning of the datagram.</summary>
    Truncated,

    /// <summary>Dropped: sent to a multicast group or by broadcast; counted for each copy that the kernel makes.</summary>
    NotUnicast,
}
