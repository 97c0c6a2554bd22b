namespace WgProxy.Core.Mappings;

// What neighbours may do: copy a tunnel, and keep a copy as one of their own.
internal sealed partial class TunnelTable
{
    private const int CopyAttempts = 8;

    private int _version;

    /// <summary>Copies the tunnel of the route whose server issued the index. May be called by any thread, while the owner
    /// changes the table: false also if it changes so often that no copy can be believed.</summary>
    public bool TryCopy(int route, uint index, Tick now, out Tunnel copy)
    {
        for (int attempt = 0; attempt < CopyAttempts; attempt++)
        {
            int before = Volatile.Read(ref _version);
            int tunnel = _indices.Find(route, index);
            copy = tunnel < 0 ? default : _rows[tunnel];
            Volatile.ReadBarrier();
            if ((before & 1) == 0 && Volatile.Read(ref _version) == before)
            {
                return tunnel >= 0 && copy.Route == route && copy.HasIssued(index, now);
            }
        }

        copy = default;
        return false;
    }

    /// <summary>Makes a tunnel without members of a neighbour's copy. Whoever borrows lets a mapping join it, and then
    /// calls <see cref="Return"/>.</summary>
    public int Borrow(in Tunnel copy, Tick now)
    {
        int tunnel = Take(copy.Route);
        Import(tunnel, copy, now);
        return tunnel;
    }

    /// <summary>Frees a borrowed tunnel that nobody joined; false if somebody did.</summary>
    public bool Return(int tunnel)
    {
        bool isUnused = _rows[tunnel].Members == 0;
        if (isUnused)
        {
            Give(tunnel);
        }

        return isUnused;
    }

    /// <summary>Adds what a copy knows. It was not learned on a port of this table, so it proves nothing about one.
    /// </summary>
    public void Import(int tunnel, in Tunnel copy, Tick now)
    {
        BeginChange();
        for (int place = 0; place < 2 * Tunnel.MaxPairs; place++)
        {
            if (_rows[tunnel].TryTake(copy, place, now, out uint index, out bool forgot, out uint forgotten))
            {
                Index(tunnel, index, forgot, forgotten, now);
            }
        }

        EndChange();
    }

    private void BeginChange()
    {
        Volatile.Write(ref _version, _version + 1);
        Volatile.WriteBarrier();
    }

    private void EndChange()
    {
        Volatile.WriteBarrier();
        Volatile.Write(ref _version, _version + 1);
    }
}
