using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Model;

/// <summary>Makes up queries between the steps of a sequence, by a chance of its own: what else happens is the same without them.</summary>
internal sealed class Questions
{
    private readonly Random _random;

#pragma warning disable CA5394 // Sequences need to be repeatable, not secret.
    public Questions(int seed) => _random = new Random(~seed);
#pragma warning restore CA5394

    /// <summary>How many steps were made up.</summary>
    public int Count { get; private set; }

    /// <summary>The head, with so few slots a turn that most queries take several.</summary>
    public Sequence Of(Sequence head) => head with { SlotsPerTurn = Pick(2, 3, 5, 20, QueryLine.SlotsPerTurn) };

    /// <summary>The step, and what is asked behind it.</summary>
    public IEnumerable<Step> With(Step step, Lockstep both)
    {
        yield return step;
        for (int more = _random.Next(200) switch { 0 => 10, < 15 => 1, _ => 0 }; more > 0; more--)
        {
            Count++;
            yield return _random.Next(4) == 0
                ? new Step("again")
                : Step.Query(_random.Next(4) == 0 ? _random.Next(200) : 0, Pick(0, 1, 2, 5, 100, 100), _random.Next(both.Routes.Count + 1));
        }
    }

    private int Pick(params IReadOnlyList<int> from) => from[_random.Next(from.Count)];
}
