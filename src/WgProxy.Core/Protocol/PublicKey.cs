using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace WgProxy.Core.Protocol;

/// <summary>A WireGuard public key: 32 bytes, written as <c>wg</c> writes them.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    private const string Expected = "expected 32 bytes in base64 (44 characters, as `wg pubkey` prints), got ";
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private static readonly SearchValues<char> Digits = SearchValues.Create(Alphabet);

    /// <summary>Compares keys, also with bytes that might be one's. Keys are the operator's to choose, so the hash needs no secret.</summary>
    internal static IEqualityComparer<PublicKey> Comparer { get; } = new BytesComparer();

    private readonly byte[] _bytes;

    private PublicKey(byte[] bytes) => _bytes = bytes;

    /// <summary>The 32 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Reads a key in canonical base64: what parses prints as the same text. White space around it is ignored,
    /// because settings carry it; inside it is an error.</summary>
    /// <param name="text">The key as text.</param>
    /// <param name="key">The key.</param>
    /// <param name="error">What was expected and what was found, in words for the operator.</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out PublicKey? key, [NotNullWhen(false)] out string? error)
    {
        key = null;
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        error = FindFault(trimmed);
        if (error is not null)
        {
            return false;
        }

        byte[] bytes = Convert.FromBase64String(trimmed.ToString());
        if (!bytes.AsSpan().ContainsAnyExcept((byte)0))
        {
            error = "expected a public key, got 32 zero bytes: a point of low order, with which no handshake succeeds";
            return false;
        }

        key = new PublicKey(bytes);
        return true;
    }

    /// <summary>Reads a key as <see cref="TryParse"/> does.</summary>
    /// <exception cref="FormatException">The text is no key. The message says what was expected and what was found.</exception>
    public static PublicKey Parse(string text) =>
        TryParse(text, out PublicKey? key, out string? error) ? key : throw new FormatException(error);

    /// <summary>The key with these bytes; null if they are none: not 32, or all zero.</summary>
    public static PublicKey? Of(ReadOnlySpan<byte> bytes) =>
        bytes.Length == WireGuard.PublicKeySize && bytes.ContainsAnyExcept((byte)0) ? new PublicKey(bytes.ToArray()) : null;

    /// <inheritdoc/>
    public bool Equals(PublicKey? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc/>
    public override int GetHashCode() => MemoryMarshal.Read<int>(_bytes);

    /// <summary>The key in base64, 44 characters.</summary>
    public override string ToString() => Convert.ToBase64String(_bytes);

    // Says why the text is not the one that printing 32 bytes gives; null if it is.
    private static string? FindFault(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
        {
            return Expected + "nothing";
        }

        ReadOnlySpan<char> digits = text.TrimEnd('=');
        int stranger = digits.IndexOfAnyExcept(Digits);
        if (stranger >= 0)
        {
            return $"{Expected}{Describe(digits[stranger])} at position {stranger + 1}";
        }

        int padding = text.Length - digits.Length;
        if (digits.Length % 4 == 1)
        {
            return $"{Expected}{text.Length} characters, which is no whole number of bytes";
        }

        int bytes = digits.Length * 3 / 4;
        if (bytes != WireGuard.PublicKeySize)
        {
            return $"{Expected}{bytes} {(bytes == 1 ? "byte" : "bytes")}";
        }

        if (padding != 1)
        {
            return $"{Expected}{text.Length} characters: the 44th must be the only '='";
        }

        // 43 digits hold 258 bits, two more than the key has. Printing leaves them zero.
        int last = Alphabet.IndexOf(digits[^1], StringComparison.Ordinal);
        return last % 4 == 0
            ? null
            : $"{Expected}'{digits[^1]}' before the '=' where only '{Alphabet[last & ~3]}' would end those 32 bytes";
    }

    private static string Describe(char character) => character switch
    {
        ' ' => "a space",
        '=' => "a '='",
        > ' ' and <= '~' => $"the character '{character}'",
        _ => $"the character U+{(int)character:X4}",
    };

    private sealed class BytesComparer : IEqualityComparer<PublicKey>, IAlternateEqualityComparer<ReadOnlySpan<byte>, PublicKey>
    {
        public bool Equals(PublicKey? x, PublicKey? y) => x is null ? y is null : x.Equals(y);

        public int GetHashCode(PublicKey obj) => obj.GetHashCode();

        public bool Equals(ReadOnlySpan<byte> alternate, PublicKey other) => other.Bytes.SequenceEqual(alternate);

        public int GetHashCode(ReadOnlySpan<byte> alternate) => MemoryMarshal.Read<int>(alternate);

        public PublicKey Create(ReadOnlySpan<byte> alternate) => new(alternate.ToArray());
    }
}
