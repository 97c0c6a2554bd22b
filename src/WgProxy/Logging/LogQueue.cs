using System.Threading.Channels;

namespace WgProxy.Logging;

/// <summary>A line on its way. Its writer makes the text of a mapping's change.</summary>
/// <param name="Time">When it was said.</param>
/// <param name="Level">How much it matters.</param>
internal readonly record struct LogLineInQueue(DateTimeOffset Time, LogLevel Level)
{
    /// <summary>The name of the line; empty for a mapping's change.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>The sentence; null for a mapping's change.</summary>
    public string? Text { get; init; }

    /// <summary>The change.</summary>
    public RelayEvent Change { get; init; }

    /// <summary>Lines like it that were withheld before.</summary>
    public long Withheld { get; init; }
}

/// <summary>
/// Lines on their way to standard error. Posting never waits. If the queue is full, because the reader of
/// standard error is slow or gone, the line is dropped and counted. The count is logged when there is room again.
/// </summary>
internal sealed class LogQueue : IAsyncDisposable
{
    /// <summary>The most lines in the queue: some 100 KiB of text.</summary>
    public const int Capacity = 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Channel<LogLineInQueue> _lines = Channel.CreateBounded<LogLineInQueue>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly TimeProvider _time;
    private readonly Action<LogLineInQueue> _write;
    private readonly Task _writer;
    private long _dropped;

    /// <summary>A queue whose lines one task writes.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="write">Writes a line, on the task.</param>
    public LogQueue(TimeProvider time, Action<LogLineInQueue> write)
    {
        _time = time;
        _write = write;
        _writer = Task.Run(WriteAllAsync);
    }

    /// <summary>Adds a line.</summary>
    public void Post(in LogLineInQueue line)
    {
        if (!_lines.Writer.TryWrite(line))
        {
            _ = Interlocked.Increment(ref _dropped);
        }
    }

    /// <summary>Waits until all lines are written, or until it is clear that the reader is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = _lines.Writer.TryComplete();
        _ = await Task.WhenAny(_writer, Task.Delay(Patience));
    }

    private async Task WriteAllAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out LogLineInQueue line))
            {
                _write(line);
            }

            if (Interlocked.Exchange(ref _dropped, 0) is > 0 and long dropped)
            {
                _write(new LogLineInQueue(_time.GetUtcNow(), LogLevel.Warning) { Name = "LinesDropped", Text = $"{dropped} log lines dropped" });
            }
        }
    }
}
