using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Model;

// Somebody asks what there is. As in an engine, a query goes from worker to worker, and each answers in its turns.
internal sealed partial class Lockstep
{
    private readonly List<Question> _underWay = [];
    private readonly int _slotsPerTurn;
    private Question? _last;

    /// <summary>What came of queries.</summary>
    public SortedDictionary<string, long> Queries { get; } = new(StringComparer.Ordinal);

    private void BeginQueries()
    {
        for (int number = 0; number < _workers.Count; number++)
        {
            _workers[number].BeginQueries(number, _slotsPerTurn);
        }
    }

    private string? Ask(Step step) =>
        Ask(new Question(step.Number, step.Room, step.Route, _routes.WasAdded(step.Route) ? _routes.IdOf(step.Route) : default));

    private string? AskOn()
    {
        if (_last is not { Query: { Next: >= 0, Outcome: QueryOutcome.Answered } } question)
        {
            return null;
        }

        _last = null;
        question.Query.From = question.Query.Next;
        Note("again");
        return Ask(question);
    }

    private string? Ask(Question question)
    {
        question.Begin();
        _underWay.Add(question);
        return Pass(question);
    }

    private string? Pass(Question question)
    {
        if (question.Query.Owner < _workers.Count)
        {
            string? wrong = _workers[question.Query.Owner++].Ask(question, out bool isBusy);
            if (isBusy)
            {
                _underWay.Remove(question);
                question.Query.End(QueryOutcome.Busy);
                Note("busy");
            }

            return wrong;
        }

        _underWay.Remove(question);
        _last = question;
        Note(question.Query.Next >= 0 ? "full" : "answered");
        return question.End(QueryOutcome.Answered);
    }

    /// <summary>Each worker has a turn.</summary>
    private string? Turn()
    {
        foreach (Worker worker in _workers)
        {
            if (worker.Turn(Now, out Question? done) is string problem)
            {
                return problem;
            }

            if (done is not null && Pass(done) is string wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    /// <summary>All who ask are answered, though nothing else happens.</summary>
    private string? AnswerAll()
    {
        string? problem = null;
        while (_underWay.Count > 0 && problem is null)
        {
            problem = Turn();
        }

        return problem;
    }

    /// <summary>All relays end: who asks is told the figures of their end.</summary>
    private string? EndQueries()
    {
        string? problem = Each(worker => worker.EndQueries());
        foreach (Question question in _underWay)
        {
            question.Begin();
            foreach (Worker worker in _workers)
            {
                worker.AddFigures(question, Now);
            }

            Note("not running");
            problem ??= question.End(QueryOutcome.NotRunning);
        }

        _underWay.Clear();
        return problem;
    }

    private void Note(string what) => Queries[$"query.{what}"] = Queries.GetValueOrDefault($"query.{what}") + 1;
}
