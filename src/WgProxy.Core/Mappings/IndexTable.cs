using System.Numerics;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Mappings;

/// <summary>
/// The roaming table: (route, server index) → tunnel. The first owner wins, because an index names one session of its
/// server; a second claim on it is counted and left out. Open addressing over a keyed hash, no allocation.
/// </summary>
internal sealed class IndexTable
{
    private readonly Entry[] _entries;
    private readonly int _mask;
    private readonly ulong _k0;
    private readonly ulong _k1;

    /// <summary>A table for up to <paramref name="capacity"/> indices.</summary>
    public IndexTable(int capacity, (ulong K0, ulong K1) seed)
    {
        _entries = new Entry[(int)BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];
        _mask = _entries.Length - 1;
        (_k0, _k1) = seed;
    }

    /// <summary>Indices in the table.</summary>
    public int Count { get; private set; }

    /// <summary>The tunnel that owns the index; -1 if none does.</summary>
    public int Find(int route, uint index) => _entries[FindEntry(route, index)].Owner - 1;

    /// <summary>Makes the tunnel the index's owner. False if another tunnel owns it.</summary>
    public bool TryAdd(int route, uint index, int tunnel)
    {
        ref Entry entry = ref _entries[FindEntry(route, index)];
        if (entry.Owner != 0)
        {
            return entry.Owner == tunnel + 1;
        }

        entry = new Entry(index, route, tunnel + 1);
        Count++;
        return true;
    }

    /// <summary>Frees the index if the tunnel owns it.</summary>
    public void Remove(int route, uint index, int tunnel)
    {
        int gap = FindEntry(route, index);
        if (_entries[gap].Owner != tunnel + 1)
        {
            return;
        }

        Count--;
        _entries[gap] = default;

        // Linear probing without tombstones, as in the mapping table.
        for (int next = (gap + 1) & _mask; _entries[next].Owner != 0; next = (next + 1) & _mask)
        {
            int home = Home(_entries[next].Route, _entries[next].Index);
            if (((next - home) & _mask) >= ((next - gap) & _mask))
            {
                _entries[gap] = _entries[next];
                _entries[next] = default;
                gap = next;
            }
        }
    }

    private int FindEntry(int route, uint index)
    {
        int at = Home(route, index);
        while (_entries[at].Owner != 0 && (_entries[at].Index != index || _entries[at].Route != route))
        {
            at = (at + 1) & _mask;
        }

        return at;
    }

    private int Home(int route, uint index) => (int)SipHash.Hash(_k0, _k1, ((ulong)(uint)route << 32) | index) & _mask;

    private readonly record struct Entry(uint Index, int Route, int Owner);
}
