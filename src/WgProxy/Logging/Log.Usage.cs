using System.Globalization;

namespace WgProxy.Logging;

// Lines about the accounts of servers and peers.
internal sealed partial class Log
{
    /// <summary>The directory for usage cannot be used.</summary>
    public void UsageIsUnusable(string directory, string reason) =>
        Warning($"{directory}: {reason}; this relay keeps no usage over a restart");

    /// <summary>Some files of usage, or accounts in them, are not used.</summary>
    public void UsageIsSetAside(string directory, IReadOnlyList<DateOnly> flawed, string? flaw, int damaged)
    {
        string ofFiles = flawed.Count == 0 ? string.Empty
            : $"the file of {Text(flawed[0])} {flaw}, and is set aside" + (flawed.Count == 1 ? string.Empty : $"; so are {flawed.Count - 1} others");
        string ofAccounts = damaged == 0 ? string.Empty : $"{damaged} damaged accounts are left out";
        Warning($"usage in {directory}: " + string.Join("; ", new[] { ofFiles, ofAccounts }.Where(part => part.Length > 0)));
    }

    /// <summary>Usage cannot be written, or can be again.</summary>
    public void UsageIsWritten(string directory, string? refusal)
    {
        if (refusal is null)
        {
            Info($"usage in {directory} is written again");
        }
        else
        {
            Warning($"usage in {directory} cannot be written: {refusal}; a restart costs what is counted meanwhile");
        }
    }

    /// <summary>More peers have carried something in a day than accounts are kept.</summary>
    public void UsageIsFull(int most) =>
        Warning($"more than {most} servers and peers had traffic on one day: usage of further peers is counted for their servers only");

    /// <summary>What one peer has carried, as a part of the status that the operator asked for.</summary>
    public void PeerStatus(string name, string summary) => Say(LogLevel.Info, nameof(PeerStatus), $"status of peer {name}: {summary}");

    /// <summary>The same at the end.</summary>
    public void PeerStopped(string name, string summary) => Info($"stopped: peer {name}: {summary}");

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
