using System.Buffers.Binary;

namespace WgProxy.Core.Protocol;

/// <summary>
/// BLAKE2s (RFC 7693), the hash of WireGuard; the framework has none. Digests of 1 to 32 bytes, keys of up to 32.
/// No allocation. The compression exists twice, scalar and for 128-bit vectors, and both pass the same tests.
/// </summary>
internal static class Blake2s
{
    /// <summary>The longest digest.</summary>
    public const int MaxDigestSize = 32;

    /// <summary>The longest key.</summary>
    public const int MaxKeySize = 32;

    internal const int BlockSize = 64;
    internal const int StateWords = 8;

    // Read once, so that compiled code holds only the path that this processor takes.
    internal static readonly bool Vectorised = Blake2sVector.IsSupported;

    // An array, because code that is not optimised yet allocates for a constant span of words (.NET 10, 72 bytes).
    private static readonly uint[] InitialValues =
    [
        0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
    ];

    /// <summary>The initial values of RFC 7693, section 2.6: eight words.</summary>
    internal static ReadOnlySpan<uint> Start => InitialValues;

    /// <summary>The order in which each of the ten rounds takes the sixteen words of a block, section 2.7.</summary>
    internal static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    /// <summary>Hashes data without a key.</summary>
    /// <param name="data">Any number of bytes.</param>
    /// <param name="digest">Receives the digest; its length, 1 to 32, is part of what is hashed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length of the digest.</exception>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> digest) => Hash(data, digest, Vectorised);

    /// <summary>Hashes data with a key. For a key in frequent use, keep a <see cref="Blake2sKey"/> instead.</summary>
    /// <param name="key">0 to 32 bytes; of 0 it is <see cref="Hash(ReadOnlySpan{byte}, Span{byte})"/>.</param>
    /// <param name="data">Any number of bytes.</param>
    /// <param name="mac">Receives the code; its length, 1 to 32, is part of what is hashed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length of the key or of the code.</exception>
    public static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac) =>
        Mac(key, data, mac, Vectorised);

    internal static void Hash(ReadOnlySpan<byte> data, Span<byte> digest, bool vectorised) =>
        Mac([], data, digest, vectorised);

    internal static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> mac, bool vectorised)
    {
        Span<uint> state = stackalloc uint[StateWords];
        Begin(state, key.Length, mac.Length);
        if (key.IsEmpty)
        {
            Finish(state, 0, data, mac, vectorised);
            return;
        }

        Span<byte> block = stackalloc byte[BlockSize];
        block.Clear();
        key.CopyTo(block);
        if (data.IsEmpty)
        {
            // The block of the key is then the last one, and finishing pads nothing.
            Finish(state, 0, block, mac, vectorised);
            return;
        }

        Compress(state, block, BlockSize, last: false, vectorised);
        Finish(state, BlockSize, data, mac, vectorised);
    }

    /// <summary>The state before the first block: the initial values and the parameter block of section 2.5.</summary>
    internal static void Begin(Span<uint> state, int keyLength, int digestLength)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keyLength, MaxKeySize);
        ArgumentOutOfRangeException.ThrowIfZero(digestLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(digestLength, MaxDigestSize);
        Start.CopyTo(state);
        state[0] ^= 0x01010000 ^ ((uint)keyLength << 8) ^ (uint)digestLength;
    }

    /// <summary>Compresses what is left, the last block with zeros behind it, and writes the digest.</summary>
    internal static void Finish(
        Span<uint> state, ulong compressed, ReadOnlySpan<byte> data, Span<byte> digest, bool vectorised)
    {
        while (data.Length > BlockSize)
        {
            compressed += BlockSize;
            Compress(state, data[..BlockSize], compressed, last: false, vectorised);
            data = data[BlockSize..];
        }

        Span<byte> block = stackalloc byte[BlockSize];
        block.Clear();
        data.CopyTo(block);
        Compress(state, block, compressed + (uint)data.Length, last: true, vectorised);

        for (int i = 0; i < StateWords; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(block[(4 * i)..], state[i]);
        }

        block[..digest.Length].CopyTo(digest);
    }

    /// <summary>Mixes one block into the state, section 3.2.</summary>
    /// <param name="state">Eight words.</param>
    /// <param name="block">64 bytes.</param>
    /// <param name="compressed">Bytes hashed so far, this block's included, its padding not.</param>
    /// <param name="last">Whether no block follows.</param>
    /// <param name="vectorised">Which of the two compressions.</param>
    internal static void Compress(
        Span<uint> state, ReadOnlySpan<byte> block, ulong compressed, bool last, bool vectorised)
    {
        if (vectorised)
        {
            Blake2sVector.Compress(state, block, compressed, last);
        }
        else
        {
            Blake2sScalar.Compress(state, block, compressed, last);
        }
    }

    /// <summary>The sixteen words of a block.</summary>
    internal static void ReadWords(ReadOnlySpan<byte> block, Span<uint> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(4 * i)..]);
        }
    }
}
