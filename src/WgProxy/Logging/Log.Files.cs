using WgProxy.Configuration;
using WgProxy.Serving;

namespace WgProxy.Logging;

// Lines about the configuration file: what is wrong with it, and what reading it again has changed.
internal sealed partial class Log
{
    /// <summary>The configuration file cannot be read.</summary>
    public void FileIsUnreadable(string path, string refusal) =>
        Error($"{OptionTable.Config.Name} is {LogLine.Quote(path)}: {refusal}; expected a readable file in UTF-8");

    /// <summary>Everything that is wrong in a configuration file, a line each.</summary>
    public void FileIsWrong(string path, ConfigFaults faults)
    {
        foreach (ConfigFault fault in faults.Kept)
        {
            Error($"{path}:{fault.Line}: {fault.Text}");
        }

        if (faults.Count > ConfigFaults.Most)
        {
            Error($"{path}: {faults.Count - ConfigFaults.Most} more errors are not shown");
        }
    }

    /// <summary>Both an option and the configuration file name a server.</summary>
    public void ServerIsNamedTwice(OptionRow row, string path) =>
        Error($"{row.Name} is set, and {path} has a [Server]: expected servers in one of the two only");

    /// <summary>A reload was asked for, by a signal or a request, and there is no file to read again.</summary>
    public void NothingToReload(string cause, ServerName server) => Info(server.Address is null
        ? $"{cause}: {server.Host} is resolved again now; there is no configuration file to read again"
        : $"{cause}: nothing to do, {server} is an address, and there is no configuration file to read again");

    /// <summary>The file has been read again.</summary>
    public void Reloaded(string cause, string path, ServerChanges changes) => Info($"{cause}: {path} was read again: {changes}");

    /// <summary>The relay listens on other addresses from now on.</summary>
    public void Listens(string cause, ListenAddresses listen) => Info($"{cause}: the relay listens on {listen} from now on");

    /// <summary>The file is not taken over. Why has been said.</summary>
    public void ReloadRefused(string cause, string path) => Error($"{cause}: {path} is not taken over; everything stays as it was");

    /// <summary>An option differs that is read at the start only.</summary>
    public void NeedsRestart(OptionRow row, string path) =>
        Error($"{path}: {row.Key} is another than at the start, and it cannot change while the relay runs: restart it, or restore the value");

    /// <summary>An argument of a command is wrong.</summary>
    public void BadArgument(string argument, string value, string refusal) => Error($"{argument} is {LogLine.Quote(LogLine.WithoutKeys(value))}: {LogLine.WithoutKeys(refusal)}");

    /// <summary>What is imported does not say what the configuration needs.</summary>
    public void ImportNeeds(OptionRow row, string? path) =>
        Error($"{row.Name} is missing or empty: " + (path is null
            ? $"expected {row.Expected}, or a file to import"
            : $"{path} is a server's file, which tells neither where the server is nor its public key (wg show prints that); expected {row.Expected}"));

    /// <summary>A file could not be replaced.</summary>
    public void FileIsNotWritten(string path, string refusal) => Error($"{path} cannot be changed, and is as it was: {refusal}");
}
