namespace WgProxy.Core.Protocol;

/// <summary>
/// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, section 2.3), the authenticated encryption of WireGuard's cookies:
/// ChaCha20-Poly1305 (RFC 8439) with a key made of the key and 16 bytes of a nonce long enough to be drawn at random.
/// The framework has only the inner part, and not everywhere. No allocation; made for messages as short as cookies.
/// </summary>
internal static class XChaCha20Poly1305
{
    /// <summary>Size of a key.</summary>
    public const int KeySize = ChaCha20.KeySize;

    /// <summary>Size of a nonce.</summary>
    public const int NonceSize = 24;

    /// <summary>Size of the tag behind the encrypted text.</summary>
    public const int TagSize = Poly1305.TagSize;

    /// <summary>Encrypts and authenticates a text.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">24 bytes, never twice with the same key.</param>
    /// <param name="aad">What is authenticated with the text and not sent.</param>
    /// <param name="plain">The text.</param>
    /// <param name="sealedText">Receives the encrypted text and its tag: 16 bytes longer than the text. May not overlap
    /// it.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length: a mistake of the caller.</exception>
    public static void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> aad,
        ReadOnlySpan<byte> plain,
        Span<byte> sealedText)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sealedText.Length, plain.Length + TagSize, nameof(sealedText));
        Span<byte> subkey = stackalloc byte[KeySize];
        Span<byte> rest = stackalloc byte[ChaCha20.NonceSize];
        Derive(key, nonce, subkey, rest);
        ChaCha20Poly1305.Seal(subkey, rest, aad, plain, sealedText);
    }

    /// <summary>Decrypts a text that is authentic. Takes the same time wherever its tag differs.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">24 bytes.</param>
    /// <param name="aad">What was authenticated with the text.</param>
    /// <param name="sealedText">The encrypted text and its tag.</param>
    /// <param name="plain">Receives the text: 16 bytes shorter. Nothing is written if it returns false.</param>
    /// <exception cref="ArgumentOutOfRangeException">A length: a mistake of the caller.</exception>
    public static bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> aad,
        ReadOnlySpan<byte> sealedText,
        Span<byte> plain)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(plain.Length, sealedText.Length - TagSize, nameof(plain));
        Span<byte> subkey = stackalloc byte[KeySize];
        Span<byte> rest = stackalloc byte[ChaCha20.NonceSize];
        Derive(key, nonce, subkey, rest);
        return ChaCha20Poly1305.TryOpen(subkey, rest, aad, sealedText, plain);
    }

    // The inner nonce is what the subkey left of the outer one, behind four zeros.
    private static void Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, Span<byte> subkey, Span<byte> rest)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize, nameof(key));
        ArgumentOutOfRangeException.ThrowIfNotEqual(nonce.Length, NonceSize, nameof(nonce));
        ChaCha20.Subkey(key, nonce[..ChaCha20.SubkeyNonceSize], subkey);
        nonce[ChaCha20.SubkeyNonceSize..].CopyTo(rest[sizeof(uint)..]);
    }
}
