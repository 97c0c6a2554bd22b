namespace WgProxy.Core.Protocol;

/// <summary>
/// The check of mac1, which every handshake message to a server carries: BLAKE2s over what precedes it, keyed with the
/// hash of the server's public key. It proves that the sender knows that key, and nothing else. The key is compressed
/// once, here; a check costs two compressions for an initiation and one for a response. Nothing in it changes, so
/// threads may share it.
/// </summary>
internal sealed class Mac1
{
    private readonly Blake2sKey _key;

    /// <summary>The check for messages to the holder of this key.</summary>
    public Mac1(PublicKey key)
    {
        Span<byte> labelled = stackalloc byte[WireGuard.Mac1Label.Length + WireGuard.PublicKeySize];
        WireGuard.Mac1Label.CopyTo(labelled);
        key.Bytes.CopyTo(labelled[WireGuard.Mac1Label.Length..]);
        Span<byte> hashed = stackalloc byte[Blake2s.MaxDigestSize];
        Blake2s.Hash(labelled, hashed);
        _key = new Blake2sKey(hashed, WireGuard.MacSize);
    }

    /// <summary>Whether a message carries the right mac1. Takes the same time wherever the difference lies.</summary>
    /// <param name="message">An initiation or a response, told apart by length; any other length is false.</param>
    public bool Verify(ReadOnlySpan<byte> message)
    {
        int offset = OffsetIn(message);
        if (offset < 0)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[WireGuard.MacSize];
        _key.Mac(message[..offset], expected);
        return FixedTime.AreEqual(expected, message.Slice(offset, WireGuard.MacSize));
    }

    /// <summary>Writes mac1 into a message that is complete up to it.</summary>
    /// <param name="message">An initiation or a response, told apart by length.</param>
    /// <exception cref="ArgumentException">The length is neither's.</exception>
    public void Write(Span<byte> message)
    {
        int offset = OffsetIn(message);
        if (offset < 0)
        {
            throw new ArgumentException("Neither an initiation nor a response has this length.", nameof(message));
        }

        _key.Mac(message[..offset], message.Slice(offset, WireGuard.MacSize));
    }

    /// <summary>The key's state, as <see cref="Mac1Set"/> lays it beside those of others: eight words.</summary>
    internal void CopyStateTo(Span<uint> words) => _key.CopyStateTo(words);

    /// <summary>Where an initiation or a response, told apart by length, carries mac1; of any other length, -1.</summary>
    internal static int OffsetIn(ReadOnlySpan<byte> message) => message.Length switch
    {
        WireGuard.InitiationSize => WireGuard.InitiationMac1Offset,
        WireGuard.ResponseSize => WireGuard.ResponseMac1Offset,
        _ => -1,
    };

    /// <summary>The same for what a matcher is given.</summary>
    /// <exception cref="ArgumentException">The length is neither's.</exception>
    internal static int OffsetOrThrow(ReadOnlySpan<byte> message) =>
        OffsetIn(message) is >= 0 and int offset
            ? offset
            : throw new ArgumentException("Neither an initiation nor a response has this length.", nameof(message));
}
