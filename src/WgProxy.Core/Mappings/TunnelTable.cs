namespace WgProxy.Core.Mappings;

/// <summary>Tunnels by number. There are never more tunnels than mappings, so there is always a free one.</summary>
internal sealed class TunnelTable
{
    private readonly Tunnel[] _rows;
    private readonly int[] _free;
    private int _freeCount;

    /// <summary>Room for as many tunnels as there are slots.</summary>
    public TunnelTable(int slots)
    {
        _rows = new Tunnel[slots];
        _free = new int[slots];
        for (int tunnel = slots - 1; tunnel >= 0; tunnel--)
        {
            _free[_freeCount++] = tunnel;
        }
    }

    /// <summary>The tunnel with this number.</summary>
    public ref Tunnel this[int tunnel] => ref _rows[tunnel];

    /// <summary>Makes a tunnel with one member.</summary>
    public int Add()
    {
        int tunnel = _free[--_freeCount];
        _rows[tunnel] = new Tunnel { Members = 1 };
        return tunnel;
    }

    /// <summary>A member leaves; the last one takes the tunnel with it.</summary>
    public void Leave(int tunnel)
    {
        if (--_rows[tunnel].Members == 0)
        {
            _free[_freeCount++] = tunnel;
        }
    }
}
