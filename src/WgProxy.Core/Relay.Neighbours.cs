using WgProxy.Core.Protocol;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core;

// Several relays behind one address, each with its own sources: the engine steers each source to the same relay for good,
// so a mapping never moves between them. A client that roams may come to another relay than the one that knows its
// tunnel: that one then borrows a copy of the tunnel's indices, and decides by itself from there.
public sealed partial class Relay
{
    private Relay[] _neighbours = [];
    private IndexSketch _sketch = IndexSketch.Empty;
    private int _number;

    /// <summary>How often a neighbour's table was asked for an index.</summary>
    internal long NeighboursAsked { get; private set; }

    /// <summary>Makes relays of one address known to each other: each may from then on read, on its slow path and from its
    /// own thread, what the others have learned. All of them have the same routes, clocks with the same zero, and have decided
    /// about nothing yet.</summary>
    public static void ConnectNeighbours(IReadOnlyList<Relay> relays)
    {
        IndexSketch sketch = new(relays.Count, relays.Sum(relay => relay.Slots), relays[0]._settings.HashSeed);
        for (int number = 0; number < relays.Count; number++)
        {
            Relay relay = relays[number];
            relay._neighbours = [.. relays.Where(other => other != relay)];
            (relay._number, relay._sketch) = (number, sketch);
            relay._tunnels.ShowIn(sketch, number);
        }
    }

    /// <summary>Takes over what a neighbour knows about the index. Whoever may claim, claims it; whose mapping is beyond
    /// that gets null, and looks at its own tables again.</summary>
    private Decision? ClaimBorrowed(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, Tick now)
    {
        uint receiver = Datagram.ReceiverIndex(kind, datagram);
        if (!_sketch.MayBeElsewhere(_number, receiver))
        {
            return null;
        }

        for (int route = 0; route < _routes.End; route++)
        {
            if (!_routes.IsServed(route))
            {
                continue;
            }

            int slot = FindOnRoute(source, route);
            int own = _tunnels.Find(route, receiver, now);
            if (own >= 0 && Leads(kind, datagram, receiver, own, now))
            {
                continue;
            }

            // The own tables may know the index and not all about it: that the server's question was answered elsewhere.
            // Nobody claims his own tunnel.
            bool mayClaim = slot < 0 || (MayJoin(slot) && _mappings[slot].Tunnel != own);
            int into = mayClaim ? own : _mappings[slot].Tunnel;
            if (!TryCopy(kind, datagram, route, into, now, out TunnelCopy copy))
            {
                continue;
            }

            if (into >= 0)
            {
                _tunnels.Import(into, copy, now);
                return mayClaim ? ClaimKnown(kind, datagram, source, now) : null;
            }

            long conflicts = Counters.IndexConflicts;
            int borrowed = _tunnels.Borrow(copy, now);
            Decision? claim = ClaimKnown(kind, datagram, source, now);
            if (_tunnels.Return(borrowed))
            {
                Counters.IndexConflicts = conflicts;
            }

            return claim;
        }

        return null;
    }

    /// <summary>Copies the first neighbour's tunnel to which the datagram leads and which may be added to an own one: only
    /// if both are the same session, which has renewed its keys by way of the neighbour. Others must not mix.</summary>
    /// <param name="kind">Transport or response.</param>
    /// <param name="datagram">The datagram.</param>
    /// <param name="route">The route.</param>
    /// <param name="into">The own tunnel; -1 if it is to be a new one.</param>
    /// <param name="now">The instant of the batch.</param>
    /// <param name="copy">The copy.</param>
    private bool TryCopy(DatagramKind kind, ReadOnlySpan<byte> datagram, int route, int into, Tick now, out TunnelCopy copy)
    {
        uint receiver = Datagram.ReceiverIndex(kind, datagram);
        foreach (Relay neighbour in _neighbours)
        {
            if (!_sketch.MayHave(neighbour._number, receiver))
            {
                continue;
            }

            // A neighbour may not have heard yet of the route that stands at this index now, or have heard already of the next.
            NeighboursAsked++;
            RouteId id = _routes.IdAt(route);
            if (neighbour._routes.IdAt(route) == id && neighbour._tunnels.TryCopy(route, receiver, now, out copy)
                && neighbour._routes.IdAt(route) == id
                && (kind == DatagramKind.Response ? _routes[route].Mac1.Verify(datagram) : copy.HasDataIndex(receiver, now))
                && (into < 0 || _tunnels[into].SharesPair(copy.Row, now)))
            {
                return true;
            }
        }

        copy = default;
        return false;
    }
}
