namespace WgProxy.Logging;

/// <summary>The last lines of the log, in memory. They are as they were written: masked, if that was asked for. One thread at a time adds;
/// any thread reads, and none waits.</summary>
internal sealed class LogRing
{
    /// <summary>Lines that are kept.</summary>
    public const int Capacity = 256;

    /// <summary>Letters of a sentence that are kept: with all lines that long, the ring holds half a megabyte.</summary>
    public const int LongestText = 1_000;

    private readonly Kept?[] _lines = new Kept?[Capacity];
    private long _count;

    /// <summary>Adds a line, and forgets the oldest beyond <see cref="Capacity"/>.</summary>
    public void Add(LogEntry entry)
    {
        LogEntry kept = entry.Text.Length > LongestText ? entry with { Text = $"{entry.Text[..LongestText]}…" } : entry;
        Volatile.Write(ref _lines[_count % Capacity], new Kept(_count, kept));
        _count++;
    }

    /// <summary>The lines that are kept, the oldest first. What is added meanwhile may be among them or not.</summary>
    /// <param name="level">The highest level to show.</param>
    public IReadOnlyList<LogEntry> Read(LogLevel level = LogLevel.Debug)
    {
        List<Kept> lines = [];
        for (int i = 0; i < Capacity; i++)
        {
            if (Volatile.Read(ref _lines[i]) is { } line && line.Entry.Level <= level)
            {
                lines.Add(line);
            }
        }

        return [.. lines.OrderBy(line => line.Number).Select(line => line.Entry)];
    }

    private sealed record Kept(long Number, LogEntry Entry);
}
