using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Hosting;

namespace WgProxy.Logging;

// Lines about settings, and about what the system does not let them be.
internal sealed partial class Log
{
    /// <summary>An argument is not a flag.</summary>
    public void UnknownArgument(string argument, string? nearest) =>
        Error($"unknown argument {LogLine.Quote(LogLine.WithoutKeys(argument))}: "
            + (nearest is null ? "expected the options that --help lists" : $"did you mean {nearest}?"));

    /// <summary>A flag has no value, or occurs twice.</summary>
    public void FlagNeedsOneValue(OptionRow row) =>
        Error($"{row.Name} needs exactly one value: expected {row.Expected}");

    /// <summary>The command line is wrong in another way.</summary>
    public void BadCommandLine(string message) => Error($"the command line is wrong: {LogLine.WithoutKeys(message)}");

    /// <summary>A required setting is missing or empty.</summary>
    public void SettingIsMissing(OptionRow row) => Error($"{row.Name} is missing or empty: expected {row.Expected}");

    /// <summary>There is nothing to relay to.</summary>
    public void NoServerIsConfigured(string path) =>
        Info($"no server is configured: expected a [Server] with {OptionTable.Server.Key} and {OptionTable.Key.Key} in {path}, or {OptionTable.Server.Name} and {OptionTable.Key.Name}");

    /// <summary>The text of a setting is not valid.</summary>
    public void SettingIsWrong(OptionRow row, string text, string? refusal) =>
        Error($"{row.Name} is {LogLine.Quote(LogLine.WithoutKeys(text))}: "
            + (LogLine.HoldsKey(text) ? $"expected {row.Expected}" : $"{refusal ?? $"expected {row.Expected}"}{SettingHint.For(text, isHost: row == OptionTable.Server)}"));

    /// <summary>The server is this relay.</summary>
    public void ServerIsRelay(ServerName server, IPAddress address) =>
        Error($"{server.Setting} is {LogLine.Quote(server.ToString())}: "
            + (server.Address is null ? $"it resolves to {address}, and " : string.Empty)
            + "that is where this relay itself listens; expected the address of the WireGuard server");

    /// <summary>A server's clients are to come where the relay does not listen.</summary>
    public void ServerListensElsewhere(string server, IPEndPoint missing, string listen) =>
        Error($"Listen of server {server} has {LogLine.Quote(missing.ToString())}, where the relay does not listen; expected some of {listen}, as {OptionTable.Listen.Name} says");

    /// <summary>More listening addresses would take the files that mappings need.</summary>
    public void ListenNeedsFiles(ListenAddresses listen, long needed, long spare, Capacity capacity) =>
        Error($"{OptionTable.Listen.Name} is {LogLine.Quote(listen.ToString())}: its sockets take {needed} open files more, and beside {capacity.Mappings} mappings the limit of "
            + $"{capacity.OpenFilesText} open files leaves {Math.Max(0, spare)}; expected fewer addresses and ports, or a restart, which makes room, maybe with a higher limit (ulimit -n, LimitNOFILE=)");

    /// <summary>The system refused a listening address.</summary>
    public void ListenRefused(ListenAddresses listen, EngineException refusal, EphemeralPorts ports) =>
        Error($"{OptionTable.Listen.Name} is {LogLine.Quote(listen.ToString())}: {refusal.Message}; "
            + "expected an address and port of this host that are free and that this process may use"
            + (refusal.Cause == EngineRefusal.PortInUse ? ports.AdviceAbout(refusal.Port ?? listen.Ports[0]) : string.Empty));

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
}
