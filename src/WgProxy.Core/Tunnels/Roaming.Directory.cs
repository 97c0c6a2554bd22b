using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tunnels;

// Other relays: what the directory has told of their tunnels is used as a neighbour's copy is.
internal sealed partial class Roaming
{
    private FoundTunnels? _found;
    private RelayCounters? _foundCounters;
    private IPEndPoint? _lentServer;

    /// <summary>From now on tunnels may be told of that are found elsewhere.</summary>
    public void KeepDirectory(int capacity, (ulong K0, ulong K1) seed, RelayCounters counters) =>
        (_found, _foundCounters) = (new FoundTunnels(capacity, seed), counters);

    /// <summary>Whether a tunnel with this index was found, and is kept yet.</summary>
    public bool HasFound(uint index, Tick now) => _found?.First(index, now) >= 0;

    /// <summary>The address of its server to which the found tunnel that is to be claimed goes; null for where any new mapping goes.</summary>
    public IPEndPoint? ServerOf(Resolved found) => found.Tunnel == Resolved.Lent ? _lentServer : null;

    /// <summary>Keeps a tunnel that was found, for its client's next packet. False if the index does not lead there.</summary>
    /// <param name="index">The index by which it was sought.</param>
    /// <param name="route">Its route, which is served.</param>
    /// <param name="record">The record of its mapping, as it is true now.</param>
    /// <param name="server">Where it goes; null for where new mappings go.</param>
    /// <param name="now">The instant.</param>
    /// <param name="latest">Until when indices are believed at the most.</param>
    public bool Keep(uint index, int route, in MappingRecord record, IPEndPoint? server, Tick now, Tick latest)
    {
        Tunnel leading = new() { Route = route, Owner = record.Tunnel.Owner };
        Tunnel pairs = default;
        ServerHandshakes handshakes = default;
        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            RecordedIndices pair = record.Tunnel.Pairs[position];
            RecordedIndices question = record.Tunnel.Questions[position];
            if (IsBelieved(pair))
            {
                // On which port of another relay it was named proves nothing about one of this.
                pairs.Take(pair, slot: -1, now, Until(pair, now, latest), out _);
                _ = pair.Has(IndexMarks.LeadsHere) && leading.Take(pair, slot: -1, now, Until(pair, now, latest), out _);
            }

            if (IsBelieved(question) && question.Has(IndexMarks.LeadsHere))
            {
                leading.HasHandshakes = true;
                handshakes.Take(question, slot: -1, now, Until(question, now, latest), out _);
            }
        }

        TunnelCopy copy = new(leading, handshakes) { Peer = _routes[route].Peers.List.FindMarked(record.Tunnel.Peer) };
        if (!leading.HasServer(index, now) && !handshakes.Has(index, now))
        {
            return false;
        }

        _found!.Add(new FoundTunnel { Index = index, Route = _routes.IdAt(route), Copy = copy, Pairs = pairs, Server = server }, now);
        return true;
    }

    /// <summary>What the directory has told of an index: the first tunnel that is of use.</summary>
    private Resolved FromDirectory(DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int first, int entries, Tick now)
    {
        for (int entry = _found!.First(receiver, now); entry >= 0; entry = _found.Next(receiver, entry, now))
        {
            RouteId id = _found[entry].Route;
            if (_routes.IdAt(id.Index) != id || !_routes.IsServed(id.Index))
            {
                continue;
            }

            (_lent, _lentServer) = (_found[entry].Copy, _found[entry].Server);
            if (IsOfUse(kind, datagram, receiver, first, entries, _found[entry].Pairs, now, out int slot, out int into))
            {
                _foundCounters!.Count(DirectoryCount.Used);
                return Take(kind, datagram, receiver, slot, into, now);
            }
        }

        return Resolved.Unexplained(-1);
    }

    private static bool IsBelieved(in RecordedIndices recorded) => recorded.Has(IndexMarks.IsPresent) && recorded.Remaining > 0;

    private static Tick Until(in RecordedIndices recorded, Tick now, Tick latest) => Tick.Min(now + recorded.Remaining, latest);
}
