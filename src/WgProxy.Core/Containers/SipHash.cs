using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace WgProxy.Core.Containers;

/// <summary>
/// SipHash with 64-bit results (Aumasson and Bernstein, 2012), for tables keyed by what strangers choose. Without the
/// key, an attacker cannot prepare collisions. Adding 20,000 colliding indices to a dictionary took 316 ms, other ones 0.2 ms
/// (.NET 10). One round per word and three at the end suffice, because results never leave the process.
/// </summary>
internal static class SipHash
{
    private const int CompressionRounds = 1;
    private const int FinalizationRounds = 3;

    /// <summary>SipHash-1-3 of one word, taken as eight little-endian bytes.</summary>
    public static ulong Hash(ulong k0, ulong k1, ulong a)
    {
        State state = new(k0, k1);
        state.Compress(a, CompressionRounds);
        return state.Finish((ulong)sizeof(ulong) << 56, CompressionRounds, FinalizationRounds);
    }

    /// <summary>SipHash-1-3 of five words, such as those of a source, taken as forty little-endian bytes.</summary>
    public static ulong Hash(ulong k0, ulong k1, ulong a, ulong b, ulong c, ulong d, ulong e)
    {
        State state = new(k0, k1);
        state.Compress(a, CompressionRounds);
        state.Compress(b, CompressionRounds);
        state.Compress(c, CompressionRounds);
        state.Compress(d, CompressionRounds);
        state.Compress(e, CompressionRounds);
        return state.Finish(5UL * sizeof(ulong) << 56, CompressionRounds, FinalizationRounds);
    }

    /// <summary>The general form, which the published vectors of SipHash-2-4 prove.</summary>
    internal static ulong Hash(
        ulong k0, ulong k1, ReadOnlySpan<byte> data, int compressionRounds, int finalizationRounds)
    {
        State state = new(k0, k1);
        int length = data.Length;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
        {
            state.Compress(BinaryPrimitives.ReadUInt64LittleEndian(data), compressionRounds);
        }

        ulong tail = (ulong)length << 56;
        for (int i = 0; i < data.Length; i++)
        {
            tail |= (ulong)data[i] << (8 * i);
        }

        return state.Finish(tail, compressionRounds, finalizationRounds);
    }

    private struct State
    {
        private ulong _v0;
        private ulong _v1;
        private ulong _v2;
        private ulong _v3;

        public State(ulong k0, ulong k1)
        {
            _v0 = k0 ^ 0x736F6D6570736575;
            _v1 = k1 ^ 0x646F72616E646F6D;
            _v2 = k0 ^ 0x6C7967656E657261;
            _v3 = k1 ^ 0x7465646279746573;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Compress(ulong word, int rounds)
        {
            _v3 ^= word;
            for (int i = 0; i < rounds; i++)
            {
                Round();
            }

            _v0 ^= word;
        }

        // The last word holds the bytes that fill no word and, on top, the length modulo 256.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ulong Finish(ulong lastWord, int compressionRounds, int finalizationRounds)
        {
            Compress(lastWord, compressionRounds);
            _v2 ^= 0xFF;
            for (int i = 0; i < finalizationRounds; i++)
            {
                Round();
            }

            return _v0 ^ _v1 ^ _v2 ^ _v3;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Round()
        {
            _v0 += _v1;
            _v2 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 13) ^ _v0;
            _v3 = BitOperations.RotateLeft(_v3, 16) ^ _v2;
            _v0 = BitOperations.RotateLeft(_v0, 32);
            _v2 += _v1;
            _v0 += _v3;
            _v1 = BitOperations.RotateLeft(_v1, 17) ^ _v2;
            _v3 = BitOperations.RotateLeft(_v3, 21) ^ _v0;
            _v2 = BitOperations.RotateLeft(_v2, 32);
        }
    }
}
