namespace WgProxy.Core.Vocabulary;

/// <summary>A message of WireGuard's handshake: all that is forwarded is one of these, or data.</summary>
public enum HandshakeMessage : byte
{
    /// <summary>Type 1, the handshake's first message.</summary>
    Initiation,

    /// <summary>Type 2, which answers it.</summary>
    Response,

    /// <summary>Type 3, which a loaded receiver sends instead of an answer.</summary>
    CookieReply,
}
