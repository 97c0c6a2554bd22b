using WgProxy.Logging;

namespace WgProxy.Tests;

/// <summary>A log whose lines a test reads.</summary>
internal sealed class HeardLog
{
    private readonly StringWriter _text = new();

    public HeardLog(TimeProvider? time = null, LogLevel level = LogLevel.Info, bool forJournal = false) =>
        Log = new Log(TextWriter.Synchronized(_text), forJournal, time ?? new FakeTime()) { Level = level };

    public Log Log { get; }

    public string[] Lines => _text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
