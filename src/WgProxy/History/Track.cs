namespace WgProxy.History;

/// <summary>
/// The last steps of one thing: for each of them what some series had. The oldest step makes room for the newest. Room is made once, and for a series only when it
/// first has something: most verdicts never happen.
/// </summary>
/// <param name="series">How many series there are.</param>
internal sealed class Track(int series)
{
    /// <summary>The most steps: an hour, where each takes <see cref="RelayHistory.Step"/>.</summary>
    public const int MostSteps = 360;

    private readonly long[]?[] _values = new long[]?[series];
    private readonly double[] _seconds = new double[MostSteps];
    private int _next;

    /// <summary>How many steps there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a step.</summary>
    /// <param name="seconds">How long it was.</param>
    /// <param name="values">What each series had in it.</param>
    public void Add(double seconds, ReadOnlySpan<long> values)
    {
        _seconds[_next] = seconds;
        for (int each = 0; each < series; each++)
        {
            if (values[each] != 0)
            {
                _values[each] ??= new long[MostSteps];
            }

            if (_values[each] is { } kept)
            {
                kept[_next] = values[each];
            }
        }

        _next = (_next + 1) % MostSteps;
        Count = Math.Min(Count + 1, MostSteps);
    }

    /// <summary>How long each step was, the oldest first.</summary>
    public double[] Seconds() => InOrder(_seconds);

    /// <summary>What a series had in each step, the oldest first.</summary>
    public long[] Of(int each) => _values[each] is { } kept ? InOrder(kept) : new long[Count];

    /// <summary>The sum of a series over all steps.</summary>
    public long Sum(int each) => _values[each]?.Sum() ?? 0;

    private T[] InOrder<T>(T[] ring)
    {
        // While it is not full, the oldest is the first.
        int first = Count < MostSteps ? 0 : _next;
        return [.. ring.AsSpan(first, Count - first), .. ring.AsSpan(0, first)];
    }
}
