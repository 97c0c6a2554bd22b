using System.Net;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Engine;

/// <summary>
/// What an engine counts for each of some routes, and for their peers: room for the answer to one <see cref="EngineQuery"/>, made by the asker, who
/// may ask with it again as long as the routes and peers are the same. The engine allocates nothing for it. It adds a bounded number of slots,
/// routes or peers in each turn, so that the answer is the sum of instants that lie a few turns apart.
/// </summary>
public sealed class RouteFigures
{
    /// <summary>How many routes are added in a turn: some 20 µs where nothing of them is in a cache.</summary>
    public const int RoutesPerTurn = 32;

    private readonly Entry[] _entries;
    private readonly PeerStatus[] _peers;

    // By the index of a route: its place among the entries, and one more, so that zero is none.
    private readonly int[] _places;
    private int _slot;
    private int _place;
    private int _peer;

    /// <summary>Room for these routes and peers.</summary>
    public RouteFigures(IReadOnlyList<(RouteId Route, PeerList Peers)> routes)
    {
        _entries = new Entry[routes.Count];
        _places = new int[routes.Select(route => route.Route.Index + 1).DefaultIfEmpty().Max()];
        int peers = 0;
        for (int place = 0; place < routes.Count; place++)
        {
            _entries[place] = new Entry { Route = routes[place].Route, Peers = routes[place].Peers, FirstPeer = peers };
            _places[routes[place].Route.Index] = place + 1;
            peers += routes[place].Peers.Count;
        }

        _peers = [.. routes.SelectMany(route => route.Peers.Ids).Select(peer => new PeerStatus { Peer = peer })];
    }

    /// <summary>How many routes there are.</summary>
    public int Count => _entries.Length;

    /// <summary>The id of the route at a place.</summary>
    public RouteId RouteAt(int place) => _entries[place].Route;

    /// <summary>The counters of the route at a place; zeros if the engine has none.</summary>
    public RouteCounters CountersAt(int place) => _entries[place].Counters;

    /// <summary>The peers of the route at a place, as they were listed when the room was made, in the order of their ids.</summary>
    public ReadOnlySpan<PeerStatus> PeersAt(int place) => _peers.AsSpan(_entries[place].FirstPeer, _entries[place].Peers.Count);

    /// <summary>The addresses of the server at a place, best first; empty if none is known.</summary>
    public IReadOnlyList<IPEndPoint> AddressesAt(int place) => _entries[place].Addresses;

    /// <summary>Whether no relay has failed lately to reach one of <see cref="AddressesAt"/>.</summary>
    public bool IsReachable(int place, int address) => (_entries[place].Failed & Bit(address)) == 0;

    /// <summary>Whether a mapping that was proven before has been answered at one of <see cref="AddressesAt"/>.</summary>
    public bool IsAnswering(int place, int address) => (_entries[place].Answering & Bit(address)) != 0;

    /// <summary>What there is to say of the server at a place; the default if the engine has none.</summary>
    public RouteStatus StatusAt(int place) => _entries[place].Status;

    /// <summary>Begins anew with nothing counted.</summary>
    internal void Begin()
    {
        (_slot, _place, _peer) = (0, 0, 0);
        foreach (Entry entry in _entries)
        {
            entry.Counters.Clear();
            entry.Addresses = [];
            entry.Status = default;
        }

        foreach (ref PeerStatus peer in _peers.AsSpan())
        {
            peer = new PeerStatus { Peer = peer.Peer };
        }
    }

    /// <summary>Adds what one relay has counted, a part of it in each turn. Whether there is more; if there is not, the next relay's turn has come.
    /// </summary>
    internal bool Continue(Relay relay, Tick now)
    {
        if (_peers.Length > 0 && _slot < relay.Slots)
        {
            int end = Math.Min(relay.Slots, _slot + Limits.QueriedPerTurn);
            for (; _slot < end; _slot++)
            {
                CountMapping(relay);
            }

            return true;
        }

        int routes = RoutesPerTurn;
        for (int peers = Limits.QueriedPerTurn; _place < _entries.Length && routes > 0 && peers > 0; peers--)
        {
            Entry entry = _entries[_place];
            if (_peer == 0)
            {
                AddRoute(relay, entry, now);
                routes--;
            }

            if (_peer < entry.Peers.Count)
            {
                ref PeerStatus peer = ref _peers[entry.FirstPeer + _peer++];
                peer.Add(relay.OfPeer(entry.Route, peer.Peer));
            }

            if (_peer == entry.Peers.Count)
            {
                (_place, _peer) = (_place + 1, 0);
            }
        }

        if (_place < _entries.Length)
        {
            return true;
        }

        (_slot, _place, _peer) = (0, 0, 0);
        return false;
    }

    private void CountMapping(Relay relay)
    {
        if (relay.FoldPeer(_slot, out RouteId route) is var peer && peer != default
            && route.Index < _places.Length && _places[route.Index] is > 0 and int place
            && _entries[place - 1] is var entry && entry.Route == route && entry.Peers.PositionOf(peer) is >= 0 and int position)
        {
            _peers[entry.FirstPeer + position].Mappings++;
        }
    }

    private static void AddRoute(Relay relay, Entry entry, Tick now)
    {
        if (relay.CountersOf(entry.Route) is not RouteCounters counters)
        {
            return;
        }

        entry.Counters.Add(counters);
        entry.Status = entry.Status.With(relay.StatusOf(entry.Route, now) ?? default);
        ServerAddresses known = relay.AddressesOf(entry.Route)!;
        if (entry.Addresses != known.Listed)
        {
            (entry.Addresses, entry.Failed, entry.Answering) = (known.Listed, 0, 0);
        }

        for (int i = 0; i < entry.Addresses.Count; i++)
        {
            entry.Failed |= known.HasFailed(entry.Addresses[i], now) ? Bit(i) : 0;
            entry.Answering |= entry.Addresses[i].Equals(known.Answering) ? Bit(i) : 0;
        }
    }

    // A server has a few addresses. What is said of the 64th is said of all behind it.
    private static ulong Bit(int address) => 1UL << Math.Min(address, 63);

    private sealed class Entry
    {
        public RouteCounters Counters { get; } = new();

        public RouteId Route;
        public PeerList Peers = PeerList.Empty;
        public int FirstPeer;
        public IReadOnlyList<IPEndPoint> Addresses = [];
        public RouteStatus Status;
        public ulong Failed;
        public ulong Answering;
    }
}
