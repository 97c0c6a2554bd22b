using WgProxy.Accounting;
using WgProxy.Configuration;
using WgProxy.State;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary>The accounts that a relay has left in its state directory. They are read and nothing is changed, so any user may try.</summary>
internal static class LeftAccounts
{
    // StateDirectory=wgproxy in the unit of docs/install.md.
    private const string OfUnit = "/var/lib/wgproxy";

    /// <summary>Which directory the settings mean. A shell does not have the variable that systemd sets for the relay.</summary>
    public static string? DirectoryOf(string setting) =>
        RelayState.DirectoryOf(setting, Environment.GetEnvironmentVariable("STATE_DIRECTORY")) ?? (setting is "auto" ? OfUnit : null);

    /// <summary>Reads them; if they cannot be read, why.</summary>
    /// <param name="state">The state directory.</param>
    /// <param name="servers">What names servers and peers.</param>
    /// <param name="question">Which are wanted.</param>
    /// <param name="now">The instant.</param>
    /// <param name="refusal">Why there are none; null if there are.</param>
    public static UsageReport? Read(string state, IReadOnlyList<ServerOptions> servers, UsageQuestion question, DateTimeOffset now, out string? refusal)
    {
        UsageDirectory directory = new(Path.Combine(state, UsageBook.DirectoryName));
        try
        {
            DateOnly[] days = [.. directory.Days().Reverse()];
            refusal = null;
            return new UsageReader(new UsageNames(servers), isKept: true, now).Read(
                question,
                (from, to) => days.Where(day => day >= from && day <= to).Select(day => (day, (IReadOnlyCollection<KeyValuePair<UsageOwner, UsageFigures>>)directory.Look(day))));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            refusal = failure is DirectoryNotFoundException ? $"there are no accounts in {directory.Path}" : $"{directory.Path} cannot be read: {failure.Message}";
            return null;
        }
    }
}
