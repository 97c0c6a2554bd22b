using System.Numerics;
using System.Runtime.CompilerServices;

namespace WgProxy.Core.Protocol;

/// <summary>
/// Hashes an initiation or a response under as many keys at once as a vector has lanes. A lane holds the state of one key; the message is the
/// same for all of them, so its words are the same in all lanes.
/// </summary>
internal sealed class VectorMac1Matcher<TLanes, TVector> : IMac1Matcher
    where TLanes : struct, ILanes<TVector>
    where TVector : unmanaged
{
    private const int BlockWords = 160;

    public string Name => TLanes.Name;

    public int KeysPerStep => TLanes.Count;

    public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message)
    {
        int offset = Mac1.OffsetOrThrow(message);
        ReadOnlySpan<byte> hashed = message[..offset];

        // What stands before mac1 fills a block and a part of another in an initiation, and a part of one in a response.
        int whole = offset > Blake2s.BlockSize ? Blake2s.BlockSize : 0;
        Span<byte> last = stackalloc byte[Blake2s.BlockSize];
        last.Clear();
        hashed[whole..].CopyTo(last);
        Span<uint> words = stackalloc uint[2 * BlockWords];
        words = words[..(whole > 0 ? 2 * BlockWords : BlockWords)];
        if (whole > 0)
        {
            Order(hashed[..whole], words[..BlockWords]);
        }

        Order(last, words[^BlockWords..]);
        Span<uint> mac1 = stackalloc uint[WireGuard.MacSize / sizeof(uint)];
        Blake2s.ReadWords(message.Slice(offset, WireGuard.MacSize), mac1);

        for (int key = 0; key < count; key += TLanes.Count)
        {
            uint found = Step(groups[Mac1Group.IndexOf(key, 0)..], words, offset, mac1);
            if (found != 0)
            {
                return key + BitOperations.TrailingZeroCount(found);
            }
        }

        return -1;
    }

    // The words of a block in the order in which the rounds take them, so that a round reads what is next.
    private static void Order(ReadOnlySpan<byte> block, Span<uint> ordered)
    {
        Span<uint> words = stackalloc uint[16];
        Blake2s.ReadWords(block, words);
        ReadOnlySpan<byte> schedule = Blake2s.Schedule;
        for (int i = 0; i < schedule.Length; i++)
        {
            ordered[i] = words[schedule[i]];
        }
    }

    // A bit for each lane whose key makes this mac1. All lanes and all words are compared, whatever differs.
    private static uint Step(ReadOnlySpan<uint> rows, ReadOnlySpan<uint> words, int hashed, ReadOnlySpan<uint> mac1)
    {
        Span<TVector> state = stackalloc TVector[Blake2s.StateWords];
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = TLanes.Load(rows[(i * Mac1Group.Keys)..]);
        }

        if (words.Length > BlockWords)
        {
            Compress(state, words[..BlockWords], 2 * Blake2s.BlockSize, 0);
        }

        Compress(state, words[^BlockWords..], Blake2s.BlockSize + (uint)hashed, uint.MaxValue);

        TVector difference = TLanes.Load(rows[(Mac1Group.VacancyRow * Mac1Group.Keys)..]);
        for (int i = 0; i < mac1.Length; i++)
        {
            difference = TLanes.Or(difference, TLanes.Xor(state[i], TLanes.Broadcast(mac1[i])));
        }

        return TLanes.Zeros(difference);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Compress(Span<TVector> state, ReadOnlySpan<uint> words, uint compressed, uint last)
    {
        state = state[..Blake2s.StateWords];
        ReadOnlySpan<uint> start = Blake2s.Start[..Blake2s.StateWords];
        TVector v0 = state[0];
        TVector v1 = state[1];
        TVector v2 = state[2];
        TVector v3 = state[3];
        TVector v4 = state[4];
        TVector v5 = state[5];
        TVector v6 = state[6];
        TVector v7 = state[7];
        TVector v8 = TLanes.Broadcast(start[0]);
        TVector v9 = TLanes.Broadcast(start[1]);
        TVector v10 = TLanes.Broadcast(start[2]);
        TVector v11 = TLanes.Broadcast(start[3]);
        TVector v12 = TLanes.Broadcast(start[4] ^ compressed);
        TVector v13 = TLanes.Broadcast(start[5]);
        TVector v14 = TLanes.Broadcast(start[6] ^ last);
        TVector v15 = TLanes.Broadcast(start[7]);

        for (; !words.IsEmpty; words = words[16..])
        {
            ReadOnlySpan<uint> m = words[..16];
            Mix(ref v0, ref v4, ref v8, ref v12, m[0], m[1]);
            Mix(ref v1, ref v5, ref v9, ref v13, m[2], m[3]);
            Mix(ref v2, ref v6, ref v10, ref v14, m[4], m[5]);
            Mix(ref v3, ref v7, ref v11, ref v15, m[6], m[7]);
            Mix(ref v0, ref v5, ref v10, ref v15, m[8], m[9]);
            Mix(ref v1, ref v6, ref v11, ref v12, m[10], m[11]);
            Mix(ref v2, ref v7, ref v8, ref v13, m[12], m[13]);
            Mix(ref v3, ref v4, ref v9, ref v14, m[14], m[15]);
        }

        state[0] = TLanes.Xor(state[0], TLanes.Xor(v0, v8));
        state[1] = TLanes.Xor(state[1], TLanes.Xor(v1, v9));
        state[2] = TLanes.Xor(state[2], TLanes.Xor(v2, v10));
        state[3] = TLanes.Xor(state[3], TLanes.Xor(v3, v11));
        state[4] = TLanes.Xor(state[4], TLanes.Xor(v4, v12));
        state[5] = TLanes.Xor(state[5], TLanes.Xor(v5, v13));
        state[6] = TLanes.Xor(state[6], TLanes.Xor(v6, v14));
        state[7] = TLanes.Xor(state[7], TLanes.Xor(v7, v15));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref TVector a, ref TVector b, ref TVector c, ref TVector d, uint x, uint y)
    {
        a = TLanes.Add(TLanes.Add(a, TLanes.Broadcast(x)), b);
        d = TLanes.RotateRight16(TLanes.Xor(d, a));
        c = TLanes.Add(c, d);
        b = TLanes.RotateRight12(TLanes.Xor(b, c));
        a = TLanes.Add(TLanes.Add(a, TLanes.Broadcast(y)), b);
        d = TLanes.RotateRight8(TLanes.Xor(d, a));
        c = TLanes.Add(c, d);
        b = TLanes.RotateRight7(TLanes.Xor(b, c));
    }
}
