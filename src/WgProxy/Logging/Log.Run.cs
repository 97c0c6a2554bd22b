using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Protocol;
using WgProxy.Hosting;

namespace WgProxy.Logging;

// Lines about the run as a whole: its begin and end, its limits and what fails for all.
internal sealed partial class Log
{
    /// <summary>The relay has started.</summary>
    public void Started(string version, IEnumerable<IPEndPoint> listening, IReadOnlyList<ServerOptions> servers) =>
        Info($"wgproxy {version} relays from {string.Join(" and ", ListenAddresses.Shortened(listening))} to "
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
            Say(LogLevel.Debug, nameof(ComparesBy), $"mac1 is compared with up to {matcher.KeysPerStep} keys at once: {matcher.Name}");
        }
    }

    /// <summary>The system granted less than the engine asked for.</summary>
    public void Shortfall(string what) => Warning(what);

    /// <summary>A variable asks for figures by OTLP, which this program does not speak.</summary>
    public void OtlpIsNotSpoken(string variable) =>
        Warning($"{variable} is set, and figures are not sent by OTLP: expected an OpenTelemetry collector whose prometheus receiver asks "
            + "--metrics ADDRESS:PORT (contrib/otelcol/wgproxy.yaml)");

    /// <summary>The journal's socket is not there, though the operator wants it.</summary>
    public void JournalIsMissing(string path) =>
        Warning($"{OptionTable.LogFormat.Name} is \"journald\": there is no socket {path}; lines go to standard error as text");

    /// <summary>Datagrams of clients were refused.</summary>
    public void Refused(TimeSpan period, string list) =>
        Info($"in the last {period.TotalMinutes:0} min, datagrams from clients and strangers were refused: {list}");

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

    /// <summary>The status that the operator asked for, logged at every level.</summary>
    public void Status(string summary) => Say(LogLevel.Info, nameof(Status), $"status: {summary}");

    /// <summary>What passed for one server, as a part of the status that the operator asked for.</summary>
    public void ServerStatus(string name, string summary) => Say(LogLevel.Info, nameof(ServerStatus), $"status of {name}: {summary}");

    /// <summary>The summary at the end.</summary>
    public void Stopped(string summary) => Info($"stopped: {summary}");

    /// <summary>The same at the end.</summary>
    public void ServerStopped(string name, string summary) => Info($"stopped: {name}: {summary}");

    private static string NamesOf(IReadOnlyList<ServerOptions> servers)
    {
        const int Shown = 20;
        string more = servers.Count > Shown ? $" and {servers.Count - Shown} more" : string.Empty;
        return $"{servers.Count} servers: {string.Join(", ", servers.Take(Shown).Select(server => server.Name))}{more}";
    }
}
