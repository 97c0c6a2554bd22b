using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

/// <summary>A relay and its model: what one worker of an engine owns. Several are neighbours, and share the clock.</summary>
internal sealed partial class Worker
{
    private readonly ReferenceRoutes _routes;
    private readonly RelaySettings _settings;
    private readonly Invariants _invariants;
    private readonly Dictionary<int, int> _slots = [];
    private readonly Dictionary<int, (int Source, int Route)> _owners = [];
    private readonly List<int> _held = [];

    private Worker(Sequence sequence, ReferenceRules rules, ReferenceRoutes routes)
    {
        _routes = routes;
        _settings = sequence.Settings;
        Relay = NewRelay();
        Model = new ReferenceRelay(sequence.Settings, rules, routes, Relay.Slots);
        _invariants = new Invariants(Relay, sequence.Settings);
    }

    public Relay Relay { get; private set; }

    /// <summary>What relays have counted that are gone.</summary>
    public RelayCounters Former { get; } = new();

    public ReferenceRelay Model { get; }

    /// <summary>Whether ended sockets are not closed for now.</summary>
    public bool Holds { get; set; }

    /// <summary>As many as the sequence says, introduced to each other.</summary>
    public static IReadOnlyList<Worker> All(Sequence sequence, ReferenceRules rules, ReferenceRoutes routes)
    {
        Worker[] workers = [.. Enumerable.Range(0, sequence.Workers).Select(_ => new Worker(sequence, rules, routes))];
        Relay.ConnectNeighbours([.. workers.Select(worker => worker.Relay)]);
        ReferenceRelay.ConnectNeighbours([.. workers.Select(worker => worker.Model)]);
        return workers;
    }

    /// <summary>The last mapping opened for the source on the route, live or with its socket still open; -1 if there is
    /// none.</summary>
    public int Find(int source, int route, bool isClosed) => _owners
        .Where(owner => owner.Value == (source, route))
        .Select(owner => owner.Key)
        .Where(id => _held.Contains(id) == isClosed)
        .DefaultIfEmpty(-1).Max();

    public bool Has(int id) => _slots.ContainsKey(id);

    /// <summary>Gives both the beginning of a client's run.</summary>
    public string? FromClient(int number, ReadOnlyMemory<byte> run, int stride, Tick now, out Decision decision, out int id)
    {
        Source source = Lockstep.SourceOf(number);
        _invariants.Before();
        decision = Relay.FromClient(run.Span, stride, source, now);
        ReferenceDecision expected = Model.FromClient(run, stride, source, now);
        id = expected.Id;
        if (decision.Verdict == Verdict.Open && expected.Verdict == Verdict.Open)
        {
            _slots[expected.Id] = decision.Slot;
            _owners[expected.Id] = (number, _routes.All.ToList().IndexOf(Relay.RouteOf(decision.Slot)));
        }

        return Compare(decision, expected);
    }

    /// <summary>The invariants, once it is known whether the datagram shows a cookie.</summary>
    public string? AfterClient(int number, ReadOnlyMemory<byte> run, int stride, Decision decision, bool shown, Tick now) =>
        _invariants.AfterClient(Lockstep.SourceOf(number), run.Span, stride, decision, shown, now);

    /// <summary>The upstream socket opened, or did not: so many addresses of the server could not be reached before.</summary>
    public string? Open(Decision decision, int id, ushort port, int passed, Tick now)
    {
        for (; passed > 0 && port != 0; passed--)
        {
            bool isNext = Relay.TryNextServer(decision.Slot, now);
            if (Model.TryNextServer(id, now) != isNext)
            {
                return $"mapping {id} has another address to try: the relay says {isNext}, the model {!isNext}";
            }

            port = isNext ? port : (ushort)0;
        }

        OpenOrNot(decision, id, port);
        return null;
    }

    private void OpenOrNot(Decision decision, int id, ushort port)
    {
        if (port == 0)
        {
            Relay.OpenFailed(decision.Slot);
            Model.OpenFailed(id);
            return;
        }

        Relay.Opened(decision.Slot, port);
        Model.Opened(id, port);
    }

    /// <summary>Gives both the beginning of a run that came to a mapping's port.</summary>
    public string? FromServer(int id, ReadOnlyMemory<byte> run, int stride, Tick now, out Decision decision)
    {
        decision = Relay.FromServer(_slots[id], run.Span, stride, now);
        ReferenceDecision expected = Model.FromServer(id, run, stride, now);
        return Compare(decision, expected) ?? _invariants.AfterServer(_slots[id], run.Span, stride, decision, now);
    }

    /// <summary>The engine made a mapping's socket anew; with another port, if one is said.</summary>
    public string? Reroute(int id, ushort port)
    {
        if (id < 0)
        {
            return null;
        }

        if (port != 0)
        {
            Relay.PortChanged(_slots[id], port);
        }

        Relay.Rerouted(_slots[id]);
        Model.Rerouted(id, port == 0 ? Model.Live.Single(mapping => mapping.Id == id).Port : port);
        return null;
    }

    /// <summary>The engine has no path to where a mapping goes, or was ordered to go.</summary>
    public string? Cut(int id, bool ordered, Tick now)
    {
        if (id >= 0)
        {
            Relay.Unreachable(_slots[id], ordered, now);
            Model.Unreachable(id, ordered, now);
        }

        return null;
    }

    /// <summary>The engine has a path to where a mapping goes, and its socket is connected there.</summary>
    public string? Heal(int id)
    {
        if (id >= 0)
        {
            Relay.Reachable(_slots[id]);
            Model.Reachable(id);
        }

        return null;
    }

    /// <summary>A route is not what it was. What follows for its mappings comes when time passes next.</summary>
    public void Tell(int route)
    {
        Relay.RouteChanged(_routes.IdOf(route));
        Model.RouteChanged(route);
    }

    /// <summary>What the relay lets expire must be due, and everything that is due must expire. Among mappings that are
    /// due at one look, the order is the relay's.</summary>
    public string? Advance(Tick now, out Tick next)
    {
        next = Relay.Advance(now);
        _advancedAt = now;
        foreach (RelayEvent change in Relay.Events)
        {
            if (change.Kind == RelayEventKind.Redirected)
            {
                ReferenceMapping moved = Model.Live.Single(mapping => _slots[mapping.Id] == change.Slot);
                if (Model.MustMove(moved, now) is not IPEndPoint elsewhere)
                {
                    return $"{change.Kind} of slot {change.Slot}: need not move";
                }

                Model.Move(moved, elsewhere);
                continue;
            }

            if (change.Kind == RelayEventKind.RouteRemoved)
            {
                Model.Vacate();
                ReferenceMapping ended = Model.Live.Single(mapping => _slots[mapping.Id] == change.Slot);
                if (!Model.MustEnd(ended))
                {
                    return $"{change.Kind} of slot {change.Slot}: its route is served";
                }

                Model.EndWithRoute(ended);
                continue;
            }

            if (change.Kind == RelayEventKind.NotServedHere)
            {
                ReferenceMapping ended = Model.Live.Single(mapping => _slots[mapping.Id] == change.Slot);
                if (!Model.MustEndHere(ended))
                {
                    return $"{change.Kind} of slot {change.Slot}: its route is served where its client sends to";
                }

                Model.EndHere(ended);
                continue;
            }

            if (change.Kind == RelayEventKind.Unlisted)
            {
                ReferenceMapping ended = Model.Live.Single(mapping => _slots[mapping.Id] == change.Slot);
                if (!Model.MustEndUnlisted(ended, now))
                {
                    return $"{change.Kind} of slot {change.Slot}: it is a peer's, or may be another's";
                }

                Model.EndUnlisted(ended);
                continue;
            }

            ReferenceMapping? mapping = Model.Due(now).FirstOrDefault(mapping => _slots[mapping.Id] == change.Slot);
            if (mapping is null)
            {
                return $"{change.Kind} of slot {change.Slot}: not due";
            }

            Model.Expire(mapping, now);
        }

        if (Model.Live.Find(mapping => Model.MustMove(mapping, now) is not null || Model.MustEnd(mapping) || Model.MustEndHere(mapping) || Model.MustEndUnlisted(mapping, now)) is ReferenceMapping left)
        {
            return $"mapping {left.Id} must move, or end with its route, and has not";
        }

        Model.EndWalks(now);

        if (Model.Due(now).FirstOrDefault() is ReferenceMapping due)
        {
            return $"mapping {due.Id} ({due.Proof}) was due at {due.Expires}, it is {now}";
        }

        Tick earliest = Model.Live.Select(mapping => mapping.Expires).DefaultIfEmpty(Tick.Never).Min();
        return next > earliest ? $"the relay wants to be called at {next}, a mapping ends at {earliest}" : Settle();
    }

    private Relay NewRelay()
    {
        Relay relay = new(_settings, _routes.List);
        relay.KeepJournal();
        relay.KeepDirectory();
        return relay;
    }

    /// <summary>The record of a mapping.</summary>
    public MappingRecord RecordOf(int id, Tick now) => Relay.RecordOf(_slots[id], now);

    /// <summary>To be called after a time in which everything ends.</summary>
    public string? Drained(Tick now) => _invariants.Drained(Relay.Advance(now));
}
