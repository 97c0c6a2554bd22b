using WgProxy.Logging;

namespace WgProxy.Status;

/// <summary>The last lines of the log, from memory.</summary>
/// <param name="Now">The instant of the answer.</param>
/// <param name="Lines">The lines, the oldest first. They are as they were logged: masked, if that was asked for.</param>
internal sealed record LogReport(DateTimeOffset Now, IReadOnlyList<LogLineReport> Lines)
{
    /// <summary>The last of these lines.</summary>
    public static LogReport Of(LogRing ring, LogQuestion question, DateTimeOffset now) =>
        new(now, [.. ring.Read(question.Level).TakeLast(question.Lines).Select(LogLineReport.Of)]);
}

/// <summary>One line of the log.</summary>
/// <param name="Time">When it was said.</param>
/// <param name="Level">error, warning, info or debug.</param>
/// <param name="Event">What happened, as a name that does not change.</param>
/// <param name="Message">The sentence; of a very long one the first thousand letters.</param>
/// <param name="Client">The address and port of the client that it is about; null for none.</param>
/// <param name="Server">The server's name; null for none.</param>
/// <param name="Peer">The client's name; null for none.</param>
/// <param name="Port">The upstream port by which the server knows the client; null for none.</param>
internal sealed record LogLineReport(
    DateTimeOffset Time, string Level, string Event, string Message, string? Client, string? Server, string? Peer, int? Port)
{
    /// <summary>A line as it is reported.</summary>
    public static LogLineReport Of(LogEntry entry) => new(
        entry.Time, LogLine.Word(entry.Level), entry.Event, entry.Text, entry.Client, entry.Server, entry.Peer, entry.Port == 0 ? null : entry.Port);
}

/// <summary>Which lines are wanted.</summary>
/// <param name="Level">Up to which level.</param>
/// <param name="Lines">How many at most: the last ones.</param>
internal sealed record LogQuestion(LogLevel Level = LogLevel.Debug, int Lines = LogRing.Capacity);
