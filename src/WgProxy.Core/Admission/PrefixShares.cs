using System.Numerics;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Admission;

/// <summary>
/// How many unproven mappings each address prefix holds: an IPv4 address, or the 64 bits of IPv6 that one customer
/// usually has. Open addressing over a keyed hash; there are never more prefixes than mappings.
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

    /// <summary>Unproven mappings of the source's prefix.</summary>
    public int Count(in Source source) => _entries[Find(PrefixOf(source))].Count;

    /// <summary>One more.</summary>
    public void Add(in Source source)
    {
        (ulong High, ulong Low) prefix = PrefixOf(source);
        ref Entry entry = ref _entries[Find(prefix)];
        entry.Prefix = prefix;
        entry.Count++;
    }

    /// <summary>One less.</summary>
    public void Remove(in Source source)
    {
        int gap = Find(PrefixOf(source));
        if (--_entries[gap].Count > 0)
        {
            return;
        }

        // Linear probing without tombstones, as in the mapping table.
        _entries[gap] = default;
        for (int next = (gap + 1) & _mask; _entries[next].Count != 0; next = (next + 1) & _mask)
        {
            int home = Home(_entries[next].Prefix);
            if (((next - home) & _mask) >= ((next - gap) & _mask))
            {
                _entries[gap] = _entries[next];
                _entries[next] = default;
                gap = next;
            }
        }
    }

    private static (ulong High, ulong Low) PrefixOf(in Source source)
    {
        (ulong high, ulong low, _, _, _) = source.Words;
        return source.IsIPv4 ? (high, low) : (high, 0);
    }

    private int Find((ulong High, ulong Low) prefix)
    {
        int at = Home(prefix);
        while (_entries[at].Count != 0 && _entries[at].Prefix != prefix)
        {
            at = (at + 1) & _mask;
        }

        return at;
    }

    private int Home((ulong High, ulong Low) prefix) =>
        (int)SipHash.Hash(_seed.K0, _seed.K1, prefix.High, prefix.Low, 0, 0, 0) & _mask;

    private struct Entry
    {
        public (ulong High, ulong Low) Prefix;
        public int Count;
    }
}
