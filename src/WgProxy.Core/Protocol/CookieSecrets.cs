using System.Buffers.Binary;
using System.Diagnostics.Contracts;

namespace WgProxy.Core.Protocol;

/// <summary>
/// The secrets from which cookies are made. A cookie is a keyed hash of the source to which it was sent, so the relay stores none.
/// A cookie proves that its sender receives at its address, and nothing else. There are two secrets,
/// because clients use a cookie for up to 120 s, beyond one rotation. An instance never changes, so threads
/// may share it. A rotation makes a new instance.
/// </summary>
internal readonly struct CookieSecrets
{
    /// <summary>Size of a secret.</summary>
    public const int SecretSize = 32;

    private const int SourceSize = 5 * sizeof(ulong);

    private readonly Blake2sKey _current;
    private readonly Blake2sKey _previous;

    /// <summary>Begins with one secret.</summary>
    /// <param name="secret">32 random bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Its length.</exception>
    public CookieSecrets(ReadOnlySpan<byte> secret)
    {
        _current = KeyOf(secret);
        _previous = _current;
    }

    private CookieSecrets(Blake2sKey current, Blake2sKey previous)
    {
        _current = current;
        _previous = previous;
    }

    /// <summary>The secrets after a rotation: a new one, and the current one as the previous. Cookies of the previous one
    /// are no longer accepted.</summary>
    /// <param name="secret">32 random bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">Its length.</exception>
    [Pure]
    public CookieSecrets RotatedTo(ReadOnlySpan<byte> secret) => new(KeyOf(secret), _current);

    /// <summary>Makes the cookie of a source from the current secret.</summary>
    /// <param name="source">The client, and the local address it sent to.</param>
    /// <param name="cookie">Receives 16 bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length of the cookie.</exception>
    public void CookieFor(in Source source, Span<byte> cookie)
    {
        Span<byte> words = stackalloc byte[SourceSize];
        Write(source, words);
        _current.Mac(words, cookie);
    }

    /// <summary>Whether a message shows, in mac2, a cookie that this source was sent. Takes the same time wherever the
    /// difference lies; a message without mac2, which is all zeros, costs nothing.</summary>
    /// <param name="message">An initiation or a response, told apart by length; any other length is false.</param>
    /// <param name="source">Where it came from.</param>
    public bool VerifyMac2(ReadOnlySpan<byte> message, in Source source)
    {
        int mac1 = Mac1.OffsetIn(message);
        if (mac1 < 0)
        {
            return false;
        }

        int offset = mac1 + WireGuard.MacSize;
        ReadOnlySpan<byte> mac2 = message[offset..];
        if (!mac2.ContainsAnyExcept((byte)0))
        {
            return false;
        }

        Span<byte> words = stackalloc byte[SourceSize];
        Write(source, words);
        ReadOnlySpan<byte> covered = message[..offset];
        return IsMac2(mac2, covered, words, _current) || IsMac2(mac2, covered, words, _previous);
    }

    private static bool IsMac2(
        ReadOnlySpan<byte> mac2, ReadOnlySpan<byte> covered, ReadOnlySpan<byte> words, in Blake2sKey secret)
    {
        Span<byte> cookie = stackalloc byte[WireGuard.CookieSize];
        secret.Mac(words, cookie);
        Span<byte> expected = stackalloc byte[WireGuard.MacSize];
        Blake2s.Mac(cookie, covered, expected);
        return FixedTime.AreEqual(expected, mac2);
    }

    private static Blake2sKey KeyOf(ReadOnlySpan<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, SecretSize, nameof(secret));
        return new Blake2sKey(secret, WireGuard.CookieSize);
    }

    private static void Write(in Source source, Span<byte> words)
    {
        (ulong high, ulong low, ulong localHigh, ulong localLow, ulong portAndScope) = source.Words;
        BinaryPrimitives.WriteUInt64LittleEndian(words, high);
        BinaryPrimitives.WriteUInt64LittleEndian(words[8..], low);
        BinaryPrimitives.WriteUInt64LittleEndian(words[16..], localHigh);
        BinaryPrimitives.WriteUInt64LittleEndian(words[24..], localLow);
        BinaryPrimitives.WriteUInt64LittleEndian(words[32..], portAndScope);
    }
}
