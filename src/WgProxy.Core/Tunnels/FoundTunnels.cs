using System.Net;
using WgProxy.Core.Containers;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// Tunnels of other relays that the directory has told of: each waits under the index by which it was sought for that index's next packet, which may come as late as a keepalive.
/// Bounded; the one told first makes room.
/// </summary>
/// <param name="capacity">How many there may be.</param>
/// <param name="seed">The key of the hash, because strangers choose indices.</param>
internal sealed class FoundTunnels(int capacity, (ulong K0, ulong K1) seed)
{
    private readonly LinearHashTable<FoundTunnel> _entries = new(capacity);
    private readonly int[] _order = new int[capacity];
    private int _first;

    /// <summary>How many there are, forgotten ones included until another comes.</summary>
    public int Count => _entries.Count;

    /// <summary>The tunnel of an entry.</summary>
    public ref readonly FoundTunnel this[int entry] => ref _entries[entry];

    /// <summary>The first that was told of by this index; negative if there is none.</summary>
    public int First(uint index, Tick now) => Of(index, _entries.First(Hash(index)), now);

    /// <summary>The next that was; negative if there is none.</summary>
    public int Next(uint index, int entry, Tick now) => Of(index, _entries.Next(entry), now);

    /// <summary>Keeps a tunnel. What was told before of the same route's, by the same index, is forgotten.</summary>
    public void Add(in FoundTunnel found, Tick now)
    {
        for (int entry = First(found.Index, now); entry >= 0; entry = Next(found.Index, entry, now))
        {
            if (_entries[entry].Route == found.Route)
            {
                // It keeps its place in the order, and ends no later than it would have.
                Tick until = _entries[entry].Until;
                _entries[entry] = found;
                _entries[entry].Until = until;
                return;
            }
        }

        while (Count > 0 && (Count == _order.Length || _entries[_order[_first]].Until <= now))
        {
            _entries.Remove(_order[_first]);
            _first = (_first + 1) % _order.Length;
        }

        _entries.Add(Hash(found.Index), found);
        int added = _entries.First(Hash(found.Index));
        _entries[added].Until = now + FoundFor;
        _order[(_first + Count - 1) % _order.Length] = added;
    }

    private int Of(uint index, int entry, Tick now)
    {
        while (entry >= 0 && (_entries[entry].Index != index || _entries[entry].Until <= now))
        {
            entry = _entries.Next(entry);
        }

        return entry;
    }

    private ulong Hash(uint index) => SipHash.Hash(seed.K0, seed.K1, index);
}

/// <summary>A tunnel that the directory has told of.</summary>
internal struct FoundTunnel
{
    /// <summary>The server's index by which it was sought.</summary>
    public uint Index;

    /// <summary>Until when it is kept.</summary>
    public Tick Until;

    /// <summary>Its route.</summary>
    public RouteId Route;

    /// <summary>What leads to it: a claim is made with that.</summary>
    public TunnelCopy Copy;

    /// <summary>All of its pairs. By them a mapping here shows that it carries the same session.</summary>
    public Tunnel Pairs;

    /// <summary>Where it goes; null for where new mappings go.</summary>
    public IPEndPoint? Server;
}
