using System.Globalization;
using WgProxy.Accounting;

namespace WgProxy.Status;

/// <summary>Makes the report of accounts: those of a running relay, or those that it has left in its directory.</summary>
/// <param name="names">What servers and peers are called now.</param>
/// <param name="isKept">Whether days are kept over a restart.</param>
/// <param name="now">The instant.</param>
internal sealed class UsageReader(UsageNames names, bool isKept, DateTimeOffset now)
{
    /// <summary>How days are written.</summary>
    public const string DayForm = "yyyy-MM-dd";

    /// <summary>Reads accounts, a day at a time, and keeps no more than the answer holds. Reads files, so it may wait for the disk.</summary>
    /// <param name="question">Which are wanted.</param>
    /// <param name="days">The accounts of the days from one to another, the last day first.</param>
    public UsageReport Read(UsageQuestion question, Func<DateOnly, DateOnly, IEnumerable<(DateOnly Day, IReadOnlyCollection<KeyValuePair<UsageOwner, UsageFigures>> Rows)>> days)
    {
        DateOnly today = DateOnly.FromDateTime(now.UtcDateTime);
        List<UsageAccountReport> accounts = [];
        DateOnly first = today.DayNumber >= question.Days ? today.AddDays(1 - question.Days) : DateOnly.MinValue;
        foreach ((DateOnly day, IReadOnlyCollection<KeyValuePair<UsageOwner, UsageFigures>> rows) in days(first, question.To ?? DateOnly.MaxValue))
        {
            UsageAccountReport[] found = [.. rows.OrderByDescending(row => row.Value.Bytes).Select(row => ReportOf(day, row.Key, row.Value)).Where(each => IsWanted(each, question))];
            if (accounts.Count > 0 && accounts.Count + found.Length > UsageQuestion.MostAccounts)
            {
                return new UsageReport(now, isKept, TextOf(day), accounts);
            }

            accounts.AddRange(found);
        }

        return new UsageReport(now, isKept, null, accounts);
    }

    private static bool IsWanted(UsageAccountReport account, UsageQuestion question) =>
        (question.Server is null || string.Equals(account.Server, question.Server, StringComparison.OrdinalIgnoreCase))
        && (question.Peer is null || string.Equals(account.Peer, question.Peer, StringComparison.OrdinalIgnoreCase));

    private static string TextOf(DateOnly day) => day.ToString(DayForm, CultureInfo.InvariantCulture);

    private UsageAccountReport ReportOf(DateOnly day, in UsageOwner owner, in UsageFigures figures) => new(
        TextOf(day),
        names.ServerOf(owner),
        names.PeerOf(owner),
        figures.Handshakes,
        new PassedReport(figures.UplinkDatagrams, figures.UplinkBytes),
        new PassedReport(figures.DownlinkDatagrams, figures.DownlinkBytes),
        figures.LastSeen == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(figures.LastSeen));
}
