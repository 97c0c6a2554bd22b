using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Logging;

namespace WgProxy.Core.Tests.Model;

/// <summary>A query under way, and what the models say that its answer must be.</summary>
internal sealed class Question
{
    private readonly List<(ReferenceStatus Status, int Turn)> _expected = [];
    private readonly Dictionary<string, long> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _ofRoute = new(StringComparer.Ordinal);
    private int _ended;
    private int _next;
    private long _turns;
    private long _longest;
    private long _longestOfOneMinute;
    private long _longestOfTwo;

    public Question(int from, int room, int route, RouteId id)
    {
        (Room, Route) = (room, route);
        Query = new EngineQuery(_ => _ended++, room) { From = from, Route = id };
    }

    public EngineQuery Query { get; }

    /// <summary>How many mappings its answer may hold.</summary>
    public int Room { get; }

    public int Route { get; }

    /// <summary>For how many mappings there is room left.</summary>
    public int Left => Room - _expected.Count;

    /// <summary>Asks, for the first time or again.</summary>
    public void Begin()
    {
        Query.Begin();
        (_ended, _next, _turns, _longest, _longestOfOneMinute, _longestOfTwo) = (0, -1, 0, 0, 0, 0);
        _expected.Clear();
        _counters.Clear();
        _ofRoute.Clear();
    }

    /// <summary>A worker has said its part: the slots that it had no room for begin at <paramref name="next"/>.</summary>
    public string? Told(IReadOnlyList<(ReferenceStatus Status, int Turn)> expected, int next)
    {
        MappingStatus[] got = Query.Mappings[_expected.Count..].ToArray();
        MappingStatus[] wanted = [.. expected.Select(each => each.Status.Status)];

        // Numbers of tunnels are compared below. What only tells the operator why a tunnel is missing decides nothing, and RelayEvidenceTests hold it.
        MappingStatus[] unnumbered = [.. got.Select(status => status with { Tunnel = 0, AskedSince = default, HasSentLarge = false, HasReceivedLarge = false })];
        if (!unnumbered.SequenceEqual(wanted))
        {
            int at = unnumbered.Zip(wanted).TakeWhile(pair => pair.First == pair.Second).Count();
            return $"a query is told of {got.Length} mappings, the model tells of {wanted.Length}; number {at} is "
                + $"{unnumbered.Cast<MappingStatus?>().ElementAtOrDefault(at)} and should be {wanted.Cast<MappingStatus?>().ElementAtOrDefault(at)}";
        }

        for (int one = 0; one < got.Length; one++)
        {
            for (int other = 0; other < one; other++)
            {
                bool isShared = expected[one].Status.Tunnel == expected[other].Status.Tunnel;
                if (expected[one].Turn == expected[other].Turn && (got[one].Tunnel == got[other].Tunnel) != isShared)
                {
                    return $"slots {got[other].Slot} and {got[one].Slot} are of tunnels {got[other].Tunnel} and {got[one].Tunnel}, the model says {(isShared ? "of one" : "of two")}";
                }
            }
        }

        _expected.AddRange(expected);
        _next = _next < 0 ? next : _next;
        return Query.Next == _next ? null : $"a query may go on at slot {Query.Next}, the model says {_next}";
    }

    /// <summary>What a worker has counted by now belongs to the answer.</summary>
    /// <param name="model">The worker's model.</param>
    /// <param name="turns">The worker's turns, and how many milliseconds each took.</param>
    /// <param name="now">The instant.</param>
    public void Add(ReferenceRelay model, IReadOnlyList<(long Length, Tick At)> turns, Tick now)
    {
        _turns += turns.Count;
        _longest = Math.Max(_longest, LongestSince(default));
        _longestOfOneMinute = Math.Max(_longestOfOneMinute, LongestSince(now + -60_000));
        _longestOfTwo = Math.Max(_longestOfTwo, LongestSince(now + -120_000));
        foreach ((string name, long value) in model.Counters)
        {
            _counters[name] = _counters.GetValueOrDefault(name) + value;
        }

        foreach (string name in Worker.NamesOf(new RouteCounters()).Select(pair => pair.Name))
        {
            _ofRoute[name] = _ofRoute.GetValueOrDefault(name) + (model.Shows(Route) ? model.CountOf(Route, name) : 0);
        }

        long LongestSince(Tick since) => turns.Where(turn => turn.At > since).Select(turn => turn.Length).DefaultIfEmpty(0).Max();
    }

    /// <summary>The engine ends it.</summary>
    public string? End(QueryOutcome outcome)
    {
        Query.End(outcome);
        CountersSnapshot got = Query.Counters;
        if (_ended != 1 || Query.Outcome != outcome || Query.Mappings.Length != _expected.Count)
        {
            return $"a query ended {_ended} times, as {Query.Outcome}, with {Query.Mappings.Length} mappings";
        }

        bool isLately = got.LongestTurn >= SpanOf(_longestOfOneMinute) && got.LongestTurn <= SpanOf(_longestOfTwo);
        if (got.Turns != _turns || got.LongestTurnOfAll != SpanOf(_longest) || !isLately)
        {
            return $"{got.Turns} turns, the longest {got.LongestTurnOfAll}, lately {got.LongestTurn}; there were {_turns}, the longest of {_longest} ms, "
                + $"of {_longestOfOneMinute} in the last minute, of {_longestOfTwo} in the last two";
        }

        return Difference("", CounterNames.Of(got).Select(pair => (pair.Key, pair.Value)), _counters)
            ?? (Query.Route == default ? null : Difference($" of route {Route}", Worker.NamesOf(Query.OfRoute), _ofRoute));
    }

    // Rounded as the figures are: a third of a second is no whole number of ticks.
    private static TimeSpan SpanOf(long milliseconds) => TimeSpan.FromSeconds(milliseconds / 1_000.0);

    private static string? Difference(string of, IEnumerable<(string Name, long Value)> got, Dictionary<string, long> wanted) => got
        .Where(pair => wanted.GetValueOrDefault(pair.Name) != pair.Value)
        .Select(pair => $"a query is told that {pair.Name}{of} is {pair.Value}, the model says {wanted.GetValueOrDefault(pair.Name)}")
        .FirstOrDefault();
}
