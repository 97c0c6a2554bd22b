using System.Runtime.CompilerServices;

namespace WgProxy.Logging;

/// <summary>
/// Every line that the program can log, each as a method. Until <see cref="BeginQueue"/> the caller writes the line itself. After
/// that, a queue takes it and no caller waits. Any thread may call, except where a method says otherwise.
/// </summary>
internal sealed partial class Log(TextWriter output, bool forJournal, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan OncePerMinute = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Throttle _openFailed = new(time, OncePerMinute);
    private readonly Throttles _unresolved = new(time, OncePerMinute);
    private readonly Throttle _rerouted = new(time, OncePerMinute);
    private readonly Throttles _resolvedToRelay = new(time, OncePerMinute);
    private readonly Throttle _redirected = new(time, OncePerMinute);
    private readonly Throttle _passedOver = new(time, OncePerMinute);
    private readonly Throttles _moved = new(time, TimeSpan.FromSeconds(10));

    // Some 2 kB per second at most. An accepted client can open and leave mappings as fast as it completes handshakes.
    private readonly LineBudget _changes = new(time, burst: 1_000, perSecond: 20);
    private readonly TextSink _text = new(output, forJournal);
    private LogQueue? _queue;
    private ILogSink? _sink;

    /// <summary>The level up to which lines are logged. Set before other threads log.</summary>
    public LogLevel Level { get; set; } = LogLevel.Info;

    /// <summary>How much of an address lines tell. May change while others log.</summary>
    public LogAddresses Addresses { get; set; } = LogAddresses.Full;

    /// <summary>The last lines.</summary>
    public LogRing Ring { get; } = new();

    /// <summary>Where the journal listens.</summary>
    public string Journal { get; init; } = JournalSink.Path;

    /// <summary>What the fields of lines about a client call its server, also where it is the only one. Called by any thread. Set before
    /// others log.</summary>
    public Func<RouteId, string?> ServerOf { get; set; } = static _ => null;

    /// <summary>What lines about a client call its server; null where there is no need to name it. Called by any thread. Set before
    /// others log.</summary>
    public Func<RouteId, string?> NameOf { get; set; } = static _ => null;

    /// <summary>What they call a peer of a server; null if it has no name. Called by any thread. Set before others log.</summary>
    public Func<RouteId, PeerId, string?> PeerOf { get; set; } = static (_, _) => null;

    /// <summary>From now on, a queue takes the lines, and no caller waits for the reader of standard error.</summary>
    public void BeginQueue() => _queue ??= new LogQueue(time, Write);

    /// <summary>Has lines look like this from now on. If the journal cannot be reached, they stay text, and one of them says so.</summary>
    public void Use(LogFormat format)
    {
        bool wantsJournal = format == LogFormat.Journald || (format == LogFormat.Auto && forJournal);
        JournalSink? journal = wantsJournal ? JournalSink.Open(Journal, _text) : null;
        _sink = format == LogFormat.Json ? new JsonSink(output) : journal;
        if (format == LogFormat.Journald && journal is null)
        {
            JournalIsMissing(Journal);
        }
    }

    /// <summary>Waits for a bounded time until queued lines are written.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_queue is { } queue)
        {
            await queue.DisposeAsync();
        }

        (_sink as IDisposable)?.Dispose();
    }

    private string Text(in RelayEvent change) => EventText.Of(change, NameOf(change.Route), PeerOf(change.Route, change.Peer));

    private void Error(string text, [CallerMemberName] string name = "")
    {
        _overheard?.Add(text);
        Say(LogLevel.Error, name, text);
    }

    private void Warning(string text, [CallerMemberName] string name = "")
    {
        _overheard?.Add(text);
        if (Level >= LogLevel.Warning)
        {
            Say(LogLevel.Warning, name, text);
        }
    }

    private void Info(string text, [CallerMemberName] string name = "")
    {
        if (Level >= LogLevel.Info)
        {
            Say(LogLevel.Info, name, text);
        }
    }

    private void Say(LogLevel level, string name, string text) => Post(new LogLineInQueue(time.GetUtcNow(), level) { Name = name, Text = text });

    private void Post(in LogLineInQueue line)
    {
        if (_queue is { } queue)
        {
            queue.Post(line);
        }
        else
        {
            Write(line);
        }
    }

    private void Write(LogLineInQueue line)
    {
        LogEntry entry = Masked(line.Text is null
            ? new LogEntry(line.Time, line.Level, $"{line.Change.Kind}", Text(line.Change) + Throttle.Words(line.Withheld))
            {
                Client = $"{line.Change.Source}",
                Server = ServerOf(line.Change.Route),
                Peer = PeerOf(line.Change.Route, line.Change.Peer),
                Port = line.Change.Port,
            }
            : new LogEntry(line.Time, line.Level, line.Name, line.Text));
        lock (_lock)
        {
            Ring.Add(entry);
            (_sink ?? _text).Write(entry);
        }
    }

    // The one place that every line passes. Servers are often named by their addresses.
    private LogEntry Masked(LogEntry entry)
    {
        LogAddresses how = Addresses;
        return how == LogAddresses.Full
            ? entry
            : entry with
            {
                Text = AddressMask.Apply(how, entry.Text),
                Client = entry.Client is null ? null : AddressMask.Apply(how, entry.Client),
                Server = entry.Server is null ? null : AddressMask.Apply(how, entry.Server),
                Peer = entry.Peer is null ? null : AddressMask.Apply(how, entry.Peer),
            };
    }
}
