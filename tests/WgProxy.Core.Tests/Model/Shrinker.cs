using WgProxy.Core.Engine;
using WgProxy.Core.Engine.Batching;

namespace WgProxy.Core.Tests.Model;

/// <summary>Makes a failing sequence short: leaves out what the failure does not need, then makes what is left plain.</summary>
internal static class Shrinker
{
    private static readonly int[] PlainTimes = [0, 1, 1_000, 15_000, 31_000, 100_000, 181_000, 191_000, 301_000];

    public static Sequence Shrink(Sequence failing, Func<Sequence, bool> fails)
    {
        Sequence best = failing;
        int length;
        do
        {
            length = best.ToString().Length;
            best = InOneTurn(best, fails);
            best = LeaveOut(best, fails);
            best = Simplify(best, fails);
        }
        while (best.ToString().Length < length);

        return best;
    }

    /// <summary>Queries that are answered in one turn need no steps that are there for the sake of turns; best if one is asked at the
    /// end.</summary>
    private static Sequence InOneTurn(Sequence sequence, Func<Sequence, bool> fails)
    {
        Sequence inOne = sequence with { SlotsPerTurn = QueryLine.SlotsPerTurn };
        Step? last = sequence.Steps.LastOrDefault(step => step.Kind is "query");
        Sequence atEnd = inOne with { Steps = [.. sequence.Steps.Where(step => step.Kind is not ("query" or "again")), .. last is null ? [] : new[] { last with { Number = 0, Room = 100 } }] };
        return fails(atEnd) ? atEnd : fails(inOne) ? inOne : sequence;
    }

    private static Sequence LeaveOut(Sequence sequence, Func<Sequence, bool> fails)
    {
        for (int chunk = Math.Max(1, sequence.Steps.Count / 2); chunk > 0; chunk /= 2)
        {
            for (int at = sequence.Steps.Count - chunk; at >= 0; at = Math.Min(at - chunk, sequence.Steps.Count - chunk))
            {
                Sequence shorter = sequence with { Steps = [.. sequence.Steps.Take(at), .. sequence.Steps.Skip(at + chunk)] };
                sequence = fails(shorter) ? shorter : sequence;
            }
        }

        return sequence;
    }

    private static Sequence Simplify(Sequence sequence, Func<Sequence, bool> fails)
    {
        for (int at = 0; at < sequence.Steps.Count; at++)
        {
            foreach (Step simpler in Simpler(sequence.Steps[at]))
            {
                Sequence changed = sequence with { Steps = [.. sequence.Steps.Take(at), simpler, .. sequence.Steps.Skip(at + 1)] };
                if (fails(changed))
                {
                    sequence = changed;
                    break;
                }
            }
        }

        return sequence;
    }

    private static IEnumerable<Step> Simpler(Step step)
    {
        if (step.IsTime)
        {
            return PlainTimes.Where(time => time < step.Number).Select(time => new Step("wait", time))
                .Concat(step.Kind is "wait" ? [] : [new Step("wait", step.Number)]);
        }

        IEnumerable<Step> fewer = step.Run.Count < 2 ? [] : step.Run.Select((_, i) => step with { Run = [.. step.Run.Where((_, j) => i != j)] });
        IEnumerable<Step> smaller = step.Run is [{ Kind: "data", Length: > 32 } data] ? [step with { Run = [data with { Length = 32 }] }] : [];
        return fewer.Concat(smaller);
    }
}
