using WgProxy.Core.Containers;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// The roaming table: (route, server index) → tunnel. The first owner wins, because an index names one session of its
/// server; a second claim on it is counted and left out. A keyed hash, because whoever attacks may choose indices; no
/// allocation. A tunnel may have sixteen and mostly has one or two, so the memory used goes by those there are.
/// </summary>
internal sealed class RoamingTable
{
    private readonly LinearHashTable<Entry> _entries;
    private readonly ulong _k0;
    private readonly ulong _k1;
    private IndexSketch? _sketch;
    private int _worker;

    /// <summary>A table for up to <paramref name="capacity"/> indices.</summary>
    public RoamingTable(int capacity, (ulong K0, ulong K1) seed)
    {
        _entries = new LinearHashTable<Entry>(capacity);
        (_k0, _k1) = seed;
    }

    /// <summary>Indices in the table.</summary>
    public int Count => _entries.Count;

    /// <summary>Shows in a sketch which indices the table has, for neighbours to look there first. The table is empty.</summary>
    public void ShowIn(IndexSketch sketch, int worker) =>
        (_sketch, _worker) = Count == 0 ? (sketch, worker) : throw new InvalidOperationException("The table has indices already.");

    /// <summary>The tunnel that owns the index; -1 if none does.</summary>
    public int Find(int route, uint index)
    {
        int entry = FindEntry(Hash(route, index), route, index);
        return entry < 0 ? -1 : _entries[entry].Owner;
    }

    /// <summary>Makes the tunnel the index's owner. False if another tunnel owns it.</summary>
    public bool TryAdd(int route, uint index, int tunnel)
    {
        ulong hash = Hash(route, index);
        int entry = FindEntry(hash, route, index);
        if (entry >= 0)
        {
            return _entries[entry].Owner == tunnel;
        }

        _sketch?.Add(_worker, index);
        _entries.Add(hash, new Entry(index, route, tunnel));
        return true;
    }

    /// <summary>Frees the index if the tunnel owns it.</summary>
    public void Remove(int route, uint index, int tunnel)
    {
        int entry = FindEntry(Hash(route, index), route, index);
        if (entry >= 0 && _entries[entry].Owner == tunnel)
        {
            _entries.Remove(entry);
            _sketch?.Remove(_worker, index);
        }
    }

    private int FindEntry(ulong hash, int route, uint index)
    {
        int entry = _entries.First(hash);
        while (entry >= 0 && (_entries[entry].Index != index || _entries[entry].Route != route))
        {
            entry = _entries.Next(entry);
        }

        return entry;
    }

    private ulong Hash(int route, uint index) => SipHash.Hash(_k0, _k1, ((ulong)(uint)route << 32) | index);

    private readonly record struct Entry(uint Index, int Route, int Owner);
}
