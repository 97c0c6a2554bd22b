namespace WgProxy.Core.Protocol;

/// <summary>What a datagram is by its type, its reserved bytes and its length. Nothing else is looked at.</summary>
internal enum DatagramKind : byte
{
    /// <summary>Not one of the four types, with reserved bytes that are not zero, or too short to tell.</summary>
    NotWireGuard,

    /// <summary>One of the four types, with a length that this type never has.</summary>
    BadLength,

    /// <summary>Type 1, the handshake's first message.</summary>
    Initiation,

    /// <summary>Type 2, the handshake's second message.</summary>
    Response,

    /// <summary>Type 3, sent instead of an answer by a loaded receiver.</summary>
    CookieReply,

    /// <summary>Type 4, data or a keepalive.</summary>
    Transport,
}
