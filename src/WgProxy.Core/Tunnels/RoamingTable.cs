using WgProxy.Core.Containers;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// The roaming table: server index → tunnels. Servers choose indices independently, so one index may lead to a tunnel of each of
/// several routes; one look-up finds all of them, whatever the number of routes. A keyed hash, because an attacker may choose
/// indices; no allocation. A tunnel may have sixteen and mostly has one or two, so the memory used goes by those there are.
/// </summary>
internal sealed class RoamingTable
{
    private readonly LinearHashTable<Entry> _entries;
    private readonly ulong _k0;
    private readonly ulong _k1;
    private IndexSketch? _sketch;
    private int _worker;

    /// <summary>A table for up to <paramref name="capacity"/> entries.</summary>
    public RoamingTable(int capacity, (ulong K0, ulong K1) seed)
    {
        _entries = new LinearHashTable<Entry>(capacity);
        (_k0, _k1) = seed;
    }

    /// <summary>Entries in the table.</summary>
    public int Count => _entries.Count;

    /// <summary>Shows in a sketch which indices the table has, for neighbours to look there first. The table is empty.</summary>
    public void ShowIn(IndexSketch sketch, int worker) =>
        (_sketch, _worker) = Count == 0 ? (sketch, worker) : throw new InvalidOperationException("The table has indices already.");

    /// <summary>The index's first entry; negative if it has none. Entries of one index come in no particular order.</summary>
    public int First(uint index) => Of(index, _entries.First(Hash(index)));

    /// <summary>The index's entry behind this one; negative if there is none.</summary>
    public int Next(uint index, int entry) => Of(index, _entries.Next(entry));

    /// <summary>The tunnel that an entry names.</summary>
    public int TunnelAt(int entry) => _entries[entry].Tunnel;

    /// <summary>Adds an entry. The index does not lead to this tunnel yet.</summary>
    public void Add(uint index, int tunnel)
    {
        _sketch?.Add(_worker, index);
        _entries.Add(Hash(index), new Entry(index, tunnel));
    }

    /// <summary>Removes the entry by which the index leads to the tunnel, if there is one.</summary>
    public void Remove(uint index, int tunnel)
    {
        int entry = First(index);
        while (entry >= 0 && TunnelAt(entry) != tunnel)
        {
            entry = Next(index, entry);
        }

        if (entry >= 0)
        {
            _entries.Remove(entry);
            _sketch?.Remove(_worker, index);
        }
    }

    private int Of(uint index, int entry)
    {
        while (entry >= 0 && _entries[entry].Index != index)
        {
            entry = _entries.Next(entry);
        }

        return entry;
    }

    private ulong Hash(uint index) => SipHash.Hash(_k0, _k1, index);

    private readonly record struct Entry(uint Index, int Tunnel);
}
