using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace WgProxy.Core.Protocol;

/// <summary>
/// Four lanes, with whatever the processor has for 128 bits. Shuffles are asked for by name, as in <see cref="Blake2sVector"/>;
/// x86-64 without SSSE3 shifts instead, which still beats one key at a time.
/// </summary>
internal readonly struct Lanes4 : ILanes<Vector128<uint>>
{
    public static string Name => "128 bits (.NET)";

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Load(ReadOnlySpan<uint> words) => Vector128.Create(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Broadcast(uint word) => Vector128.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Add(Vector128<uint> left, Vector128<uint> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Xor(Vector128<uint> left, Vector128<uint> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> Or(Vector128<uint> left, Vector128<uint> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight16(Vector128<uint> words)
    {
        Vector128<byte> order = Vector128.Create((byte)2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
        return Ssse3.IsSupported ? Ssse3.Shuffle(words.AsByte(), order).AsUInt32()
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(words.AsByte(), order).AsUInt32()
            : (words >>> 16) | (words << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight12(Vector128<uint> words) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(words, 12) : (words >>> 12) | (words << 20);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight8(Vector128<uint> words)
    {
        Vector128<byte> order = Vector128.Create((byte)1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
        return Ssse3.IsSupported ? Ssse3.Shuffle(words.AsByte(), order).AsUInt32()
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.VectorTableLookup(words.AsByte(), order).AsUInt32()
            : (words >>> 8) | (words << 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<uint> RotateRight7(Vector128<uint> words) =>
        Avx512F.VL.IsSupported ? Avx512F.VL.RotateRight(words, 7) : (words >>> 7) | (words << 25);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Zeros(Vector128<uint> words) => (uint)Vector128.Equals(words, Vector128<uint>.Zero).ExtractMostSignificantBits();
}
