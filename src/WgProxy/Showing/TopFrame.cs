using System.Globalization;
using System.Text;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>One moment of what <c>wgproxy top</c> shows.</summary>
/// <param name="Status">The relay as a whole.</param>
/// <param name="Sessions">Its busiest sessions.</param>
internal sealed record TopMoment(StatusReport Status, SessionsReport Sessions);

/// <summary>Lays out two moments for a terminal: what passed in between, per second. Pure.</summary>
internal static class TopFrame
{
    // The columns of figures and their gaps take 44 of 80.
    private const int ColumnOfFigures = 44;
    private const int LinesAbove = 6;

    /// <summary>The lines; none is wider than the terminal, and there are no more than it has.</summary>
    /// <param name="before">The moment before; the same as <paramref name="now"/> at first.</param>
    /// <param name="now">The moment.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="height">Its lines.</param>
    public static IReadOnlyList<string> Of(TopMoment before, TopMoment now, int width, int height)
    {
        double seconds = (now.Status.Now - before.Status.Now).TotalSeconds;
        StatusReport status = now.Status;
        List<string> lines =
        [
            $"wgproxy {status.Version} on {string.Join(", ", status.Listening)}, up {Figure.Span(status.UptimeSeconds)}",
            $"mappings {status.Mappings.All} of {status.Limits.Mappings}: {string.Join(", ", status.Mappings.ByProof.Where(proof => proof.Value > 0).Select(proof => $"{proof.Value} {proof.Key.ToLowerInvariant()}"))}",
            $"uplink {Rate(status.Uplink, before.Status.Uplink)}   downlink {Rate(status.Downlink, before.Status.Downlink)}",
            $"dropped {PerSecond(status.Uplink.Dropped + status.Downlink.Dropped - before.Status.Uplink.Dropped - before.Status.Downlink.Dropped)}/s, {status.Uplink.Dropped + status.Downlink.Dropped} in all   longest turn {Milliseconds(status.Pauses.LongestTurnSeconds)} ms",
            status.Warnings is [string warning, ..] ? $"warning: {warning}{(status.Warnings.Count > 1 ? $" (and {status.Warnings.Count - 1} more)" : string.Empty)}" : string.Empty,
            $"{"client".PadRight(Math.Max(6, width - ColumnOfFigures))}{"received",14}{"sent",14}{"last seen",15}",
        ];
        Dictionary<(string, int), SessionReport> earlier = before.Sessions.Sessions
            .GroupBy(session => (session.Client, session.UpstreamPort)).ToDictionary(group => group.Key, group => group.First());
        IEnumerable<(SessionReport Session, double Up, double Down)> busy = now.Sessions.Sessions
            .Select(session => (session, Up: Gain(session, session.UplinkBytes, each => each.UplinkBytes), Down: Gain(session, session.DownlinkBytes, each => each.DownlinkBytes)))
            .OrderByDescending(each => each.Up + each.Down).ThenBy(each => each.session.LastValidSeconds ?? double.MaxValue);
        foreach ((SessionReport session, double up, double down) in busy.Take(Math.Max(0, height - LinesAbove - 1)))
        {
            string who = $"{session.Peer ?? session.Client}{(session.Server is null ? string.Empty : $" > {session.Server}")}{(session.IsUnanswered ? " (unanswered)" : string.Empty)}";
            lines.Add($"{Fit(who, Math.Max(6, width - ColumnOfFigures - 1)),-1}".PadRight(Math.Max(6, width - ColumnOfFigures))
                + $"{Figure.Rate(up),14}{Figure.Rate(down),14}{Short(session.LastValidSeconds),15}");
        }

        return [.. lines.Take(height - 1).Select(line => Fit(Terminal.Plain(line), width - 1))];

        string Rate(TrafficReport to, TrafficReport from) =>
            $"{Figure.Rate(Divided(to.Bytes - from.Bytes))}, {PerSecond(to.Datagrams - from.Datagrams)}/s";

        double Gain(SessionReport session, long bytes, Func<SessionReport, long> of) =>
            earlier.TryGetValue((session.Client, session.UpstreamPort), out SessionReport? then) ? Divided(Math.Max(0, bytes - of(then))) : 0;

        double Divided(double number) => seconds > 0 ? number / seconds : 0;

        string PerSecond(long number) => Divided(number).ToString("0", CultureInfo.InvariantCulture);
    }

    private static string Milliseconds(double seconds) => (seconds * 1000).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Short(double? seconds) => seconds switch
    {
        null => "never",
        < 1 => "now",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 7_200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3_600:0} h"),
    };

    private static string Fit(string text, int width)
    {
        if (text.Length <= width)
        {
            return text;
        }

        StringBuilder cut = new(text, 0, Math.Max(0, width - 1), width);
        return (cut.Length > 0 && char.IsHighSurrogate(cut[^1]) ? cut.Remove(cut.Length - 1, 1) : cut).Append('…').ToString();
    }
}
