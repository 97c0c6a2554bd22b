using WgProxy.Configuration;
using WgProxy.State;

namespace WgProxy.Logging;

// Lines about the state directory.
internal sealed partial class Log
{
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

    /// <summary>The addresses of servers cannot be written.</summary>
    public void AddressesAreNotWritten(string directory, string refusal) =>
        Warning($"state directory {directory}: the addresses of servers cannot be written: {refusal}; after a restart, newcomers wait for the resolver");

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
}
