#pragma warning disable RS0030 // Interlocked: here threads meet, between turns and not on the packet path.

namespace WgProxy.Core.Engine;

/// <summary>
/// The queries that wait for one owner of a relay, and the one that it is answering. Bounded, and without a lock: any thread leaves a
/// query, and the owner answers it between its turns, a few slots in each. A second query waits for the first.
/// </summary>
/// <param name="firstSlot">The number of the owner's first slot within the whole engine.</param>
/// <param name="frequency">Units per second of the clock by which turns are measured.</param>
/// <param name="answered">Told when this owner's part of a query is done.</param>
/// <param name="slotsPerTurn">How many slots are visited in a turn. Small tables take several turns only with fewer than usual.</param>
internal sealed class QueryLine(int firstSlot, long frequency, Action<EngineQuery> answered, int slotsPerTurn = QueryLine.SlotsPerTurn)
{
    /// <summary>How many queries may wait.</summary>
    public const int Capacity = 8;

    /// <summary>How many slots engines visit in a turn.</summary>
    public const int SlotsPerTurn = Limits.QueriedPerTurn;

    private readonly EngineQuery?[] _waiting = new EngineQuery?[Capacity];
    private EngineQuery? _current;
    private int _slot;

    // Slots whose traffic was folded for the query, and then peers whose figures were added.
    private int _folded;
    private int _peer;

    // Slots that were looked at to end their mappings.
    private int _dropped;
    private volatile bool _closed;

    /// <summary>Leaves a query. Whether it waits, cannot because the owner has ended, or cannot because too many wait.</summary>
    public QueryOutcome Post(EngineQuery query)
    {
        for (int i = 0; i < Capacity && !_closed; i++)
        {
            if (Interlocked.CompareExchange(ref _waiting[i], query, null) is null)
            {
                // The owner may have ended meanwhile, and looked here before.
                return _closed && Interlocked.CompareExchange(ref _waiting[i], null, query) == query
                    ? QueryOutcome.NotRunning
                    : QueryOutcome.Waiting;
            }
        }

        return _closed ? QueryOutcome.NotRunning : QueryOutcome.Busy;
    }

    /// <summary>Answers for one turn. Whether there is more to answer in the next. Called by the owner, between two turns.</summary>
    /// <param name="relay">The owner's relay.</param>
    /// <param name="turns">Its turns.</param>
    /// <param name="now">The instant of the turn.</param>
    public bool Continue(Relay relay, TurnMeter turns, Tick now)
    {
        if (_current is null)
        {
            if ((_current = Take()) is null)
            {
                return false;
            }

            _slot = Math.Max(0, _current.From - firstSlot);
            (_folded, _peer, _dropped) = (0, 0, 0);
        }

        EngineQuery query = _current;
        if (ContinueDrop(query, relay) || ContinuePeers(query, relay) || query.Routes?.Continue(relay, now) == true)
        {
            return true;
        }

        bool isFull = query.Room.IsEmpty;
        if (!isFull)
        {
            int end = Math.Min(relay.Slots, _slot + slotsPerTurn);
            query.Filled(relay.Describe(ref _slot, end, firstSlot, query.Room));
            isFull = _slot < end;
        }

        if (isFull && _slot < relay.Slots)
        {
            query.StopAt(firstSlot + _slot);
        }
        else if (_slot < relay.Slots)
        {
            return true;
        }

        _current = null;
        query.Add(relay, turns, frequency, now);
        answered(query);
        return true;
    }

    /// <summary>Adds the figures of the owner, after its last turn.</summary>
    public void AddFigures(EngineQuery query, Relay relay, TurnMeter turns, Tick now)
    {
        (_folded, _peer) = (0, 0);
        while (ContinuePeers(query, relay) || query.Routes?.Continue(relay, now) == true)
        {
        }

        query.Add(relay, turns, frequency, now);
    }

    /// <summary>The owner has had its last turn: no query waits any more, nor will.</summary>
    /// <param name="unanswered">Told of each that was waiting.</param>
    public void Close(Action<EngineQuery> unanswered)
    {
        _closed = true;
        Interlocked.MemoryBarrier();
        if (_current is not null)
        {
            unanswered(_current);
            _current = null;
        }

        while (Take() is EngineQuery waiting)
        {
            unanswered(waiting);
        }
    }

    /// <summary>What is wanted of peers, a part in each turn. Whether there is more.</summary>
    private bool ContinuePeers(EngineQuery query, Relay relay)
    {
        if (query.Peers.Count == 0 || _peer == query.Peers.Count)
        {
            return false;
        }

        if (_folded < relay.Slots)
        {
            relay.FoldPeers(query.Route, ref _folded, Math.Min(relay.Slots, _folded + SlotsPerTurn), query.RoomForPeers, query.Peers);
            return true;
        }

        int end = Math.Min(query.Peers.Count, _peer + SlotsPerTurn);
        for (; _peer < end; _peer++)
        {
            query.RoomForPeers[_peer].Add(relay.OfPeer(query.Route, query.Peers.Ids[_peer]));
        }

        return true;
    }

    /// <summary>Ends what is to be ended, a part in each turn. Whether there is more.</summary>
    private bool ContinueDrop(EngineQuery query, Relay relay)
    {
        if (query.Drop is not { } rule || _dropped == relay.Slots)
        {
            return false;
        }

        query.AddDropped(relay.Drop(rule, ref _dropped, Math.Min(relay.Slots, _dropped + slotsPerTurn)));
        return true;
    }

    private EngineQuery? Take()
    {
        for (int i = 0; i < Capacity; i++)
        {
            if (Volatile.Read(ref _waiting[i]) is not null && Interlocked.Exchange(ref _waiting[i], null) is EngineQuery query)
            {
                return query;
            }
        }

        return null;
    }
}
