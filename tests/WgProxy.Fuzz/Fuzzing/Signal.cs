namespace WgProxy.Fuzz.Fuzzing;

/// <summary>
/// What a target showed while it ran: verdicts, kinds, lengths, how far a comparison came. This is all the feedback there
/// is. It stands for the coverage of branches that an instrumented build would report, and sees less: a branch whose taking
/// changes nothing that is shown is not noticed.
/// </summary>
internal sealed class Signal
{
    private readonly HashSet<ulong> _shown = [];

    /// <summary>What the current run has shown.</summary>
    public IReadOnlySet<ulong> Shown => _shown;

    /// <summary>Forgets the run before.</summary>
    public void Clear() => _shown.Clear();

    /// <summary>The run showed this.</summary>
    public void Show(string what, long first = 0, long second = 0, long third = 0)
    {
        // FNV-1a, so that what was shown means the same in every process.
        ulong hash = 14_695_981_039_346_656_037;
        foreach (char letter in what)
        {
            hash = (hash ^ letter) * 1_099_511_628_211;
        }

        foreach (long value in (ReadOnlySpan<long>)[first, second, third])
        {
            hash = (hash ^ (ulong)value) * 1_099_511_628_211;
            hash ^= hash >> 29;
        }

        _shown.Add(hash);
    }
}
