using WgProxy.Core.Engine;
using WgProxy.Logging;

namespace WgProxy.Core.Tests.Model;

/// <summary>What a whole run of sequences has seen, so that it cannot be hollow.</summary>
internal sealed class Coverage
{
    private readonly Dictionary<ReferenceMapping, Proof> _before = [];

    /// <summary>How often each thing happened: the relay's counters, and steps of proof by who caused them.</summary>
    public SortedDictionary<string, long> Seen { get; } = new(StringComparer.Ordinal);

    public int Sequences { get; private set; }

    public long Steps { get; private set; }

    public void Before(Lockstep both)
    {
        _before.Clear();
        foreach (ReferenceMapping mapping in both.Live)
        {
            _before[mapping] = mapping.Proof;
        }
    }

    public void After(Lockstep both, Step step)
    {
        Steps++;
        Count($"step.{step.Kind}", 1);
        foreach (ReferenceMapping mapping in both.Live)
        {
            if (_before.TryGetValue(mapping, out Proof before) && before != mapping.Proof)
            {
                Count($"step.{step.Kind}.{before}.{mapping.Proof}", 1);
            }
        }
    }

    public void Add(Lockstep both)
    {
        Sequences++;
        foreach ((string name, long value) in both.Former.Append(both.Counters).SelectMany(counters => CounterNames.Of(new CountersSnapshot(counters))).Concat(both.Models.SelectMany(model => model.Uncounted)).Concat(both.Queries))
        {
            Count(name, value);
        }
    }

    public void Add(Coverage other)
    {
        (Sequences, Steps) = (Sequences + other.Sequences, Steps + other.Steps);
        foreach ((string name, long value) in other.Seen)
        {
            Count(name, value);
        }
    }

    public long this[string name] => Seen.GetValueOrDefault(name);

    private void Count(string name, long value) => Seen[name] = this[name] + value;
}
