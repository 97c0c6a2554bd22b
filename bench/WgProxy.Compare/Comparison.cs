namespace WgProxy.Compare;

/// <summary>Visits every relay in every round of every scenario, in turn, so that whatever changes on the machine meanwhile
/// changes for all.</summary>
internal sealed class Comparison(Rig rig, IReadOnlyList<Relay> relays, string loadBinary, string key)
{
    private const double ColdSeconds = 1;

    private readonly CompareOptions _options = rig.Options;
    private bool _stopping;

    /// <summary>Everything measured, as it was measured.</summary>
    public List<Outcome> Outcomes { get; } = [];

    /// <summary>Set from a signal: no visit begins any more, and what has been built is taken down.</summary>
    public bool Stopping
    {
        get => Volatile.Read(ref _stopping);
        set => Volatile.Write(ref _stopping, value);
    }

    /// <summary>Runs the scenarios.</summary>
    public void Run(IEnumerable<Scenario> scenarios)
    {
        foreach (Scenario scenario in scenarios.TakeWhile(_ => !Stopping))
        {
            foreach (bool gro in scenario.HearsGro ? _options.SinkGro : [true])
            {
                Run(scenario, gro);
            }
        }
    }

    private void Run(Scenario scenario, bool gro)
    {
        Console.WriteLine($"\n{scenario.Title}{(scenario.HearsGro ? $"; sink {(gro ? "with" : "without")} GRO" : "")}");
        bool echo = scenario.Measure is Measure.RoundTrip or Measure.Storm or Measure.Flood;
        using SinkProcess sink = new(rig.Server, loadBinary, gro, echo);
        List<Relay> able = [.. relays.Where(scenario.Suits)];
        able.ForEach(relay => relay.Tells = scenario.Measure == Measure.Flood);
        try
        {
            if (!scenario.Fresh)
            {
                _ = able.RemoveAll(relay => !Starts(relay, scenario, gro));
            }

            // The first visit after a start is not counted: compilers and caches are cold.
            for (int round = scenario.Fresh ? 1 : 0; round <= Math.Min(_options.Rounds, scenario.MostRounds); round++)
            {
                foreach (Relay relay in InTurn(able, round).TakeWhile(_ => !Stopping))
                {
                    double seconds = round == 0 ? Math.Min(ColdSeconds, _options.Seconds) : _options.Seconds;
                    Keep(scenario.Measure, VisitCalmly(new Visit(rig, loadBinary, key, sink, scenario, relay, seconds), round) with
                    {
                        Scenario = scenario.Name, SinkGro = gro, Relay = relay.Name, Round = round,
                    });
                }
            }
        }
        finally
        {
            able.ForEach(relay => relay.Stop());
        }
    }

    // Each round begins with another relay, and two of four go backwards: nobody is always visited after the same one. Two relays
    // come in the order ABBA.
    private static IEnumerable<Relay> InTurn(List<Relay> relays, int round)
    {
        IEnumerable<Relay> turn = Enumerable.Range(0, relays.Count).Select(i => relays[(i + round) % relays.Count]);
        return (round & 2) == 0 ? turn : turn.Reverse();
    }

    /// <summary>Visits once more if somebody disturbed, and keeps the calmer of the two, whatever they showed.</summary>
    private Outcome VisitCalmly(Visit visit, int round)
    {
        Outcome first = visit.Run();
        if (round == 0 || first.Others is null || first.Others <= _options.MostOthers || Stopping)
        {
            return first;
        }

        Outcome second = visit.Run();
        if (second.Failure is not null)
        {
            return second;
        }

        (Outcome calmer, Outcome other) = second.Others < first.Others ? (second, first) : (first, second);
        return calmer with { DisturbedBy = other.Others };
    }

    private bool Starts(Relay relay, Scenario scenario, bool gro)
    {
        try
        {
            relay.Start();
            return true;
        }
        catch (InvalidOperationException trouble)
        {
            Keep(scenario.Measure, new Outcome
            {
                Scenario = scenario.Name, SinkGro = gro, Relay = relay.Name, Round = 1, Failure = trouble.Message,
            });
            relay.Stop();
            return false;
        }
    }

    private void Keep(Measure measure, Outcome outcome)
    {
        if (outcome.Round > 0)
        {
            Outcomes.Add(outcome);
            Console.WriteLine($"  {outcome.Round}. {outcome.Relay,-10} {Cells.Brief(measure, outcome)}");
        }
    }
}
