using System.Globalization;
using WgProxy.Logging;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>Reports as tables: a row for each thing, so that sort(1) and awk(1) can read them.</summary>
internal static class Tables
{
    /// <summary>Mappings.</summary>
    public static PlainTable Of(SessionsReport report)
    {
        PlainTable table = new("client", "peer", "server", "server address", "upstream port", "proof", "received", "sent", "last seen");
        foreach (SessionReport session in report.Sessions)
        {
            table.Add(
                session.Client,
                session.Peer ?? "-",
                session.Server ?? "-",
                session.ServerAddress,
                session.UpstreamPort.ToString(CultureInfo.InvariantCulture),
                session.IsUnanswered ? $"{session.Proof}, unanswered" : session.Proof,
                Figure.Bytes(session.UplinkBytes),
                Figure.Bytes(session.DownlinkBytes),
                Figure.Ago(session.LastValidSeconds));
        }

        return table;
    }

    /// <summary>Clients that have names.</summary>
    public static PlainTable Of(PeersReport report)
    {
        PlainTable table = new("peer", "server", "public key", "mappings", "handshakes", "received", "sent", "last seen");
        foreach (PeerReport peer in report.Peers)
        {
            table.Add(
                peer.Name,
                peer.Server,
                peer.PublicKey,
                peer.Mappings.ToString(CultureInfo.InvariantCulture),
                peer.Handshakes.ToString(CultureInfo.InvariantCulture),
                Figure.Bytes(peer.Uplink.Bytes),
                Figure.Bytes(peer.Downlink.Bytes),
                Figure.Ago(peer.LastSeenSeconds));
        }

        return table;
    }

    /// <summary>Servers.</summary>
    public static PlainTable Of(ServersReport report)
    {
        PlainTable table = new("server", "public key", "endpoint", "health", "mappings", "handshakes", "received", "sent");
        foreach (ServerReport server in report.Servers)
        {
            table.Add(
                server.Name,
                server.PublicKey,
                server.EndpointInUse ?? "-",
                server.IsLoaded ? $"{server.Health}, loaded" : server.Health,
                server.Mappings.All.ToString(CultureInfo.InvariantCulture),
                server.Handshakes.ToString(CultureInfo.InvariantCulture),
                Figure.Bytes(server.Downlink.Bytes),
                Figure.Bytes(server.Uplink.Bytes));
        }

        return table;
    }

    /// <summary>Datagrams that were not forwarded.</summary>
    public static PlainTable Of(DropsReport report)
    {
        PlainTable table = new("datagrams", "direction", "server", "verdict", "meaning");
        foreach (DropReport drop in report.Drops)
        {
            table.Add(
                drop.Datagrams.ToString(CultureInfo.InvariantCulture),
                drop.Direction,
                drop.Server ?? "(all)",
                drop.Verdict,
                report.Verdicts.GetValueOrDefault(drop.Verdict, "-"));
        }

        return table;
    }

    /// <summary>Accounts of days.</summary>
    /// <param name="report">The accounts.</param>
    /// <param name="withSum">Whether the last row is the sum of the others: where they are of one peer, whose server's account is not among them.</param>
    public static PlainTable Of(UsageReport report, bool withSum)
    {
        PlainTable table = new("day", "server", "peer", "handshakes", "received", "sent", "last seen");
        foreach (UsageAccountReport account in report.Accounts)
        {
            AddDay(table, account.Day, account.Server, account.Peer ?? "(all)", account.Handshakes, account.Uplink.Bytes, account.Downlink.Bytes, account.LastSeen);
        }

        if (withSum && report.Accounts.Count > 1)
        {
            AddDay(
                table,
                "sum",
                "-",
                "-",
                report.Accounts.Sum(account => account.Handshakes),
                report.Accounts.Sum(account => account.Uplink.Bytes),
                report.Accounts.Sum(account => account.Downlink.Bytes),
                report.Accounts.Max(account => account.LastSeen));
        }

        return table;

        static void AddDay(PlainTable table, string day, string server, string peer, long handshakes, long received, long sent, DateTimeOffset? seen) => table.Add(
            day,
            server,
            peer,
            handshakes.ToString(CultureInfo.InvariantCulture),
            Figure.Bytes(received),
            Figure.Bytes(sent),
            seen is { } instant ? instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "-");
    }

    /// <summary>Lines of the log, as it writes them into a file.</summary>
    public static IEnumerable<string> Lines(LogReport report) =>
        report.Lines.Select(line => $"{LogLine.Time(line.Time)} {LogLine.Escaped($"{line.Level} {line.Message}")}");
}
