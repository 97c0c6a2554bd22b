using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace WgProxy.Core.Protocol;

/// <summary>The compression of BLAKE2s with the four mixings of a half round side by side in 128-bit vectors.</summary>
internal static class Blake2sVector
{
    // Without a byte shuffle in hardware the rotations by 16 and 8 would be slower than the scalar code. A block is
    // read in place as words, so their byte order must be the processor's.
    public static bool IsSupported =>
        BitConverter.IsLittleEndian
        && Vector128.IsHardwareAccelerated
        && (Ssse3.IsSupported || AdvSimd.Arm64.IsSupported);

    public static void Compress(Span<uint> state, ReadOnlySpan<byte> block, ulong compressed, bool last)
    {
        ReadOnlySpan<uint> m = MemoryMarshal.Cast<byte, uint>(block)[..16];

        Vector128<uint> low = Vector128.Create<uint>(state[..4]);
        Vector128<uint> high = Vector128.Create<uint>(state.Slice(4, 4));
        Vector128<uint> a = low;
        Vector128<uint> b = high;
        Vector128<uint> c = Vector128.Create(Blake2s.Start[..4]);
        Vector128<uint> d = Vector128.Create(Blake2s.Start[4..])
            ^ Vector128.Create((uint)compressed, (uint)(compressed >> 32), last ? uint.MaxValue : 0, 0);

        for (ReadOnlySpan<byte> rounds = Blake2s.Schedule; !rounds.IsEmpty; rounds = rounds[16..])
        {
            ReadOnlySpan<byte> s = rounds[..16];
            Mix(ref a, ref b, ref c, ref d, Take(m, s[0], s[2], s[4], s[6]), Take(m, s[1], s[3], s[5], s[7]));

            // To the diagonals. b is what the last mixing made last, so it stays and the other three turn meanwhile;
            // the words of the block turn with them.
            a = Vector128.Shuffle(a, Vector128.Create(3u, 0, 1, 2));
            c = Vector128.Shuffle(c, Vector128.Create(1u, 2, 3, 0));
            d = Vector128.Shuffle(d, Vector128.Create(2u, 3, 0, 1));
            Mix(ref a, ref b, ref c, ref d, Take(m, s[14], s[8], s[10], s[12]), Take(m, s[15], s[9], s[11], s[13]));
            a = Vector128.Shuffle(a, Vector128.Create(1u, 2, 3, 0));
            c = Vector128.Shuffle(c, Vector128.Create(3u, 0, 1, 2));
            d = Vector128.Shuffle(d, Vector128.Create(2u, 3, 0, 1));
        }

        (low ^ a ^ c).CopyTo(state);
        (high ^ b ^ d).CopyTo(state[4..]);
    }

    // The mask changes nothing, since the schedule holds 0 to 15; it shows the compiler that the bounds hold.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Take(ReadOnlySpan<uint> m, byte i, byte j, byte k, byte l) =>
        Vector128.Create(m[i & 15], m[j & 15], m[k & 15], m[l & 15]);

    // a and x are ready before b is: adding them first keeps one addition off the path that everything waits for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(
        ref Vector128<uint> a,
        ref Vector128<uint> b,
        ref Vector128<uint> c,
        ref Vector128<uint> d,
        Vector128<uint> x,
        Vector128<uint> y)
    {
        a = a + x + b;
        d = RotateRight16(d ^ a);
        c += d;
        b = RotateRight12(b ^ c);
        a = a + y + b;
        d = RotateRight8(d ^ a);
        c += d;
        b = RotateRight7(b ^ c);
    }

    // By name, and not Vector128.Shuffle: compiled ahead of time, where SSSE3 is no part of what every processor has, that
    // becomes a call through memory, four to a mixing; the question for SSSE3 is a branch that is always taken.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Shuffle(Vector128<uint> words, Vector128<byte> order) =>
        Ssse3.IsSupported ? Ssse3.Shuffle(words.AsByte(), order).AsUInt32()
        : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(words.AsByte(), order).AsUInt32()
        : throw new PlatformNotSupportedException();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateRight16(Vector128<uint> words) =>
        Shuffle(words, Vector128.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateRight8(Vector128<uint> words) =>
        Shuffle(words, Vector128.Create((byte)1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));

    // AVX-512 rotates in one instruction, which the compiler does not find in the shifts (.NET 10). For 12 and 7 it
    // saves 50 of 350 ns in a check of an initiation's mac1 (Zen 5); for 16 and 8, one instruction anyway, nothing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateRight12(Vector128<uint> words) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(words, 12) : (words >>> 12) | (words << 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> RotateRight7(Vector128<uint> words) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(words, 7) : (words >>> 7) | (words << 25);
}
