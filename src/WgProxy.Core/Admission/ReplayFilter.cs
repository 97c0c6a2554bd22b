using System.Buffers.Binary;
using WgProxy.Core.Containers;

namespace WgProxy.Core.Admission;

/// <summary>
/// Initiations forwarded lately, by a keyed fingerprint of their mac1. Two sets take turns, so memory is bounded and the
/// oldest are forgotten first. It saves the server work; it is no wall: the server itself refuses replays.
/// </summary>
internal sealed class ReplayFilter
{
    private readonly (ulong K0, ulong K1) _seed;
    private readonly TimeSpan _turn;
    private readonly int _most;
    private ulong[] _current;
    private ulong[] _previous;
    private int _count;
    private Tick _since;

    /// <summary>A filter of two sets of this many initiations each.</summary>
    /// <param name="most">Initiations of one set, a power of two.</param>
    /// <param name="turn">After how long the sets take turns even if not full.</param>
    /// <param name="seed">Random bits.</param>
    public ReplayFilter(int most, TimeSpan turn, (ulong K0, ulong K1) seed)
    {
        _most = most;
        _turn = turn;
        _seed = seed;
        _current = new ulong[most * 2];
        _previous = new ulong[most * 2];
    }

    /// <summary>Whether the initiation of this mac1 was forwarded lately.</summary>
    public bool Contains(ReadOnlySpan<byte> mac1, Tick now)
    {
        TakeTurns(now);
        ulong fingerprint = Fingerprint(mac1);
        return _current[Find(_current, fingerprint)] != 0 || _previous[Find(_previous, fingerprint)] != 0;
    }

    /// <summary>The initiation of this mac1 is being forwarded.</summary>
    public void Add(ReadOnlySpan<byte> mac1, Tick now)
    {
        TakeTurns(now);
        ulong fingerprint = Fingerprint(mac1);
        ref ulong entry = ref _current[Find(_current, fingerprint)];
        _count += entry == 0 ? 1 : 0;
        entry = fingerprint;
    }

    private void TakeTurns(Tick now)
    {
        if (_count < _most && now < _since + _turn)
        {
            return;
        }

        if (now >= _since + (_turn * 2))
        {
            Array.Clear(_current);
        }

        (_current, _previous) = (_previous, _current);
        Array.Clear(_current);
        _count = 0;
        _since = now;
    }

    private static int Find(ulong[] set, ulong fingerprint)
    {
        int at = (int)fingerprint & (set.Length - 1);
        while (set[at] != 0 && set[at] != fingerprint)
        {
            at = (at + 1) & (set.Length - 1);
        }

        return at;
    }

    // Zero marks an empty entry.
    private ulong Fingerprint(ReadOnlySpan<byte> mac1)
    {
        ulong low = BinaryPrimitives.ReadUInt64LittleEndian(mac1);
        ulong high = BinaryPrimitives.ReadUInt64LittleEndian(mac1[8..]);
        return SipHash.Hash(_seed.K0, _seed.K1, low, high, 0, 0, 0) | (1UL << 63);
    }
}
