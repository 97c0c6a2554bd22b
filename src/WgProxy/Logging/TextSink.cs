namespace WgProxy.Logging;

/// <summary>Lines of text.</summary>
/// <param name="output">Where they go.</param>
/// <param name="forJournal">Whether the journal reads them: they then begin with a priority.</param>
internal sealed class TextSink(TextWriter output, bool forJournal) : ILogSink
{
    /// <inheritdoc/>
    public void Write(LogEntry entry)
    {
        try
        {
            output.Write(LogLine.Format(forJournal, entry.Time, entry.Level, entry.Text) + "\n");
            output.Flush();
        }
        catch (IOException)
        {
            // Lost.
        }
    }
}
