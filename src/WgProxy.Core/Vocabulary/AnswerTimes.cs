namespace WgProxy.Core.Vocabulary;

/// <summary>
/// How long a server took to answer: from the turn in which an initiation was forwarded to the one in which its response was. One writer,
/// plain longs. The clock of a relay counts milliseconds, so an answer within the same one counts as no time.
/// </summary>
public sealed class AnswerTimes
{
    /// <summary>How many entries there are: one for each of <see cref="Bounds"/>, and one for what took longer.</summary>
    public const int Entries = 8;

    // One array for all: times first, then their sums.
    private readonly long[] _numbers = new long[2 * Entries];

    /// <summary>The longest time that each entry but the last counts, in milliseconds. A server that a client does not hear within 5,000
    /// is asked again.</summary>
    public static ReadOnlySpan<int> Bounds => [5, 20, 50, 100, 250, 1_000, 5_000];

    /// <summary>How many answers an entry has counted.</summary>
    public long this[int entry] => _numbers[entry];

    /// <summary>How long the answers of an entry took together, in milliseconds.</summary>
    public long Sum(int entry) => _numbers[Entries + entry];

    /// <summary>Counts an answer.</summary>
    internal void Count(long milliseconds)
    {
        int entry = 0;
        while (entry < Bounds.Length && milliseconds > Bounds[entry])
        {
            entry++;
        }

        _numbers[entry]++;
        _numbers[Entries + entry] += milliseconds;
    }

    /// <summary>Adds the numbers of another.</summary>
    internal void Add(AnswerTimes other)
    {
        for (int i = 0; i < _numbers.Length; i++)
        {
            _numbers[i] += other._numbers[i];
        }
    }

    /// <summary>Counts nothing again.</summary>
    internal void Clear() => Array.Clear(_numbers);
}
