using System.Runtime.CompilerServices;

namespace WgProxy.Core.Tunnels;

// What a tunnel's pairs and its server's asking say together, and how the roaming table follows them.
internal sealed partial class TunnelTable
{
    private const int Positions = 2 * Tunnel.MaxPairs;

    /// <summary>Whether the tunnel's server issued this index for data: in a pair, or by asking if a client has answered.
    /// </summary>
    public bool HasDataIndex(int tunnel, uint index, Tick now) =>
        _rows[tunnel].HasServer(index, now) || (_rows[tunnel].HasHandshakes && _handshakes[tunnel].IsAnswered(index, now));

    /// <summary>The same, where a client sends the data: its keys are in use, and do not make room for others.</summary>
    public bool UseDataIndex(int tunnel, uint index, Tick now) =>
        _rows[tunnel].Use(index, now) || (_rows[tunnel].HasHandshakes && _handshakes[tunnel].IsAnswered(index, now));

    /// <summary>Whether the tunnel's server issued this index for data on the slot's port.</summary>
    public bool NamedOn(int tunnel, int slot, uint index, Tick now) =>
        _rows[tunnel].NamedOn(slot, index, now) || (_rows[tunnel].HasHandshakes && _handshakes[tunnel].IsAnsweredOn(slot, index, now));

    /// <summary>Whether the tunnel's server issued this index, for data or by asking.</summary>
    public bool HasIssued(int tunnel, uint index, Tick now) =>
        _rows[tunnel].HasServer(index, now) || (_rows[tunnel].HasHandshakes && _handshakes[tunnel].Has(index, now));

    /// <summary>Whether the tunnel's client issued this index. An index from a client's answer has its server index returned
    /// in <paramref name="answered"/>, for a pair to be learned: the server has just shown that it took the answer.
    /// </summary>
    public bool HasClient(int tunnel, uint index, Tick now, out uint? answered)
    {
        answered = null;
        if (_rows[tunnel].HasClient(index, now))
        {
            return true;
        }

        if (!_rows[tunnel].HasHandshakes || !_handshakes[tunnel].TryFindClient(index, now, out uint server))
        {
            return false;
        }

        answered = server;
        return true;
    }

    /// <summary>What the tunnel's server has asked, emptied if it was another tunnel's before.</summary>
    private ref ServerHandshakes HandshakesOf(int tunnel)
    {
        if (!_rows[tunnel].HasHandshakes)
        {
            _handshakes[tunnel] = default;
            _rows[tunnel].HasHandshakes = true;
        }

        return ref _handshakes[tunnel];
    }

    /// <summary>The server index at one of the tunnel's positions, those of pairs first; false if it is empty.</summary>
    private bool TryGetIssued(int tunnel, int position, out uint index)
    {
        if (position < Tunnel.MaxPairs)
        {
            return _rows[tunnel].TryGetServerIndex(position, out index);
        }

        index = 0;
        return _rows[tunnel].HasHandshakes && _handshakes[tunnel].TryGetServerIndex(position - Tunnel.MaxPairs, out index);
    }

    /// <summary>Whether the index still stands at any position of the tunnel, expired or not.</summary>
    private bool Holds(int tunnel, uint index)
    {
        for (int position = 0; position < Positions; position++)
        {
            if (TryGetIssued(tunnel, position, out uint held) && held == index)
            {
                return true;
            }
        }

        return false;
    }

    private void Free(int tunnel)
    {
        BeginChange();
        for (int position = 0; position < Positions; position++)
        {
            if (TryGetIssued(tunnel, position, out uint index))
            {
                _indices.Remove(index, tunnel);
            }
        }

        ForgetRestored(tunnel);
        _free[_freeCount++] = tunnel;
        EndChange();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Index(int tunnel, uint learned, bool forgot, uint forgotten, Tick now)
    {
        if (forgot && !Holds(tunnel, forgotten))
        {
            _indices.Remove(forgotten, tunnel);
        }

        int owner = OwnerOf(_rows[tunnel].Route, learned);
        if (owner == tunnel)
        {
            return;
        }

        if (owner >= 0 && HasIssued(owner, learned, now))
        {
            _counters.IndexConflicts++;
            return;
        }

        if (owner >= 0)
        {
            _indices.Remove(learned, owner);
        }

        _indices.Add(learned, tunnel);
    }

    /// <summary>The tunnel of the route to which the index leads: within a route, the first that was taught it. -1 if there is none.
    /// </summary>
    private int OwnerOf(int route, uint index)
    {
        int entry = _indices.First(index);
        while (entry >= 0 && _rows[_indices.TunnelAt(entry)].Route != route)
        {
            entry = _indices.Next(index, entry);
        }

        return entry < 0 ? -1 : _indices.TunnelAt(entry);
    }
}
