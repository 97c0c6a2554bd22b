using WgProxy.Core.Routes;

namespace WgProxy.Core.Engine;

/// <summary>What came of a query.</summary>
public enum QueryOutcome : byte
{
    /// <summary>It was not asked yet, or the answer is still to come.</summary>
    Waiting,

    /// <summary>It was answered.</summary>
    Answered,

    /// <summary>The engine does not run: there are no mappings, and the counters are those of its end.</summary>
    NotRunning,

    /// <summary>Too many queries wait already.</summary>
    Busy,
}

/// <summary>
/// A question to an engine, and its answer: all counters, and as many mappings as there is room for. The asker makes it, so that the
/// engine allocates nothing, and may ask it again: from <see cref="Next"/> on, until all slots were visited. Asker and engine take turns:
/// from asking until it is answered, the engine has it.
/// </summary>
public sealed class EngineQuery
{
    private readonly Action<EngineQuery> _answered;
    private readonly MappingStatus[] _mappings;
    private readonly StrangerStatus[] _strangers;
    private PeerStatus[] _peers = [];
    private int _count;
    private int _strangersFound;

    /// <summary>A question.</summary>
    /// <param name="answered">Called once for each time that it is asked: on a thread of the engine if it was answered, else at once, on
    /// the asker's. Must neither block nor throw.</param>
    /// <param name="room">How many mappings the answer may hold; 0 to ask for counters only.</param>
    /// <param name="strangers">How many strangers it may hold. Each owner of a relay keeps up to <see cref="Limits.RememberedStrangers"/>.</param>
    public EngineQuery(Action<EngineQuery> answered, int room = 0, int strangers = 0)
    {
        _answered = answered;
        _mappings = new MappingStatus[room];
        _strangers = new StrangerStatus[strangers];
    }

    /// <summary>The slot from which on mappings are wanted. Set by the asker.</summary>
    public int From { get; set; }

    /// <summary>The route whose counters are wanted too; the default if none. Set by the asker.</summary>
    public RouteId Route { get; set; }

    /// <summary>The peers of <see cref="Route"/> that are wanted too; empty if none. Set by the asker.</summary>
    public PeerList Peers { get; set; } = PeerList.Empty;

    /// <summary>Room for the figures of many routes that are wanted too; null if they are not. The engine's until the query has ended. Set by the
    /// asker.</summary>
    public RouteFigures? Routes { get; set; }

    /// <summary>The mappings that are to be ended; null for none. Set by the asker: such a question is an order.</summary>
    public DropRule? Drop { get; set; }

    /// <summary>How many were ended.</summary>
    public int Dropped { get; private set; }

    /// <summary>What there is to say of each of <see cref="Peers"/>, in the order of its ids.</summary>
    public ReadOnlySpan<PeerStatus> OfPeers => _peers;

    /// <summary>The counters of <see cref="Route"/>; zeros if there is no such route.</summary>
    public RouteCounters OfRoute { get; private set; } = new();

    /// <summary>What there is to say of <see cref="Route"/>'s server; the default if there is no such route.</summary>
    public RouteStatus StatusOfRoute { get; private set; }

    /// <summary>The slot from which on there may be more; −1 if all were visited.</summary>
    public int Next { get; private set; } = -1;

    /// <summary>What came of it.</summary>
    public QueryOutcome Outcome { get; private set; }

    /// <summary>The instant of the answer, by the engine's clock.</summary>
    public Tick Now { get; private set; }

    /// <summary>All figures of the engine.</summary>
    public CountersSnapshot Counters { get; } = new();

    /// <summary>The mappings, by slot.</summary>
    public ReadOnlySpan<MappingStatus> Mappings => _mappings.AsSpan(0, _count);

    /// <summary>The sources whose initiations were refused lately, in no order. Nothing of them is authenticated.</summary>
    public ReadOnlySpan<StrangerStatus> Strangers => _strangers.AsSpan(0, _strangersFound);

    /// <summary>Which of an engine's owners of relays has it. Used by the engine.</summary>
    internal int Owner { get; set; }

    internal Span<MappingStatus> Room => _mappings.AsSpan(_count);

    /// <summary>The engine begins with it.</summary>
    internal void Begin()
    {
        (Outcome, Owner, Next, Dropped, _count, _strangersFound) = (QueryOutcome.Waiting, 0, -1, 0, 0, 0);
        Counters.Clear();
        Routes?.Begin();
        OfRoute = Route == default ? OfRoute : new RouteCounters();
        StatusOfRoute = default;
        _peers = [.. Peers.Ids.Select(peer => new PeerStatus { Peer = peer })];
    }

    /// <summary>The engine ends it. Nothing of it may be touched by the engine afterwards.</summary>
    internal void End(QueryOutcome outcome)
    {
        Outcome = outcome;
        _answered(this);
    }

    /// <summary>What an owner has to say of some peers' mappings goes here.</summary>
    internal Span<PeerStatus> RoomForPeers => _peers;

    internal void Filled(int count) => _count += count;

    internal void AddDropped(int count) => Dropped += count;

    /// <summary>There was no room from here on.</summary>
    internal void StopAt(int slot) => Next = Next < 0 ? slot : Next;

    internal void Add(Relay relay, TurnMeter turns, long frequency, Tick now)
    {
        Counters.Add(relay.Counters);
        if (Route != default && relay.CountersOf(Route) is RouteCounters counters)
        {
            OfRoute.Add(counters);
            StatusOfRoute = StatusOfRoute.With(relay.StatusOf(Route, now) ?? default);
        }

        Counters.Add(turns, frequency, now);
        Now = now;
        if (_strangersFound < _strangers.Length)
        {
            AddStrangers(relay);
        }
    }

    // Most queries have no room for any.
    private void AddStrangers(Relay relay)
    {
        foreach (ref readonly StrangerStatus stranger in relay.Strangers)
        {
            if (stranger.Times > 0 && _strangersFound < _strangers.Length)
            {
                _strangers[_strangersFound++] = stranger;
            }
        }
    }
}
