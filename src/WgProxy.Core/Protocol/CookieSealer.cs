using System.Buffers.Binary;

namespace WgProxy.Core.Protocol;

/// <summary>
/// Cookie replies (type 3) in the name of a server. A loaded receiver sends one instead of an answer. The client then proves in
/// mac2 of its next attempt that it received the reply. The key is derived from the server's public key alone. So everyone who has
/// that key can write replies that clients accept, and can read the server's own. The instance never changes, so
/// threads may share it.
/// </summary>
internal sealed class CookieSealer
{
    /// <summary>Size of the nonce of a reply.</summary>
    public const int NonceSize = XChaCha20Poly1305.NonceSize;

    private readonly byte[] _key = new byte[XChaCha20Poly1305.KeySize];

    /// <summary>The replies of the holder of this key.</summary>
    public CookieSealer(PublicKey key)
    {
        Span<byte> labelled = stackalloc byte[WireGuard.CookieLabel.Length + WireGuard.PublicKeySize];
        WireGuard.CookieLabel.CopyTo(labelled);
        key.Bytes.CopyTo(labelled[WireGuard.CookieLabel.Length..]);
        Blake2s.Hash(labelled, _key);
    }

    /// <summary>Writes the reply to a handshake message: less than half as long as an initiation.</summary>
    /// <param name="message">The initiation or response that is answered, told apart by length. Its mac1 is bound into
    /// the reply: a client takes no cookie for what it did not send.</param>
    /// <param name="cookie">16 bytes.</param>
    /// <param name="nonce">24 bytes, for this reply alone. It protects no secret, because the key is public, but it must not repeat.</param>
    /// <param name="reply">Receives the reply, 64 bytes.</param>
    /// <exception cref="ArgumentException">A length: a mistake of the caller.</exception>
    public void Write(
        ReadOnlySpan<byte> message, ReadOnlySpan<byte> cookie, ReadOnlySpan<byte> nonce, Span<byte> reply)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cookie.Length, WireGuard.CookieSize, nameof(cookie));
        ArgumentOutOfRangeException.ThrowIfNotEqual(reply.Length, WireGuard.CookieReplySize, nameof(reply));
        int mac1 = Mac1.OffsetIn(message);
        if (mac1 < 0)
        {
            throw new ArgumentException("Neither an initiation nor a response has this length.", nameof(message));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(reply, WireGuard.CookieReplyType);
        message.Slice(WireGuard.SenderOffset, sizeof(uint)).CopyTo(reply[WireGuard.ReceiverOffset..]);
        nonce.CopyTo(reply[WireGuard.CookieNonceOffset..]);
        XChaCha20Poly1305.Seal(
            _key, nonce, message.Slice(mac1, WireGuard.MacSize), cookie, reply[WireGuard.SealedCookieOffset..]);
    }

    /// <summary>Reads the cookie in a reply. It is network input, so no content makes this throw.</summary>
    /// <param name="reply">A datagram.</param>
    /// <param name="mac1">Mac1 of the message it may answer, 16 bytes.</param>
    /// <param name="cookie">Receives 16 bytes, or nothing if it returns false.</param>
    /// <returns>Whether it is a cookie reply to that message, sealed with the public key.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The length of mac1 or of the cookie: a mistake of the
    /// caller.</exception>
    public bool TryOpen(ReadOnlySpan<byte> reply, ReadOnlySpan<byte> mac1, Span<byte> cookie)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(mac1.Length, WireGuard.MacSize, nameof(mac1));
        ArgumentOutOfRangeException.ThrowIfNotEqual(cookie.Length, WireGuard.CookieSize, nameof(cookie));
        return Datagram.Classify(reply) == DatagramKind.CookieReply
            && XChaCha20Poly1305.TryOpen(
                _key,
                reply.Slice(WireGuard.CookieNonceOffset, NonceSize),
                mac1,
                reply[WireGuard.SealedCookieOffset..],
                cookie);
    }
}
