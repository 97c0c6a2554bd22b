using System.Numerics;

namespace WgProxy.Core.Protocol;

/// <summary>The compression of BLAKE2s as RFC 7693, section 3.2, writes it: where there are no vectors.</summary>
internal static class Blake2sScalar
{
    public static void Compress(Span<uint> state, ReadOnlySpan<byte> block, ulong compressed, bool last)
    {
        Span<uint> m = stackalloc uint[16];
        Blake2s.ReadWords(block, m);

        Span<uint> v = stackalloc uint[16];
        state.CopyTo(v);
        Blake2s.Start.CopyTo(v[8..]);
        v[12] ^= (uint)compressed;
        v[13] ^= (uint)(compressed >> 32);
        v[14] ^= last ? uint.MaxValue : 0;

        for (ReadOnlySpan<byte> rounds = Blake2s.Schedule; !rounds.IsEmpty; rounds = rounds[16..])
        {
            ReadOnlySpan<byte> s = rounds[..16];
            Mix(ref v[0], ref v[4], ref v[8], ref v[12], m[s[0]], m[s[1]]);
            Mix(ref v[1], ref v[5], ref v[9], ref v[13], m[s[2]], m[s[3]]);
            Mix(ref v[2], ref v[6], ref v[10], ref v[14], m[s[4]], m[s[5]]);
            Mix(ref v[3], ref v[7], ref v[11], ref v[15], m[s[6]], m[s[7]]);
            Mix(ref v[0], ref v[5], ref v[10], ref v[15], m[s[8]], m[s[9]]);
            Mix(ref v[1], ref v[6], ref v[11], ref v[12], m[s[10]], m[s[11]]);
            Mix(ref v[2], ref v[7], ref v[8], ref v[13], m[s[12]], m[s[13]]);
            Mix(ref v[3], ref v[4], ref v[9], ref v[14], m[s[14]], m[s[15]]);
        }

        for (int i = 0; i < Blake2s.StateWords; i++)
        {
            state[i] ^= v[i] ^ v[i + 8];
        }
    }

    private static void Mix(ref uint a, ref uint b, ref uint c, ref uint d, uint x, uint y)
    {
        a += b + x;
        d = BitOperations.RotateRight(d ^ a, 16);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 12);
        a += b + y;
        d = BitOperations.RotateRight(d ^ a, 8);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 7);
    }
}
