using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;

namespace WgProxy.Core;

// Several relays behind one address, each with its own sources: the engine steers each source to the same relay for good,
// so a mapping never moves between them. A client that roams may come to another relay than the one that knows its
// tunnel: that one then borrows a copy of the tunnel's indices, and decides by itself from there.
public sealed partial class Relay
{
    private Relay[] _neighbours = [];

    /// <summary>Makes relays of one address known to each other: each may from then on read, on its slow path and from its
    /// own thread, what the others have learned. All of them have the same routes, and clocks with the same zero.</summary>
    public static void Introduce(IReadOnlyList<Relay> relays)
    {
        foreach (Relay relay in relays)
        {
            relay._neighbours = [.. relays.Where(other => other != relay)];
        }
    }

    private Decision? ClaimBorrowed(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, Tick now)
    {
        uint receiver = Datagram.ReceiverIndex(kind, datagram);
        for (int route = 0; route < _routes.Count; route++)
        {
            int slot = FindOnRoute(source, route);
            if (_tunnels.Find(route, receiver, now) >= 0 || !TryCopy(route, receiver, now, out TunnelCopy copy))
            {
                continue;
            }

            if (slot >= 0 && _mappings[slot].Proof is not (Proof.Asked or Proof.Lingering))
            {
                // The same session, which has renewed its keys by way of a neighbour. Any other must not mix with it.
                if (_tunnels[_mappings[slot].Tunnel].SharesPair(copy.Row, now))
                {
                    _tunnels.Import(_mappings[slot].Tunnel, copy, now);
                }

                return null;
            }

            int borrowed = _tunnels.Borrow(copy, now);
            Decision? claim = ClaimKnown(kind, datagram, source, now);
            _tunnels.Return(borrowed);
            return claim;
        }

        return null;
    }

    private bool TryCopy(int route, uint receiver, Tick now, out TunnelCopy copy)
    {
        foreach (Relay neighbour in _neighbours)
        {
            if (neighbour._tunnels.TryCopy(route, receiver, now, out copy))
            {
                return true;
            }
        }

        copy = default;
        return false;
    }
}
