namespace WgProxy.Core.Vocabulary;

/// <summary>How far a mapping has shown that the server accepts its client. The order is the order of rights: a mapping with more
/// proof lives longer and is displaced later.</summary>
public enum Proof : byte
{
    /// <summary>The slot is free, or its socket is being closed.</summary>
    None,

    /// <summary>Expired, but the server knows this port: the socket stays open for a while.</summary>
    Lingering,

    /// <summary>A mac1-valid initiation came. It proves knowledge of the public key and nothing else.</summary>
    Asked,

    /// <summary>A packet with a live index came from a new source. If it is genuine, the server shows it by sending to this port.</summary>
    Claimed,

    /// <summary>The server answered an initiation of this mapping.</summary>
    Answered,

    /// <summary>The client used an index that it can only know by having received the server's answer.</summary>
    Established,

    /// <summary>The server sent data to the client's index: both ends have keys.</summary>
    Confirmed,
}
