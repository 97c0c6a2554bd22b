using WgProxy.Core.Containers;
using WgProxy.Core.Journal;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Mappings;

/// <summary>
/// Rows by slot, and slots by source. It uses open addressing over a keyed hash, because an attacker chooses sources.
/// Nothing is allocated after construction. Mappings of one source (on several routes) form a chain, in the order in which its packets
/// used them, the last one first; and so, in no order, do all of one route. A chain may be as long as there are routes, so none is walked
/// to its end: a hash finds the source's mapping on a route.
/// </summary>
internal sealed class MappingTable
{
    private readonly Mapping[] _rows;
    private readonly MappingExtras[] _extras;
    private readonly int[] _buckets;
    private readonly LinearHashTable<int> _bySourceAndRoute;

    // Before the first one of a chain: its last one.
    private readonly int[] _previousOfSource;
    private readonly RouteChain[] _routes;
    private readonly int[] _nextOfRoute;
    private readonly int[] _previousOfRoute;
    private readonly int[] _free;
    private readonly int _mask;
    private readonly ulong _k0;
    private readonly ulong _k1;
    private int _freeCount;

    /// <summary>A table of <paramref name="slots"/> rows, for mappings of <paramref name="routes"/> routes.</summary>
    public MappingTable(int slots, (ulong K0, ulong K1) seed, int routes = 1)
    {
        _routes = new RouteChain[routes];
        _bySourceAndRoute = new LinearHashTable<int>(slots);
        _previousOfSource = new int[slots];
        _nextOfRoute = new int[slots];
        _previousOfRoute = new int[slots];
        Array.Fill(_routes, new RouteChain { First = -1, Walked = -1 });
        _rows = new Mapping[slots];
        Traffic = new TrafficTally(slots);
        _extras = new MappingExtras[slots];
        _buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)slots * 2)];
        _mask = _buckets.Length - 1;
        (_k0, _k1) = seed;
        _free = new int[slots];
        for (int slot = 0; slot < slots; slot++)
        {
            _free[_freeCount++] = slots - 1 - slot;
        }
    }

    /// <summary>What is told of changed rows; null while there is no journal.</summary>
    public ChangedSlots? Changes { get; set; }

    /// <summary>What is to be counted for peers.</summary>
    public TrafficTally Traffic { get; }

    /// <summary>Slots there are, free or not.</summary>
    public int Slots => _rows.Length;

    /// <summary>How often one went on in a source's chain.</summary>
    public long Looks { get; private set; }

    /// <summary>Whether a row can be added.</summary>
    public bool HasFree => _freeCount > 0;

    /// <summary>The row of a slot.</summary>
    public ref Mapping this[int slot] => ref _rows[slot];

    /// <summary>The extras of a slot's row, for writing; empty if nothing has been written for this mapping. A reader
    /// checks <see cref="Mapping.HasExtras"/> first.</summary>
    public ref MappingExtras ExtrasOf(int slot)
    {
        if (!_rows[slot].HasExtras)
        {
            _extras[slot] = default;
            _rows[slot].HasExtras = true;
        }

        return ref _extras[slot];
    }

    /// <summary>What the slot's record says has changed. A mapping that has only asked has none: it shows nothing but knowledge of the
    /// public key.</summary>
    public void MarkChanged(int slot)
    {
        if (Changes is not null && (_rows[slot].Proof != Proof.Asked || Changes.IsRecorded(slot)))
        {
            Changes.Mark(slot);
        }
    }

    /// <summary>Until when a cookie from the server binds the slot's client to its port; long past if no cookie does.</summary>
    public Tick CookieUntil(int slot) => _rows[slot].HasExtras ? _extras[slot].CookieUntil : default;

    /// <summary>The first mapping of a source; -1 if it has none.</summary>
    public int Find(in Source source) => FirstIn(FindBucket(source));

    /// <summary>The source's mapping on a route; -1 if it has none there.</summary>
    public int Find(in Source source, int route) => OnRoute(Find(source), route);

    /// <summary>The mapping on a route in the chain that begins with this one; -1 if there is none.</summary>
    public int OnRoute(int first, int route)
    {
        int slot = first;
        for (int tries = 0; slot >= 0 && _rows[slot].Route != route; tries++)
        {
            if (tries == OwnMappingsTried)
            {
                return FindByHash(_rows[first].Source, route);
            }

            slot = NextOfSource(slot);
        }

        return slot;
    }

    /// <summary>The source's next mapping behind this one; -1 if it is the last.</summary>
    public int NextOfSource(int slot)
    {
        Looks++;
        return _rows[slot].NextOfSource;
    }

    /// <summary>The bucket where a source's chain begins, or would begin. Good until a mapping is added or unlinked.</summary>
    public int FindBucket(in Source source)
    {
        int bucket = BucketOf(source);
        while (_buckets[bucket] != 0 && !_rows[_buckets[bucket] - 1].Source.Equals(source))
        {
            bucket = (bucket + 1) & _mask;
        }

        return bucket;
    }

    /// <summary>The first mapping of the source whose bucket this is; -1 if it has none.</summary>
    public int FirstIn(int bucket) => _buckets[bucket] - 1;

    /// <summary>Adds a fresh row for the source, at the end of its chain, and returns its slot. The caller has checked <see cref="HasFree"/>.</summary>
    public int Add(in Source source, int route = 0)
    {
        int slot = _free[--_freeCount];
        int bucket = FindBucket(source);
        _rows[slot] = default;
        _rows[slot].Source = source;
        _rows[slot].NextOfSource = -1;
        AddToRoute(slot, route);
        _bySourceAndRoute.Add(HashOf(source, route), slot);
        if (_buckets[bucket] == 0)
        {
            _buckets[bucket] = slot + 1;
            _previousOfSource[slot] = slot;
            return slot;
        }

        int first = FirstIn(bucket);
        int last = _previousOfSource[first];
        _rows[last].NextOfSource = slot;
        _previousOfSource[slot] = last;
        _previousOfSource[first] = slot;
        return slot;
    }

    /// <summary>The source used this mapping: it becomes the first of the source's chain.</summary>
    public void BringToFront(int slot) => BringToFront(slot, FindBucket(_rows[slot].Source));

    /// <summary>The same, where the source's bucket is known.</summary>
    public void BringToFront(int slot, int bucket)
    {
        int first = FirstIn(bucket);
        if (first != slot)
        {
            TakeOut(first, slot);
            _rows[slot].NextOfSource = first;
            _previousOfSource[slot] = _previousOfSource[first];
            _previousOfSource[first] = slot;
            _buckets[bucket] = slot + 1;
        }
    }

    /// <summary>Takes the slot out of its source's chain: no packet of the client finds it any more; and out of its route's.</summary>
    public void Unlink(int slot)
    {
        RemoveFromRoute(slot);
        int entry = _bySourceAndRoute.First(HashOf(_rows[slot].Source, _rows[slot].Route));
        while (_bySourceAndRoute[entry] != slot)
        {
            entry = _bySourceAndRoute.Next(entry);
        }

        _bySourceAndRoute.Remove(entry);
        int bucket = FindBucket(_rows[slot].Source);
        int first = _buckets[bucket] - 1;
        if (first != slot)
        {
            TakeOut(first, slot);
        }
        else if (_rows[slot].NextOfSource >= 0)
        {
            int next = _rows[slot].NextOfSource;
            _buckets[bucket] = next + 1;
            _previousOfSource[next] = _previousOfSource[slot];
        }
        else
        {
            CloseGap(bucket);
        }
    }

    /// <summary>Begins to look at all mappings that the route has now.</summary>
    public void BeginWalk(int route) => _routes[route].Walked = _routes[route].First;

    /// <summary>The next of the mappings that the route had when the walk began; -1 if it is over. Mappings may be unlinked and
    /// added meanwhile.</summary>
    public int Walk(int route)
    {
        int slot = _routes[route].Walked;
        if (slot >= 0)
        {
            _routes[route].Walked = _nextOfRoute[slot];
        }

        return slot;
    }

    /// <summary>Gives an unlinked slot back.</summary>
    public void Free(int slot) => _free[_freeCount++] = slot;

    private void TakeOut(int first, int slot)
    {
        (int before, int next) = (_previousOfSource[slot], _rows[slot].NextOfSource);
        _rows[before].NextOfSource = next;
        _previousOfSource[next >= 0 ? next : first] = before;
    }

    private void AddToRoute(int slot, int route)
    {
        ref RouteChain chain = ref _routes[route];
        _rows[slot].Route = route;
        _previousOfRoute[slot] = -1;
        _nextOfRoute[slot] = chain.First;
        if (chain.First >= 0)
        {
            _previousOfRoute[chain.First] = slot;
        }

        chain.First = slot;
    }

    private void RemoveFromRoute(int slot)
    {
        (int previous, int next) = (_previousOfRoute[slot], _nextOfRoute[slot]);
        ref RouteChain chain = ref _routes[_rows[slot].Route];
        chain.Walked = chain.Walked == slot ? next : chain.Walked;
        if (previous < 0)
        {
            chain.First = next;
        }
        else
        {
            _nextOfRoute[previous] = next;
        }

        if (next >= 0)
        {
            _previousOfRoute[next] = previous;
        }
    }

    // Linear probing without tombstones: an entry that could be closer to its own bucket moves into the gap.
    private void CloseGap(int gap)
    {
        _buckets[gap] = 0;
        for (int next = (gap + 1) & _mask; _buckets[next] != 0; next = (next + 1) & _mask)
        {
            int first = BucketOf(_rows[_buckets[next] - 1].Source);
            if (((next - first) & _mask) >= ((next - gap) & _mask))
            {
                _buckets[gap] = _buckets[next];
                _buckets[next] = 0;
                gap = next;
            }
        }
    }

    private int FindByHash(in Source source, int route)
    {
        int entry = _bySourceAndRoute.First(HashOf(source, route));
        while (entry >= 0)
        {
            int slot = _bySourceAndRoute[entry];
            if (_rows[slot].Route == route && _rows[slot].Source.Equals(source))
            {
                return slot;
            }

            entry = _bySourceAndRoute.Next(entry);
        }

        return -1;
    }

    private int BucketOf(in Source source) => (int)HashOf(source, 0) & _mask;

    // Two ports and a scope take the whole last word. No two local addresses of a host differ as two routes' numbers do here.
    private ulong HashOf(in Source source, int route)
    {
        (ulong high, ulong low, ulong localHigh, ulong localLow, ulong port) = source.Words;
        return SipHash.Hash(_k0, _k1, high, low, localHigh ^ ((ulong)route << 48), localLow, port);
    }

    private struct RouteChain
    {
        public int First;
        public int Walked;
    }
}
