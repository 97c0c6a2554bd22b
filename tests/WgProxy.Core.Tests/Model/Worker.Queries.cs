using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// Who asks is answered some slots in each turn, while the mappings change.
internal sealed partial class Worker
{
    private readonly List<Question> _waiting = [];
    private readonly List<IReadOnlyList<ReferenceStatus>> _shown = [];
    private TurnMeter _turns = new();
    private QueryLine _queries = new(0, 1, _ => { });
    private Question? _answered;
    private bool _isAnswering;
    private int _firstSlot;
    private int _slotsPerTurn;
    private readonly List<(long Length, Tick At)> _lengths = [];

    /// <summary>Everything that is counted for a route, by name.</summary>
    public static IEnumerable<(string Name, long Value)> NamesOf(RouteCounters counters) =>
    [
        .. from direction in Directions
           from verdict in Verdicts
           select ($"{direction}.{verdict}", counters[direction, verdict]),
        .. Directions.Select(direction => ($"bytes.{direction}", counters.ForwardedBytes(direction))),
        .. Kinds.Select(kind => ($"event.{kind}", counters[kind])),
        .. Proofs.Select(proof => ($"mappings.{proof}", counters[proof])),
        ("handshakes", counters.Handshakes),
    ];

    /// <summary>A relay was made, and may be asked.</summary>
    /// <param name="number">Which of the workers this is.</param>
    /// <param name="slotsPerTurn">How many slots a query visits in a turn.</param>
    public void BeginQueries(int number, int slotsPerTurn)
    {
        (_firstSlot, _slotsPerTurn) = (number * Relay.Slots, slotsPerTurn);
        _queries = new QueryLine(_firstSlot, 1_000, query => _answered = _waiting.Single(question => question.Query == query), slotsPerTurn);
        _turns = new TurnMeter();
        _lengths.Clear();
    }

    /// <summary>Leaves a query, if not eight wait beside the one that is being answered.</summary>
    public string? Ask(Question question, out bool isBusy)
    {
        isBusy = _waiting.Count - (_isAnswering ? 1 : 0) >= QueryLine.Capacity;
        QueryOutcome outcome = _queries.Post(question.Query);
        if (!isBusy)
        {
            _waiting.Add(question);
        }

        return outcome == (isBusy ? QueryOutcome.Busy : QueryOutcome.Waiting) ? null : $"a query that is asked is {outcome}";
    }

    /// <summary>What comes at the end of a turn. The query of which this worker has said its part, if it has.</summary>
    public string? Turn(Tick now, out Question? done)
    {
        done = null;
        _lengths.Add(((_lengths.Count + 1) * 7_919 % 1_000, now));
        _turns.Note(_lengths[^1].Length, now);
        if (_waiting.Count == 0)
        {
            return _queries.Continue(Relay, _turns, now) ? "nobody asks, and something is answered" : null;
        }

        _shown.Add([.. Model.Live.Where(mapping => mapping.Port != 0).Select(mapping => Model.StatusOf(mapping, _firstSlot + _slots[mapping.Id]))]);
        if (!_queries.Continue(Relay, _turns, now))
        {
            return "somebody asks, and nothing is done about it";
        }

        _isAnswering = _answered is null;
        return _answered is null ? (_shown.Count > (Relay.Slots / _slotsPerTurn) + 1 ? $"a query was not answered in {_shown.Count} turns" : null) : Answered(now, out done);
    }

    /// <summary>The relay is at its end: who waits is told.</summary>
    public string? EndQueries()
    {
        List<EngineQuery> unanswered = [];
        _queries.Close(unanswered.Add);
        bool all = unanswered.ToHashSet().SetEquals(_waiting.Select(question => question.Query)) && unanswered.Count == _waiting.Count;
        int waited = _waiting.Count;
        (_answered, _isAnswering) = (null, false);
        _waiting.Clear();
        _shown.Clear();
        return all ? null : $"{unanswered.Count} queries are told that they are not answered, {waited} wait";
    }

    /// <summary>Adds the figures of a relay that has ended, or ends.</summary>
    public void AddFigures(Question question, Tick now)
    {
        _queries.AddFigures(question.Query, Relay, _turns, now);
        question.Add(Model, _lengths, now);
    }

    private string? Answered(Tick now, out Question? done)
    {
        Question question = done = _answered!;
        _answered = null;
        _waiting.Remove(question);
        List<(ReferenceStatus Status, int Turn)>? expected =
            Model.Answer(_shown, Math.Max(0, question.Query.From - _firstSlot), question.Left, _slotsPerTurn, _firstSlot, out int next);
        int turns = _shown.Count;
        _shown.Clear();
        question.Add(Model, _lengths, now);
        return expected is null ? $"a query was answered in {turns} turns, not in as many as the model says" : question.Told(expected, next);
    }
}
