namespace WgProxy.Core.Mappings;

/// <summary>Tunnels by number, and the roaming table that finds them by index. There are never more tunnels than
/// mappings, so there is always a free one.</summary>
internal sealed class TunnelTable
{
    private readonly MappingTable _mappings;
    private readonly RelayCounters _counters;
    private readonly Tunnel[] _rows;
    private readonly IndexTable _indices;
    private readonly int[] _free;
    private int _freeCount;

    /// <summary>Room for as many tunnels as there are slots.</summary>
    public TunnelTable(MappingTable mappings, RelayCounters counters, (ulong K0, ulong K1) seed)
    {
        _mappings = mappings;
        _counters = counters;
        _rows = new Tunnel[mappings.Slots];
        _indices = new IndexTable(mappings.Slots * 2 * Tunnel.MaxPairs, seed);
        _free = new int[mappings.Slots];
        for (int tunnel = mappings.Slots - 1; tunnel >= 0; tunnel--)
        {
            _free[_freeCount++] = tunnel;
        }
    }

    /// <summary>The tunnel with this number.</summary>
    public ref Tunnel this[int tunnel] => ref _rows[tunnel];

    /// <summary>The tunnel of the route whose server issued the index and still stands by it; -1 if there is none.</summary>
    public int Find(int route, uint index, Tick now)
    {
        int tunnel = _indices.Find(route, index);
        return tunnel >= 0 && _rows[tunnel].HasIssued(index, now) ? tunnel : -1;
    }

    /// <summary>Makes a tunnel of the slot's mapping alone.</summary>
    public void Add(int slot, int route)
    {
        int tunnel = _free[--_freeCount];
        _rows[tunnel] = new Tunnel { Route = route, FirstMember = -1, InUse = -1 };
        Join(tunnel, slot);
    }

    /// <summary>Makes the slot's mapping, which belongs to no tunnel, a member.</summary>
    public void Join(int tunnel, int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Tunnel = tunnel;
        mapping.NextOfTunnel = _rows[tunnel].FirstMember;
        _rows[tunnel].FirstMember = slot;
        _rows[tunnel].Members++;
    }

    /// <summary>The slot's mapping leaves its tunnel; the last one takes the tunnel with it.</summary>
    public void Leave(int slot)
    {
        int tunnel = _mappings[slot].Tunnel;
        ref Tunnel row = ref _rows[tunnel];
        if (row.FirstMember == slot)
        {
            row.FirstMember = _mappings[slot].NextOfTunnel;
        }
        else
        {
            int before = row.FirstMember;
            while (_mappings[before].NextOfTunnel != slot)
            {
                before = _mappings[before].NextOfTunnel;
            }

            _mappings[before].NextOfTunnel = _mappings[slot].NextOfTunnel;
        }

        row.ForgetSlot(slot);
        if (--row.Members > 0)
        {
            return;
        }

        for (int place = 0; place < 2 * Tunnel.MaxPairs; place++)
        {
            if (row.TryGetIssued(place, out uint index))
            {
                _indices.Remove(row.Route, index, tunnel);
            }
        }

        _free[_freeCount++] = tunnel;
    }

    /// <summary>The server named a pair on the slot's port.</summary>
    public void Learn(int slot, uint server, uint client, Tick now, Tick until)
    {
        int tunnel = _mappings[slot].Tunnel;
        bool forgot = _rows[tunnel].Learn(server, client, slot, until, out uint forgotten);
        Index(tunnel, server, forgot, forgotten, now);
    }

    /// <summary>The server asked on the slot's port.</summary>
    public void Ask(int slot, uint server, Tick now, Tick until)
    {
        int tunnel = _mappings[slot].Tunnel;
        bool forgot = _rows[tunnel].Ask(server, slot, now, until, out uint forgotten);
        Index(tunnel, server, forgot, forgotten, now);
    }

    private void Index(int tunnel, uint learned, bool forgot, uint forgotten, Tick now)
    {
        int route = _rows[tunnel].Route;
        if (forgot && !_rows[tunnel].Holds(forgotten))
        {
            _indices.Remove(route, forgotten, tunnel);
        }

        int owner = _indices.Find(route, learned);
        if (owner >= 0 && owner != tunnel && !_rows[owner].HasIssued(learned, now))
        {
            _indices.Remove(route, learned, owner);
        }

        if (!_indices.TryAdd(route, learned, tunnel))
        {
            _counters.IndexConflicts++;
        }
    }
}
