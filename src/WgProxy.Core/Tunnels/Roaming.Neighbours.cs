using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tunnels;

// Several relays behind one address, each with its own sources: the engine steers each source to the same relay for good,
// so a mapping never moves between them. A client that roams may come to another relay than the one that knows its
// tunnel: that one then borrows a copy of the tunnel's indices, and decides by itself from there.
internal sealed partial class Roaming
{
    private Roaming[] _neighbours = [];
    private IndexSketch _sketch = IndexSketch.Empty;
    private int _number;
    private TunnelCopy _lent;

    /// <summary>How often a neighbour's table was asked for an index.</summary>
    public long NeighboursAsked { get; private set; }

    /// <summary>Makes these known to each other by a sketch of their indices; all tables are empty yet.</summary>
    public static void ConnectNeighbours(IReadOnlyList<Roaming> all, IndexSketch sketch)
    {
        for (int number = 0; number < all.Count; number++)
        {
            Roaming one = all[number];
            one._neighbours = [.. all.Where(other => other != one)];
            (one._number, one._sketch) = (number, sketch);
            one._tunnels.ShowIn(sketch, number);
        }
    }

    /// <summary>What the neighbours know of an index: the first tunnel that is of use, by neighbours and then by routes.</summary>
    private Resolved FromNeighbours(DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int first, int entries, Tick now)
    {
        if (kind == DatagramKind.CookieReply)
        {
            return Resolved.Unexplained(-1);
        }

        if (_neighbours.Length == 0 || !_sketch.MayBeElsewhere(_number, receiver))
        {
            return _found is null ? Resolved.Unexplained(-1) : FromDirectory(kind, datagram, receiver, first, entries, now);
        }

        _lentServer = null;

        // A neighbour may not have heard yet of the route that stands at an index now, or have heard already of the next.
        foreach (Roaming neighbour in _neighbours)
        {
            bool hasMore = _sketch.MayHave(neighbour._number, receiver);
            for (int route = -1; hasMore; route = _lent.Row.Route)
            {
                NeighboursAsked++;
                if (neighbour._tunnels.TryCopy(receiver, route, now, out _lent, out RouteId id, out hasMore)
                    && _routes.IdAt(id.Index) == id && _routes.IsServed(id.Index)
                    && IsOfUse(kind, datagram, receiver, first, entries, _lent.Row, now, out int slot, out int into))
                {
                    return Take(kind, datagram, receiver, slot, into, now);
                }
            }
        }

        return _found is null ? Resolved.Unexplained(-1) : FromDirectory(kind, datagram, receiver, first, entries, now);
    }

    /// <summary>Whether the copy that is held tells something new: of a tunnel that the source may claim, or about the tunnel that its
    /// mapping, which is beyond claiming, is a member of.</summary>
    private bool IsOfUse(
        DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int first, int entries, in Tunnel pairs, Tick now, out int slot,
        out int into)
    {
        int route = _lent.Row.Route;
        slot = _mappings.OnRoute(first, route);
        into = -1;
        bool leads = kind switch
        {
            DatagramKind.Response => _routes[route].Mac1.Verify(datagram),
            _ => _lent.HasDataIndex(receiver, now),
        };
        if (!leads || Explains(kind, datagram, receiver, slot, now))
        {
            return false;
        }

        // The own tables may know the index and not all about it: that the server's question was answered elsewhere.
        int own = OwnOn(route, receiver, entries, now);
        if (own >= 0 && Leads(kind, datagram, receiver, own, now))
        {
            return false;
        }

        // A copy is added to an own tunnel only if both are the same session, which has renewed its keys by way of the neighbour.
        // Others must not mix.
        into = MayClaim(slot, own) ? own : _mappings[slot].Tunnel;
        return into < 0 || _tunnels[into].SharesPair(pairs, now);
    }

    private Resolved Take(DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int slot, int into, Tick now)
    {
        if (into < 0)
        {
            return new Resolved(slot, Resolved.Lent);
        }

        // A tunnel keeps its newest pairs: what is older than those of a full one still leads nowhere.
        _tunnels.Import(into, _lent, now);
        bool isClaim = MayClaim(slot, into);
        bool leads = _tunnels.HasIssued(into, receiver, now) && Leads(kind, datagram, receiver, into, now);
        return !leads ? Resolved.Unexplained(-1) : isClaim ? new Resolved(slot, into) : Resolved.Explained(slot);
    }

    private int OwnOn(int route, uint receiver, int entries, Tick now)
    {
        for (int entry = entries; entry >= 0; entry = _tunnels.Next(receiver, entry))
        {
            int tunnel = _tunnels.TunnelAt(entry);
            if (_tunnels[tunnel].Route == route && _tunnels.HasIssued(tunnel, receiver, now))
            {
                return tunnel;
            }
        }

        return -1;
    }
}
