using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace WgProxy.Core.Protocol;

/// <summary>Sixteen lanes, with AVX-512. Compiled ahead of time for every x86-64, .NET 10 leaves this code out.</summary>
internal readonly struct Lanes16 : ILanes<Vector512<uint>>
{
    public static string Name => "AVX-512 (.NET)";

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Load(ReadOnlySpan<uint> words) => Vector512.Create(words);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> left, Vector512<uint> right) => left + right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Xor(Vector512<uint> left, Vector512<uint> right) => left ^ right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Or(Vector512<uint> left, Vector512<uint> right) => left | right;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight16(Vector512<uint> words) => Avx512F.RotateRight(words, 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight12(Vector512<uint> words) => Avx512F.RotateRight(words, 12);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight8(Vector512<uint> words) => Avx512F.RotateRight(words, 8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> RotateRight7(Vector512<uint> words) => Avx512F.RotateRight(words, 7);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Zeros(Vector512<uint> words) => (uint)Vector512.Equals(words, Vector512<uint>.Zero).ExtractMostSignificantBits();
}
