using System.Globalization;
using WgProxy.Accounting;
using WgProxy.Configuration;
using WgProxy.Showing;
using WgProxy.Status;

namespace WgProxy.Commands;

/// <summary>Gathers accounts: from the running relay, or else those that it has left.</summary>
/// <param name="relay">The relay.</param>
/// <param name="question">What is asked.</param>
/// <param name="settings">The relay's settings. Not called unless it is down.</param>
internal sealed class UsageInquiry(RelaySocket relay, ShowQuestion question, Func<QuietSettings> settings)
{
    /// <summary>Reads them all.</summary>
    /// <param name="error">Told that the relay is down.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="RelaySocketException">There are none.</exception>
    /// <exception cref="RowOrderException">There cannot be so many days.</exception>
    public async Task<UsageReport> ReadAsync(TextWriter error, CancellationToken stop)
    {
        int days = question.Days is null ? UsageQuestion.UsualDays
            : int.TryParse(question.Days, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given is >= 1 and <= UsageDirectory.MostDays ? given
            : throw new RowOrderException($"{VerbSyntax.Days.Name} is {question.Days}: expected 1 to {UsageDirectory.MostDays}");
        UsageQuestion wanted = new(days) { Server = question.Server, Peer = question.Peer };
        try
        {
            return await ReadAllAsync(wanted, (each, end) => relay.ReadAsync(ResourceOf(each), StatusJson.Default.UsageReport, end), stop);
        }
        catch (RelaySocketException refusal) when (refusal.IsDown)
        {
            QuietSettings known = settings();
            if (LeftAccounts.DirectoryOf(known.StateDirectory) is not { } state)
            {
                throw new RelaySocketException($"{refusal.Message}; and it keeps no accounts, because its setting {OptionTable.StateDirectory.Key} is none");
            }

            string? reason = null;
            UsageReport report = await ReadAllAsync(
                wanted,
                (each, _) => Task.FromResult(LeftAccounts.Read(state, known.Servers, each, DateTimeOffset.UtcNow, out reason) ?? throw new RelaySocketException($"{refusal.Message}; and {reason}")),
                stop);
            await error.WriteAsync($"wgproxy show: {Terminal.Plain($"no relay answers on {relay.Path}: these accounts are from {state}, and end up to a minute before it did")}\n");
            return report;
        }
    }

    private static async Task<UsageReport> ReadAllAsync(UsageQuestion question, Func<UsageQuestion, CancellationToken, Task<UsageReport>> read, CancellationToken stop)
    {
        UsageReport report = await read(question, stop);
        List<UsageAccountReport> accounts = [.. report.Accounts];
        while (report.Next is { } next)
        {
            report = await read(question with { To = DateOnly.ParseExact(next, UsageReader.DayForm, CultureInfo.InvariantCulture) }, stop);
            accounts.AddRange(report.Accounts);
        }

        return report with { Accounts = accounts };
    }

    private static string ResourceOf(UsageQuestion question)
    {
        string to = question.To is { } day ? string.Create(CultureInfo.InvariantCulture, $"&to={day.ToString(UsageReader.DayForm, CultureInfo.InvariantCulture)}") : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"/v1/usage?days={question.Days}{Given("server", question.Server)}{Given("peer", question.Peer)}{to}");

        static string Given(string name, string? value) => value is null ? string.Empty : $"&{name}={Uri.EscapeDataString(value)}";
    }
}
