using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace WgProxy.Core.Protocol;

/// <summary>
/// The block function of ChaCha20 (RFC 8439, section 2.3) and HChaCha20 (draft-irtf-cfrg-xchacha-03, section 2.2), which
/// turns a key and a nonce into another key. Each row of the four by four words is a vector, so the four quarter rounds
/// go side by side. Additions, exclusive ors and fixed rotations: the time depends on no input.
/// </summary>
internal static class ChaCha20
{
    public const int KeySize = 32;
    public const int NonceSize = 12;
    public const int BlockSize = 64;

    /// <summary>What HChaCha20 takes of a nonce.</summary>
    public const int SubkeyNonceSize = 16;

    private const int RowSize = 16;
    private const int DoubleRounds = 10;

    // "expand 32-byte k"
    private static Vector128<uint> Constants => Vector128.Create(0x61707865u, 0x3320646E, 0x79622D32, 0x6B206574);

    /// <summary>One block of the key stream.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="counter">The number of the block.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="stream">Receives 64 bytes.</param>
    public static void Block(ReadOnlySpan<byte> key, uint counter, ReadOnlySpan<byte> nonce, Span<byte> stream)
    {
        Span<byte> last = stackalloc byte[RowSize];
        nonce.CopyTo(last[sizeof(uint)..]);
        Vector128<uint> upper = Read(key);
        Vector128<uint> lower = Read(key[RowSize..]);
        Vector128<uint> end = Read(last).WithElement(0, counter);

        (Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d) = (Constants, upper, lower, end);
        Permute(ref a, ref b, ref c, ref d);
        Write(a + Constants, stream);
        Write(b + upper, stream[RowSize..]);
        Write(c + lower, stream[(2 * RowSize)..]);
        Write(d + end, stream[(3 * RowSize)..]);
    }

    /// <summary>HChaCha20: the first and the last row, without the addition that makes a block irreversible.</summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="nonce">16 bytes.</param>
    /// <param name="subkey">Receives 32 bytes.</param>
    public static void Subkey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, Span<byte> subkey)
    {
        Vector128<uint> a = Constants;
        Vector128<uint> b = Read(key);
        Vector128<uint> c = Read(key[RowSize..]);
        Vector128<uint> d = Read(nonce);
        Permute(ref a, ref b, ref c, ref d);
        Write(a, subkey);
        Write(d, subkey[RowSize..]);
    }

    private static void Permute(
        ref Vector128<uint> rowA, ref Vector128<uint> rowB, ref Vector128<uint> rowC, ref Vector128<uint> rowD)
    {
        (Vector128<uint> a, Vector128<uint> b, Vector128<uint> c, Vector128<uint> d) = (rowA, rowB, rowC, rowD);
        for (int i = 0; i < DoubleRounds; i++)
        {
            Mix(ref a, ref b, ref c, ref d);

            // To the diagonals and back.
            b = Vector128.Shuffle(b, Vector128.Create(1u, 2, 3, 0));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(3u, 0, 1, 2));
            Mix(ref a, ref b, ref c, ref d);
            b = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
            c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
            d = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
        }

        (rowA, rowB, rowC, rowD) = (a, b, c, d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        a += b;
        d = RotateLeft(d ^ a, 16);
        c += d;
        b = RotateLeft(b ^ c, 12);
        a += b;
        d = RotateLeft(d ^ a, 8);
        c += d;
        b = RotateLeft(b ^ c, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateLeft(Vector128<uint> words, int bits) =>
        (words << bits) | (words >>> (32 - bits));

    private static Vector128<uint> Read(ReadOnlySpan<byte> bytes) =>
        LittleEndian(Vector128.Create(bytes[..RowSize]).AsUInt32());

    private static void Write(Vector128<uint> row, Span<byte> bytes) => LittleEndian(row).AsByte().CopyTo(bytes);

    // The processor's order of bytes from and to that of the wire.
    private static Vector128<uint> LittleEndian(Vector128<uint> words) => BitConverter.IsLittleEndian
        ? words
        : Vector128.Shuffle(
            words.AsByte(), Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();
}
