namespace WgProxy.Core.Protocol;

/// <summary>The numbers of the WireGuard protocol that a relay needs, and those it chooses itself.</summary>
internal static class WireGuard
{
    // Specification: section 5.4 of the WireGuard paper for messages, 6.1 for times.

    /// <summary>Type of a handshake initiation. The type is one byte followed by three reserved zero bytes, which is
    /// the same as a little-endian 32-bit number; the kernel and wireguard-go read it so.</summary>
    public const uint InitiationType = 1;

    /// <summary>Type of a handshake response.</summary>
    public const uint ResponseType = 2;

    /// <summary>Type of a cookie reply.</summary>
    public const uint CookieReplyType = 3;

    /// <summary>Type of transport data.</summary>
    public const uint TransportType = 4;

    /// <summary>Exact size of a handshake initiation.</summary>
    public const int InitiationSize = 148;

    /// <summary>Exact size of a handshake response.</summary>
    public const int ResponseSize = 92;

    /// <summary>Exact size of a cookie reply.</summary>
    public const int CookieReplySize = 64;

    /// <summary>Least size of transport data: 16 bytes of header and the tag of an empty packet, a keepalive.</summary>
    public const int TransportMinimumSize = 32;

    /// <summary>Where types 1 and 2 carry the index of their sender.</summary>
    public const int SenderOffset = 4;

    /// <summary>Where type 2 carries the index of its receiver.</summary>
    public const int ResponseReceiverOffset = 8;

    /// <summary>Where types 3 and 4 carry the index of their receiver.</summary>
    public const int ReceiverOffset = 4;

    /// <summary>Where type 1 carries mac1, and how many bytes mac1 covers.</summary>
    public const int InitiationMac1Offset = 116;

    /// <summary>Where type 2 carries mac1, and how many bytes mac1 covers.</summary>
    public const int ResponseMac1Offset = 60;

    /// <summary>Size of mac1, and of mac2 behind it.</summary>
    public const int MacSize = 16;

    /// <summary>Where type 3 carries the nonce under which its cookie is sealed.</summary>
    public const int CookieNonceOffset = 8;

    /// <summary>Where type 3 carries the sealed cookie, to its end.</summary>
    public const int SealedCookieOffset = 32;

    /// <summary>Size of a cookie, which is the key of mac2.</summary>
    public const int CookieSize = 16;

    /// <summary>Size of a public key.</summary>
    public const int PublicKeySize = 32;

    /// <summary>What is hashed before the receiver's public key to make the key of mac1.</summary>
    public static ReadOnlySpan<byte> Mac1Label => "mac1----"u8;

    /// <summary>What is hashed before the receiver's public key to make the key that seals its cookies.</summary>
    public static ReadOnlySpan<byte> CookieLabel => "cookie--"u8;

    // Implementation: chosen here.

    /// <summary>How much of each datagram in a run is looked at: type, receiver index and counter of transport data.
    /// The rest of a run stays cold in the cache.</summary>
    public const int LeadSize = 16;
}
