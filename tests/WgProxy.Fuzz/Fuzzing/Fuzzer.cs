using System.Diagnostics;
using WgProxy.Core.Engine.Batching;

namespace WgProxy.Fuzz.Fuzzing;

/// <summary>
/// Tries inputs, keeps those that show something new, and makes further ones of them. What is new is told by the target's
/// own <see cref="Signal"/>, not by instrumented code.
/// </summary>
internal sealed class Fuzzer
{
    private readonly Target _target;
    private readonly Random _random;
    private readonly Mutator _mutator;
    private readonly Signal _signal = new();
    private readonly HashSet<ulong> _seen = [];
    private readonly List<byte[]> _kept = [];

    /// <summary>A fuzzer that always tries the same from the same seed and corpus.</summary>
    public Fuzzer(Target target, int seed)
    {
        _target = target;
#pragma warning disable CA5394 // Inputs need to be repeatable, not secret.
        _random = new Random(seed);
#pragma warning restore CA5394
        _mutator = new Mutator(_random, target);
    }

    /// <summary>Inputs that showed something new when they came.</summary>
    public IReadOnlyList<byte[]> Kept => _kept;

    /// <summary>How many different things were shown.</summary>
    public int Seen => _seen.Count;

    /// <summary>Inputs tried.</summary>
    public long Executions { get; private set; }

    /// <summary>Called with each input before it is tried: the process may not survive it.</summary>
    public Action<byte[]>? Trying { get; init; }

    /// <summary>Tries what is known.</summary>
    public Failure? Load(IEnumerable<byte[]> inputs)
    {
        foreach (byte[] input in inputs)
        {
            if (Try(input) is string reason)
            {
                return new Failure(input, reason);
            }

            if (!_signal.Shown.IsSubsetOf(_seen))
            {
                _seen.UnionWith(_signal.Shown);
                _kept.Add(input);
            }
        }

        return null;
    }

    /// <summary>Fuzzes until something is wrong, so many inputs were tried, or the time is up.</summary>
    public Failure? Run(long executions, TimeSpan time)
    {
        Stopwatch clock = Stopwatch.StartNew();
        if (Load(_target.Seeds) is Failure early)
        {
            return early;
        }

        for (long begun = Executions; Executions - begun < executions && clock.Elapsed < time;)
        {
            // What came last is tried more often: it shows what is least known.
            int chosen = Math.Max(_random.Next(_kept.Count), _random.Next(_kept.Count));
            byte[] input = _mutator.Mutate(_kept.Count > 0 ? _kept[chosen] : [], _kept);
            if (Try(input) is string reason)
            {
                return Shorten(new Failure(input, reason));
            }

            Keep(input);
        }

        return null;
    }

    /// <summary>Of inputs that show the same, as few and as short ones as a simple choice finds.</summary>
    public IReadOnlyList<byte[]> Distil(IEnumerable<byte[]> inputs)
    {
        List<(byte[] Input, ulong[] Shown)> all = [];
        foreach (byte[] input in inputs)
        {
            if (Try(input) is null)
            {
                all.Add((input, [.. _signal.Shown]));
            }
        }

        HashSet<ulong> covered = [];
        List<byte[]> chosen = [];
        while (all.Count > 0)
        {
            (byte[] input, ulong[] shown) = all.MaxBy(each => each.Shown.Count(shown => !covered.Contains(shown)) * 1_000L / (each.Input.Length + 8));
            covered.UnionWith(shown);
            chosen.Add(input);
            all.RemoveAll(each => covered.IsSupersetOf(each.Shown));
        }

        return [.. chosen.OrderBy(input => input.Length).ThenBy(Convert.ToHexString, StringComparer.Ordinal)];
    }

    private string? Try(byte[] input)
    {
        Executions++;
        Trying?.Invoke(input);
        _signal.Clear();
        try
        {
            return _target.Run(input, _signal);
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            return thrown.ToString();
        }
    }

    private void Keep(byte[] input)
    {
        ulong[] fresh = [.. _signal.Shown.Where(shown => !_seen.Contains(shown))];
        if (fresh.Length == 0)
        {
            return;
        }

        _seen.UnionWith(fresh);
        byte[] shorter = Cut(input, candidate => Try(candidate) is null && fresh.All(_signal.Shown.Contains));
        _kept.Add(shorter);
    }

    private Failure Shorten(Failure failure)
    {
        byte[] shorter = Cut(failure.Input, candidate => Try(candidate) is not null);
        return new Failure(shorter, Try(shorter) ?? failure.Reason);
    }

    /// <summary>Leaves out blocks for as long as the rest does the same; one pass from large to small.</summary>
    private byte[] Cut(byte[] input, Func<byte[], bool> same)
    {
        for (int block = Math.Max(1, input.Length / 2 / _target.Record); block > 0; block /= 2)
        {
            int size = block * _target.Record;
            for (int at = input.Length - size; at >= 0; at -= size)
            {
                byte[] candidate = [.. input.AsSpan(0, at), .. input.AsSpan(at + size)];
                input = same(candidate) ? candidate : input;
                at = Math.Min(at, input.Length);
            }
        }

        return input;
    }
}

/// <summary>An input for which something did not hold.</summary>
internal sealed record Failure(byte[] Input, string Reason);
