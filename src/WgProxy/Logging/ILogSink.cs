namespace WgProxy.Logging;

/// <summary>Where lines of the log go. One thread at a time writes.</summary>
internal interface ILogSink
{
    /// <summary>Writes a line. What cannot be written is lost: a full disk, or a reader that went away, must not end the relay.</summary>
    void Write(LogEntry entry);
}
