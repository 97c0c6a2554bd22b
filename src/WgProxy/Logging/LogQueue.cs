using System.Threading.Channels;

namespace WgProxy.Logging;

/// <summary>Makes the text of a mapping's change.</summary>
internal delegate string TextOf(in RelayEvent change);

/// <summary>
/// Lines on their way to standard error. Posting never waits. If the queue is full, because the reader of
/// standard error is slow or gone, the line is dropped and counted. The count is logged when there is room again.
/// </summary>
internal sealed class LogQueue : IAsyncDisposable
{
    /// <summary>The most lines in the queue: some 100 KiB of text.</summary>
    public const int Capacity = 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Channel<Entry> _lines = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly TimeProvider _time;
    private readonly TextOf _text;
    private readonly Action<DateTimeOffset, LogLevel, string> _write;
    private readonly Task _writer;
    private long _dropped;

    /// <summary>A queue whose lines one task writes.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="text">Makes the text of a change, on the task.</param>
    /// <param name="write">Writes a line, on the task.</param>
    public LogQueue(TimeProvider time, TextOf text, Action<DateTimeOffset, LogLevel, string> write)
    {
        _time = time;
        _text = text;
        _write = write;
        _writer = Task.Run(WriteAllAsync);
    }

    /// <summary>Adds a line.</summary>
    public void Post(LogLevel level, string text) => Post(new Entry(_time.GetUtcNow(), level, text, default, 0));

    /// <summary>Adds a change of a mapping. The writer makes its text.</summary>
    public void Post(LogLevel level, in RelayEvent change, long withheld) =>
        Post(new Entry(_time.GetUtcNow(), level, null, change, withheld));

    /// <summary>Waits until all lines are written, or until it is clear that the reader is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        _ = _lines.Writer.TryComplete();
        _ = await Task.WhenAny(_writer, Task.Delay(Patience));
    }

    private void Post(in Entry entry)
    {
        if (!_lines.Writer.TryWrite(entry))
        {
            _ = Interlocked.Increment(ref _dropped);
        }
    }

    private async Task WriteAllAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            while (_lines.Reader.TryRead(out Entry entry))
            {
                _write(entry.Time, entry.Level, entry.Text ?? (_text(entry.Change) + Throttle.Words(entry.Withheld)));
            }

            if (Interlocked.Exchange(ref _dropped, 0) is > 0 and long dropped)
            {
                _write(_time.GetUtcNow(), LogLevel.Warning, $"{dropped} log lines dropped");
            }
        }
    }

    private readonly record struct Entry(DateTimeOffset Time, LogLevel Level, string? Text, RelayEvent Change, long Withheld);
}
