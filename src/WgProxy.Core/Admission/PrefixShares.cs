using System.Numerics;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Admission;

/// <summary>What an unproven mapping counts as. Each kind has a share of its own, so that who forges addresses of a prefix
/// takes nothing from those in it who can show a cookie, or an index that the server issued.</summary>
internal enum Share : byte
{
    /// <summary>It is proven, or lingers, and does not count.</summary>
    None,

    /// <summary>Opened by somebody who showed nothing.</summary>
    Asked,

    /// <summary>Opened by somebody who can be reached where he says he is.</summary>
    Verified,

    /// <summary>It claims a tunnel.</summary>
    Claimed,
}

/// <summary>
/// How many unproven mappings of a kind each address prefix holds: an IPv4 address, or the 64 bits of IPv6 that one
/// customer usually has. Open addressing over a keyed hash; there are never more entries than mappings.
/// </summary>
internal sealed class PrefixShares
{
    private readonly Entry[] _entries;
    private readonly int _mask;
    private readonly (ulong K0, ulong K1) _seed;

    /// <summary>Room for the prefixes of this many mappings.</summary>
    public PrefixShares(int mappings, (ulong K0, ulong K1) seed)
    {
        _entries = new Entry[(int)BitOperations.RoundUpToPowerOf2((uint)mappings * 2)];
        _mask = _entries.Length - 1;
        _seed = seed;
    }

    /// <summary>Mappings of this kind of the source's prefix.</summary>
    public int Count(in Source source, Share share) => _entries[Find(KeyOf(source, share))].Count;

    /// <summary>One more.</summary>
    public void Add(in Source source, Share share)
    {
        (ulong High, ulong Low, Share Share) key = KeyOf(source, share);
        ref Entry entry = ref _entries[Find(key)];
        entry.Key = key;
        entry.Count++;
    }

    /// <summary>One less.</summary>
    public void Remove(in Source source, Share share)
    {
        int gap = Find(KeyOf(source, share));
        if (--_entries[gap].Count > 0)
        {
            return;
        }

        // Linear probing without tombstones, as in the mapping table.
        _entries[gap] = default;
        for (int next = (gap + 1) & _mask; _entries[next].Count != 0; next = (next + 1) & _mask)
        {
            int home = Home(_entries[next].Key);
            if (((next - home) & _mask) >= ((next - gap) & _mask))
            {
                _entries[gap] = _entries[next];
                _entries[next] = default;
                gap = next;
            }
        }
    }

    private static (ulong High, ulong Low, Share Share) KeyOf(in Source source, Share share)
    {
        (ulong high, ulong low, _, _, _) = source.Words;
        return (high, source.IsIPv4 ? low : 0, share);
    }

    private int Find((ulong High, ulong Low, Share Share) key)
    {
        int at = Home(key);
        while (_entries[at].Count != 0 && _entries[at].Key != key)
        {
            at = (at + 1) & _mask;
        }

        return at;
    }

    private int Home((ulong High, ulong Low, Share Share) key) =>
        (int)SipHash.Hash(_seed.K0, _seed.K1, key.High, key.Low, (ulong)key.Share, 0, 0) & _mask;

    private struct Entry
    {
        public (ulong High, ulong Low, Share Share) Key;
        public int Count;
    }
}
