using WgProxy.Core.Engine.Batching;

namespace WgProxy.Core.Tests.Model;

/// <summary>Makes up sequences from seeds, and shortens those on which relay and model disagree.</summary>
internal static class Explorer
{
    private const int Length = 250;

    /// <summary>Runs one made-up sequence. Returns it up to where the two disagreed; null if they did not.</summary>
    public static (Sequence Failing, string Reason)? Explore(int seed, Coverage? coverage = null, ReferenceRules? rules = null)
    {
#pragma warning disable CA5394 // Sequences need to be repeatable, not secret.
        Random random = new(seed);
#pragma warning restore CA5394
        Questions questions = new(seed);
        Sequence head = questions.Of(Generator.NewHead(random));
        Lockstep both = new(head, rules);
        Generator generator = new(random, head, both);
        List<Step> steps = [];
        while (steps.Count - questions.Count < Length)
        {
            foreach (Step step in generator.Next().SelectMany(step => questions.With(step, both)))
            {
                steps.Add(step);
                coverage?.Before(both);
                if (both.Do(step) is string reason)
                {
                    return (head with { Steps = steps }, reason);
                }

                coverage?.After(both, step);
            }
        }

        coverage?.Add(both);
        return both.Drain() is string end ? (head with { Steps = steps }, end) : null;
    }

    /// <summary>The shortest sequence found on which the two still disagree, as text with the reason.</summary>
    public static (Sequence Short, string Text) Shorten(int seed, Sequence failing, ReferenceRules? rules = null)
    {
        Sequence shorter = Shrinker.Shrink(failing, sequence => Lockstep.Run(sequence, rules) is not null);
        (int step, string reason) = Lockstep.Run(shorter, rules)
            ?? throw new InvalidOperationException("What failed a moment ago passes: something is not repeatable.");
        return (shorter, $"# seed {seed}; after step {step + 1}: {reason}\n{shorter}\n");
    }
}
