using System.Globalization;
using Spectre.Console;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>Reports as tables: a row for each thing, so that sort(1) and awk(1) can read them.</summary>
internal static class Tables
{
    /// <summary>Mappings.</summary>
    public static Table Of(SessionsReport report)
    {
        Table table = New("client", "peer", "server", "server address", "upstream port", "proof", "received", "sent", "last seen");
        foreach (SessionReport session in report.Sessions)
        {
            Row(
                table,
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
    public static Table Of(PeersReport report)
    {
        Table table = New("peer", "server", "public key", "mappings", "handshakes", "received", "sent", "last seen");
        foreach (PeerReport peer in report.Peers)
        {
            Row(
                table,
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
    public static Table Of(ServersReport report)
    {
        Table table = New("server", "public key", "endpoint", "health", "mappings", "handshakes", "received", "sent");
        foreach (ServerReport server in report.Servers)
        {
            Row(
                table,
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

    /// <summary>Datagrams that were not forwarded. Those of all servers together are first; the others are part of them.</summary>
    public static Table Of(DropsReport report)
    {
        Table table = New("datagrams", "direction", "server", "verdict", "meaning");
        foreach (DropReport drop in report.Drops.OrderBy(drop => drop.Server is null ? 0 : 1).ThenByDescending(drop => drop.Datagrams))
        {
            Row(
                table,
                drop.Datagrams.ToString(CultureInfo.InvariantCulture),
                drop.Direction,
                drop.Server ?? "(all)",
                drop.Verdict,
                report.Verdicts.GetValueOrDefault(drop.Verdict, "-"));
        }

        return table;
    }

    private static Table New(params string[] columns)
    {
        Table table = new() { Border = TableBorder.None };
        foreach (string column in columns)
        {
            _ = table.AddColumn(new TableColumn($"[bold]{column}[/]") { NoWrap = true });
        }

        return table;
    }

    private static void Row(Table table, params string[] cells) =>
        table.AddRow([.. cells.Select(cell => new Text(Terminal.Plain(cell)))]);
}
