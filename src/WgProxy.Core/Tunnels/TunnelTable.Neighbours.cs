using System.Runtime.CompilerServices;

namespace WgProxy.Core.Tunnels;

// What neighbours may do: copy a tunnel, and keep a copy as one of their own.
internal sealed partial class TunnelTable
{
    private const int CopyAttempts = 8;

    private int _version;

    /// <summary>Shows in a sketch, from now on, which indices the roaming table has.</summary>
    public void ShowIn(IndexSketch sketch, int worker) => _indices.ShowIn(sketch, worker);

    /// <summary>Copies a tunnel whose server issued the index: of those of routes behind one, the one of the first route. May be
    /// called by any thread, while the owner changes the table: false also if it changes so often that no copy can be believed.
    /// </summary>
    /// <param name="index">The index.</param>
    /// <param name="behind">The route; -1 for all.</param>
    /// <param name="now">The instant.</param>
    /// <param name="copy">The copy.</param>
    /// <param name="route">Its route.</param>
    /// <param name="hasMore">Whether there are more behind its route.</param>
    public bool TryCopy(uint index, int behind, Tick now, out TunnelCopy copy, out RouteId route, out bool hasMore)
    {
        for (int attempt = 0; attempt < CopyAttempts; attempt++)
        {
            int before = Volatile.Read(ref _version);
            int tunnel = FirstBehind(behind, index, now, out hasMore);
            copy = tunnel < 0 ? default : CopyOf(tunnel);
            route = tunnel < 0 ? default : _routes.IdAt(copy.Row.Route);
            Volatile.ReadBarrier();
            if ((before & 1) == 0 && Volatile.Read(ref _version) == before)
            {
                return tunnel >= 0;
            }
        }

        (copy, route, hasMore) = (default, default, false);
        return false;
    }

    /// <summary>Makes a tunnel without members from a neighbour's copy, for a mapping that joins it at once.</summary>
    public int Borrow(in TunnelCopy copy, Tick now)
    {
        int tunnel = Allocate(copy.Row.Route, copy.Row.Owner);
        Import(tunnel, copy, now);
        return tunnel;
    }

    /// <summary>Adds what a copy knows. It was not learned on a port of this table, so it proves nothing about one.
    /// </summary>
    public void Import(int tunnel, in TunnelCopy copy, Tick now)
    {
        TakePeer(tunnel, copy.Peer);
        BeginChange();
        for (int position = 0; position < Tunnel.MaxPairs; position++)
        {
            if (_rows[tunnel].TryTake(copy.Row, position, now, keepsUse: true, out bool forgot, out uint forgotten))
            {
                _ = copy.Row.TryGetServerIndex(position, out uint index);
                Index(tunnel, index, forgot, forgotten, now);
            }
        }

        for (int position = 0; copy.Row.HasHandshakes && position < Tunnel.MaxPairs; position++)
        {
            ref ServerHandshakes asks = ref HandshakesOf(tunnel);
            if (asks.TryTake(copy.Handshakes, position, now, out bool forgot, out uint forgotten))
            {
                _ = copy.Handshakes.TryGetServerIndex(position, out uint index);
                Index(tunnel, index, forgot, forgotten, now);
            }
        }

        EndChange();
        MarkMembers(tunnel);
    }

    /// <summary>The server has named an index on the slot's port: a handshake, or its beginning, with the sender there. If
    /// the tunnel was not made for the slot's mapping, the sender need not be the tunnel's client. The mapping then
    /// leaves the tunnel for its own, with a copy of the pairs, by which the server may still
    /// confirm it. The roaming table never leads to the new tunnel by a copied index. Otherwise the tunnel's own client could come
    /// to a stranger's tunnel.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void SplitOff(int slot, Tick now)
    {
        int tunnel = _mappings[slot].Tunnel;
        if (_rows[tunnel].HasFounder && _mappings[slot].NextOfTunnel < 0)
        {
            // The chain's last member: the founder.
            return;
        }

        TunnelCopy copy = CopyOf(tunnel);
        bool counts = _mappings.Traffic.Counts(slot);
        Leave(slot);
        Add(slot, copy.Row.Route);
        if (counts)
        {
            _mappings.Traffic.Begin(slot, _mappings[slot]);
        }

        BeginChange();
        tunnel = _mappings[slot].Tunnel;
        for (int position = 0; position < Tunnel.MaxPairs; position++)
        {
            _ = _rows[tunnel].TryTake(copy.Row, position, now, keepsUse: false, out _, out _);
            if (copy.Row.HasHandshakes)
            {
                _ = HandshakesOf(tunnel).TryTake(copy.Handshakes, position, now, out _, out _);
            }
        }

        EndChange();
        if (_mappings[slot].IsAccepted)
        {
            // The server has taken this client for the tunnel's. Whose it is from now on shows when the client uses the handshake.
            TakePeer(tunnel, copy.Peer);
        }
    }

    private int FirstBehind(int behind, uint index, Tick now, out bool hasMore)
    {
        int first = -1;
        hasMore = false;
        for (int entry = _indices.First(index); entry >= 0; entry = _indices.Next(index, entry))
        {
            int tunnel = _indices.TunnelAt(entry);
            if (_rows[tunnel].Route <= behind || !HasIssued(tunnel, index, now))
            {
                continue;
            }

            hasMore |= first >= 0;
            first = first < 0 || _rows[tunnel].Route < _rows[first].Route ? tunnel : first;
        }

        return first;
    }

    private TunnelCopy CopyOf(int tunnel) =>
        new(_rows[tunnel], _rows[tunnel].HasHandshakes ? _handshakes[tunnel] : default) { Peer = _rows[tunnel].HasPeers ? _peers[tunnel].Current : default };

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

/// <summary>All that a table knows of a tunnel's indices, as one value.</summary>
/// <param name="Row">Its pairs.</param>
/// <param name="Handshakes">What its server has asked; empty if nothing.</param>
internal readonly record struct TunnelCopy(Tunnel Row, ServerHandshakes Handshakes)
{
    /// <summary>Whose it is.</summary>
    public PeerId Peer { get; init; }

    /// <summary>Whether data with this index of the server's belongs to it.</summary>
    public bool HasDataIndex(uint index, Tick now) => Row.HasServer(index, now) || Handshakes.IsAnswered(index, now);
}
