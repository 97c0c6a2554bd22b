using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Hosting;
using WgProxy.State;

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
    private LogQueue? _queue;

    /// <summary>The level up to which lines are logged. Set before other threads log.</summary>
    public LogLevel Level { get; set; } = LogLevel.Info;

    /// <summary>What lines about a client call its server; null where there is no need to name it. Called by any thread. Set before
    /// others log.</summary>
    public Func<RouteId, string?> NameOf { get; set; } = static _ => null;

    /// <summary>What they call a peer of a server; null if it has no name. Called by any thread. Set before others log.</summary>
    public Func<RouteId, PeerId, string?> PeerOf { get; set; } = static (_, _) => null;

    /// <summary>From now on, a queue takes the lines, and no caller waits for the reader of standard error.</summary>
    public void BeginQueue() => _queue = new LogQueue(time, Text, Write);

    /// <summary>Waits for a bounded time until queued lines are written.</summary>
    public ValueTask DisposeAsync() => _queue?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>An argument is not a flag.</summary>
    public void UnknownArgument(string argument, string? nearest) =>
        Error($"unknown argument {LogLine.Quote(argument)}: "
            + (nearest is null ? "expected the options that --help lists" : $"did you mean {nearest}?"));

    /// <summary>A flag has no value, or occurs twice.</summary>
    public void FlagNeedsOneValue(OptionRow row) =>
        Error($"{row.Name} needs exactly one value: expected {row.Expected}");

    /// <summary>The command line is wrong in another way.</summary>
    public void BadCommandLine(string message) => Error($"the command line is wrong: {message}");

    /// <summary>A required setting is missing or empty.</summary>
    public void SettingIsMissing(OptionRow row) => Error($"{row.Name} is missing or empty: expected {row.Expected}");

    /// <summary>The text of a setting is not valid.</summary>
    public void SettingIsWrong(OptionRow row, string text, string? refusal) =>
        Error($"{row.Name} is {LogLine.Quote(text)}: {refusal ?? $"expected {row.Expected}"}{SettingHint.For(text, isHost: row == OptionTable.Server)}");

    /// <summary>The server is this relay.</summary>
    public void ServerIsRelay(ServerName server, IPAddress address) =>
        Error($"{server.Setting} is {LogLine.Quote(server.ToString())}: "
            + (server.Address is null ? $"it resolves to {address}, and " : string.Empty)
            + "that is where this relay itself listens; expected the address of the WireGuard server");

    /// <summary>The system refused the listening address.</summary>
    public void ListenRefused(IPEndPoint listen, EngineException refusal, EphemeralPorts ports) =>
        Error($"{OptionTable.Listen.Name} is {LogLine.Quote(listen.ToString())}: {refusal.Message}; "
            + "expected an address and port of this host that are free and that this process may use"
            + (refusal.Cause == EngineRefusal.PortInUse ? ports.AdviceAbout(listen.Port) : string.Empty));

    /// <summary>The system refused what upstream sockets are to be bound to.</summary>
    public void BindingRefused(OptionRow row, string reason) => Error($"{row.Name}: {reason}");

    /// <summary>The system refused something else that the engine needs.</summary>
    public void EngineRefused(string engine, string reason) => Error($"the {engine} engine cannot start: {reason}");

    /// <summary>A variable looks like a setting and is not one.</summary>
    public void UnknownVariable(string name, string? hint) =>
        Warning($"{LogLine.Quote(name)} is not a setting of this program and is ignored"
            + (hint is null ? "; expected the variables that --help lists" : $": {hint}"));

    /// <summary>A variable is empty.</summary>
    public void VariableIsEmpty(OptionRow row, string standIn) =>
        Warning($"{row.Variable} is empty, which counts as missing: the default {standIn} applies");

    /// <summary>The idle timeout is so short that tunnels will notice.</summary>
    public void TimeoutIsShort(string setting, TimeSpan timeout, TimeSpan sensible) =>
        Warning($"{setting} is {timeout.TotalSeconds}: below {sensible.TotalSeconds} s the server "
            + "cannot reach an idle client between two handshakes");

    /// <summary>A server's name could not be resolved. One thread at a time for each server.</summary>
    public void Unresolved(ServerName server, string reason, TimeSpan retry, IPEndPoint? kept)
    {
        if (_unresolved.Of(server.Title).TryPass(out long withheld))
        {
            Warning($"server {server.Title} cannot be resolved: {reason}; next attempt in {retry.TotalSeconds} s"
                + (kept is null ? string.Empty : $", {kept} stays in use") + Throttle.Words(withheld));
        }
    }

    /// <summary>A server's name points at this relay. One thread at a time for each server.</summary>
    public void ResolvedToRelay(ServerName server, IPAddress address, TimeSpan retry, IPEndPoint? kept)
    {
        if (_resolvedToRelay.Of(server.Title).TryPass(out long withheld))
        {
            Warning($"server {server.Title} resolves to {address}, where this relay itself listens: "
                + (kept is null ? $"next attempt in {retry.TotalSeconds} s" : $"{kept} stays in use") + Throttle.Words(withheld));
        }
    }

    /// <summary>The relay has started.</summary>
    public void Started(string version, IEnumerable<IPEndPoint> listening, IReadOnlyList<ServerOptions> servers) =>
        Info($"wgproxy {version} relays from {string.Join(" and ", listening)} to "
            + (servers is [ServerOptions only] ? $"{only.Endpoint.Title}, public key {only.Key}" : NamesOf(servers)));

    /// <summary>How many clients fit, and which limit bounds them. Warns if a higher limit on open files would allow more, or if
    /// the system does not tell its range of local ports.</summary>
    public void Limits(Capacity capacity)
    {
        Info($"room for {capacity.Mappings} mappings, {capacity.Asked} of them unanswered; bounded by {capacity.Bound} "
            + $"({capacity.Ports.Numbers.Count} upstream ports, {capacity.OpenFilesText} open files)");
        if (capacity.FilesAreTheBound)
        {
            Warning($"the limit of {capacity.OpenFilesText} open files allows only {capacity.Mappings} mappings"
                + "; raise it (ulimit -n, LimitNOFILE=) if there are more clients");
        }

        if (!capacity.Ports.IsTold && OperatingSystem.IsLinux())
        {
            Warning($"{EphemeralPorts.Source} cannot be read: upstream ports are drawn from {capacity.Ports.Range.First} to "
                + $"{capacity.Ports.Range.Last}, which may differ from the system's range, and reserved ports are unknown; let this process "
                + "see /proc/sys (ProcSubset=all) if that matters");
        }
    }

    /// <summary>Which of this processor's instructions find the server whose key an initiation is made for.</summary>
    public void ComparesBy(IMac1Matcher matcher)
    {
        if (Level >= LogLevel.Debug)
        {
            Say(LogLevel.Debug, $"mac1 is compared with up to {matcher.KeysPerStep} keys at once: {matcher.Name}");
        }
    }

    /// <summary>Another relay uses the state directory.</summary>
    public void StateIsTaken(string directory) =>
        Error($"{OptionTable.StateDirectory.Name} is {LogLine.Quote(directory)}: another relay uses it; expected a directory of this relay's own");

    /// <summary>The state directory cannot be used.</summary>
    public void StateIsUnusable(string directory, string reason) =>
        Warning($"{OptionTable.StateDirectory.Name} is {LogLine.Quote(directory)}: {reason}; this relay keeps nothing over a restart");

    /// <summary>What came of the records of a state directory.</summary>
    public void Restored(string directory, Restoration restoration)
    {
        if (restoration.Total > 0)
        {
            Info($"{restoration.Count(RestoreVerdict.Restored)} of {restoration.Total} mappings go on from {directory}, after "
                + $"{restoration.Took.TotalMilliseconds:0} ms ({restoration.Count(RestoreVerdict.Expired)} have expired)");
        }
    }

    /// <summary>Some of a state directory is not used.</summary>
    public void StateIsSetAside(string directory, string? flaw, int damaged, Restoration restoration) =>
        Warning($"state directory {directory}: " + string.Join("; ", StateWords(flaw, damaged, restoration)));

    /// <summary>Some records met an error that may pass.</summary>
    public void RecordsWait(string directory, Restoration restoration) =>
        Warning($"state directory {directory}: {restoration.Kept} records wait: {restoration.Count(RestoreVerdict.NotOpened)} for a socket, "
            + $"{restoration.Count(RestoreVerdict.NoRoom)} for room; they are tried again every {Restoration.Pause.TotalSeconds:0} s");

    /// <summary>What came of those.</summary>
    public void RecordsWaited(string directory, int waited, Restoration restoration) =>
        Info($"state directory {directory}: of {waited} records that waited, {restoration.Kept} are kept for the next start");

    /// <summary>Records cannot be written, or can be again.</summary>
    public void StateIsWritten(string directory, string? refusal)
    {
        if (refusal is null)
        {
            Info($"state directory {directory}: records are written again");
        }
        else
        {
            Warning($"state directory {directory}: records cannot be written: {refusal}; tunnels that change now will not go on after a restart");
        }
    }

    /// <summary>The control endpoint cannot be made.</summary>
    public void ControlIsUnusable(string path, string reason) =>
        Warning($"{OptionTable.Control.Name} is {LogLine.Quote(path)}: {reason}; this relay cannot be asked, and relays all the same");

    /// <summary>The system granted less than the engine asked for.</summary>
    public void Shortfall(string what) => Warning(what);

    /// <summary>A server's addresses are known, or have changed. One thread at a time for each server.</summary>
    public void Resolved(ServerName server, IReadOnlyList<IPEndPoint> current, IReadOnlyList<IPEndPoint> former)
    {
        string addresses = string.Join(", else at ", current);
        if (former.Count == 0 || current[0].Equals(former[0]))
        {
            Info($"server {server.Title} is at {addresses}");
        }
        else if (_moved.Of(server.Title).TryPass(out long withheld))
        {
            Info($"server {server.Title} has moved from {former[0]} to {addresses}: new mappings go there, and those that fall silent"
                + Throttle.Words(withheld));
        }
    }

    /// <summary>A mapping changed. A budget limits these lines, except at the debug level. One thread at a time.</summary>
    public void Changed(LogLevel level, in RelayEvent change)
    {
        long withheld = 0;
        if (level > Level || (Level < LogLevel.Debug && !_changes.TryPass(out withheld)))
        {
            return;
        }

        if (_queue is { } queue)
        {
            queue.Post(level, change, withheld);
        }
        else
        {
            Write(time.GetUtcNow(), level, Text(change) + Throttle.Words(withheld));
        }
    }

    /// <summary>An upstream socket could not be opened. One thread at a time.</summary>
    public void OpenFailed(in RelayEvent change)
    {
        if (_openFailed.TryPass(out long withheld))
        {
            Warning(Text(change) + Throttle.Words(withheld));
        }
    }

    /// <summary>A mapping with a tunnel moves to another address of its server. One thread at a time.</summary>
    public void Redirected()
    {
        if (_redirected.TryPass(out long withheld))
        {
            Info("a tunnel moves to another address of the server: its data went unanswered, or the server has left the address"
                + Throttle.Words(withheld));
        }
    }

    /// <summary>An address of the server cannot be reached from this host. One thread at a time.</summary>
    public void PassedOver()
    {
        if (_passedOver.TryPass(out long withheld))
        {
            Warning("this host has no path to one of the server's addresses: clients are served through another one"
                + Throttle.Words(withheld));
        }
    }

    /// <summary>A mapping continues from another address of this host. One thread at a time.</summary>
    public void Rerouted()
    {
        if (_rerouted.TryPass(out long withheld))
        {
            Info("the address from which this host reaches the server has changed: tunnels continue from the new one" + Throttle.Words(withheld));
        }
    }

    /// <summary>The kernel keeps refusing datagrams.</summary>
    public void SendsFail(long times, TimeSpan period) =>
        Warning($"{times} datagrams could not be sent in the last {period.TotalSeconds} s, and some before: they are lost; likely a firewall on "
            + "this host refuses them (OUTPUT chain), a route is gone, or a link is full (SIGUSR1 shows the counters)");

    /// <summary>Sends succeed again.</summary>
    public void SendsWork() => Info("datagrams are sent again");

    /// <summary>Receives keep failing.</summary>
    public void ReceivesFail(long times, TimeSpan period) =>
        Warning($"{times} receives failed in the last {period.TotalSeconds} s, and some before; likely ICMP says that the server's host or "
            + "port is unreachable, or a sandbox or lack of memory keeps this process from receiving (SIGUSR1 shows the counters)");

    /// <summary>Receives succeed again.</summary>
    public void ReceivesWork() => Info("receives no longer fail");

    /// <summary>Clients send, and the server does not answer.</summary>
    public void ServerIsSilent(ServerName server, TimeSpan silence, long asking) =>
        Warning($"server {server.Title} has sent nothing for {silence.TotalSeconds} s though clients send to it ({asking} of them unanswered so "
            + "far): likely it is down or does not listen on this port; a firewall on the way, on this host or there drops UDP; its "
            + "answers take another way back; it does not know these clients; or the name leads to a wrong address");

    /// <summary>The server answers again.</summary>
    public void ServerIsBack(ServerName server) => Info($"server {server.Title} is heard again");

    /// <summary>Every initiation is made for another key.</summary>
    public void AskedForAnotherKey() =>
        Warning($"initiations arrive, but none is made for this server's public key: expected {OptionTable.Key.Name}, or PublicKey in the "
            + "configuration file, to be the PublicKey that clients have in their [Peer] section (strangers who guess also end here)");

    /// <summary>The status that the operator asked for, logged at every level.</summary>
    public void Status(string summary) => Say(LogLevel.Info, $"status: {summary}");

    /// <summary>The summary at the end.</summary>
    public void Stopped(string summary) => Info($"stopped: {summary}");

    private static IEnumerable<string> StateWords(string? flaw, int damaged, Restoration restoration)
    {
        if (flaw is not null)
        {
            yield return flaw;
        }

        if (damaged > 0)
        {
            yield return $"{damaged} damaged records are deleted";
        }

        if (restoration.Count(RestoreVerdict.UnknownRoute) > 0)
        {
            yield return $"{restoration.Count(RestoreVerdict.UnknownRoute)} records of servers that are not configured are deleted";
        }

        int others = restoration.Refused - restoration.Count(RestoreVerdict.UnknownRoute);
        if (others > 0)
        {
            yield return $"{others} records are deleted: without a port or a server, or the client is not allowed";
        }
    }

    /// <summary>What passed for one server, as a part of the status that the operator asked for.</summary>
    public void ServerStatus(string name, string summary) => Say(LogLevel.Info, $"status of {name}: {summary}");

    /// <summary>The same at the end.</summary>
    public void ServerStopped(string name, string summary) => Info($"stopped: {name}: {summary}");

    private static string NamesOf(IReadOnlyList<ServerOptions> servers)
    {
        const int Shown = 20;
        string more = servers.Count > Shown ? $" and {servers.Count - Shown} more" : string.Empty;
        return $"{servers.Count} servers: {string.Join(", ", servers.Take(Shown).Select(server => server.Name))}{more}";
    }

    private string Text(in RelayEvent change) => EventText.Of(change, NameOf(change.Route), PeerOf(change.Route, change.Peer));

    private void Error(string text) => Say(LogLevel.Error, text);

    private void Warning(string text)
    {
        if (Level >= LogLevel.Warning)
        {
            Say(LogLevel.Warning, text);
        }
    }

    private void Info(string text)
    {
        if (Level >= LogLevel.Info)
        {
            Say(LogLevel.Info, text);
        }
    }

    private void Say(LogLevel level, string text)
    {
        if (_queue is { } queue)
        {
            queue.Post(level, text);
        }
        else
        {
            Write(time.GetUtcNow(), level, text);
        }
    }

    private void Write(DateTimeOffset at, LogLevel level, string text)
    {
        try
        {
            lock (_lock)
            {
                output.Write(LogLine.Format(forJournal, at, level, text) + "\n");
                output.Flush();
            }
        }
        catch (IOException)
        {
            // A full disk, or a reader that went away, must not end the relay.
        }
    }
}
