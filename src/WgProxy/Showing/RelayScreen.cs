using Spectre.Console;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>What <c>wgproxy show</c> is made of.</summary>
/// <param name="Status">The relay as a whole.</param>
/// <param name="Servers">Its servers.</param>
/// <param name="Peers">Their clients that have names.</param>
internal sealed record RelayReports(StatusReport Status, ServersReport Servers, PeersReport Peers);

/// <summary>The relay on one screen, laid out as <c>wg show</c> lays out an interface and its peers.</summary>
/// <param name="console">Where it is written.</param>
internal sealed class RelayScreen(IAnsiConsole console)
{
    private const int MostPeers = 100;

    private static readonly Style Bold = new(decoration: Decoration.Bold);
    private static readonly Style BoldGreen = new(Color.Green, decoration: Decoration.Bold);
    private static readonly Style BoldYellow = new(Color.Yellow, decoration: Decoration.Bold);
    private static readonly Style Green = new(Color.Green);

    /// <summary>Writes it.</summary>
    public void Write(RelayReports reports)
    {
        WriteRelay(reports.Status);
        ILookup<string, PeerReport> peers = reports.Peers.Peers.ToLookup(peer => peer.Server, StringComparer.Ordinal);
        foreach (ServerReport server in reports.Servers.Servers)
        {
            console.WriteLine();
            WriteServer(server);
            PeerReport[] shown = [.. peers[server.Name].OrderBy(peer => peer.LastSeenSeconds ?? double.MaxValue).ThenBy(peer => peer.Name, StringComparer.Ordinal)];
            foreach (PeerReport peer in shown.Take(MostPeers))
            {
                console.WriteLine();
                WritePeer(peer);
            }

            if (shown.Length > MostPeers)
            {
                console.WriteLine();
                Line(2, "more peers", $"{shown.Length - MostPeers}: wgproxy show peers");
            }
        }
    }

    private void WriteRelay(StatusReport status)
    {
        Head(0, "relay", $"wgproxy {status.Version}");
        Line(2, "listening on", string.Join(", ", status.Listening));
        Line(2, "running for", $"{Figure.Span(status.UptimeSeconds)}, engine {status.Engine}, {Figure.Count(status.Workers, "worker")}");
        Line(2, "mappings", $"{Mappings(status.Mappings)} (at most {status.Limits.Mappings})");
        Line(2, "transfer", $"{Figure.Bytes(status.Uplink.Bytes)} to servers, {Figure.Bytes(status.Downlink.Bytes)} to clients");
        WriteNow(status.Uplink, "to servers", status.Downlink, "to clients");
        if (status.Uplink.Dropped + status.Downlink.Dropped is > 0 and long dropped)
        {
            Line(2, "dropped", $"{Figure.Count(dropped, "datagram")}: wgproxy show drops says why");
        }

        if (status.Load.IsLoaded)
        {
            Line(2, "load", $"{status.Load.Asked} clients are unanswered: strangers must show cookies");
        }

        foreach (string warning in status.Warnings)
        {
            Line(2, "warning", BoldYellow, warning, Style.Plain);
        }
    }

    private void WriteServer(ServerReport server)
    {
        Head(0, "server", server.Name);
        Line(2, "public key", server.PublicKey);
        Line(2, "endpoint", server.EndpointInUse is null ? "unknown: the name has no address yet" : $"{server.EndpointInUse}{Names(server)}");
        Line(2, "health", $"{server.Health}{(server.IsLoaded ? ", under load" : string.Empty)}");
        Line(2, "mappings", Mappings(server.Mappings));
        Line(2, "handshakes", $"{server.Handshakes}");
        Line(2, "transfer", $"{Figure.Bytes(server.Downlink.Bytes)} received, {Figure.Bytes(server.Uplink.Bytes)} sent");
        WriteNow(server.Downlink, "received", server.Uplink, "sent");
    }

    // A relay that has just started knows none yet.
    private void WriteNow(TrafficReport one, string way, TrafficReport other, string otherWay)
    {
        if (one.BytesPerSecond is { } rate && other.BytesPerSecond is { } otherRate)
        {
            Line(2, "traffic now", $"{Figure.Rate(rate)} {way}, {Figure.Rate(otherRate)} {otherWay}");
        }
    }

    // In the words of the server's own wg: received is what the peer sends.
    private void WritePeer(PeerReport peer)
    {
        Head(2, "peer", peer.Name);
        Line(4, "public key", peer.PublicKey);
        Line(4, "last seen", Figure.Ago(peer.LastSeenSeconds));
        if (peer.Handshakes > 0)
        {
            Line(4, "mappings", $"{peer.Mappings}, {Figure.Count(peer.Handshakes, "handshake")}");
            Line(4, "transfer", $"{Figure.Bytes(peer.Uplink.Bytes)} received, {Figure.Bytes(peer.Downlink.Bytes)} sent");
        }
    }

    private static string Mappings(MappingsReport mappings)
    {
        string parts = string.Join(", ", mappings.ByProof.Where(proof => proof.Value > 0).Select(proof => $"{proof.Value} {proof.Key.ToLowerInvariant()}"));
        return parts.Length == 0 ? "none" : parts;
    }

    private static string Names(ServerReport server)
    {
        string[] names = [.. server.Endpoints.Where(endpoint => !string.Equals(endpoint.Name, server.EndpointInUse, StringComparison.Ordinal)).Select(endpoint => endpoint.Name)];
        return names.Length == 0 ? string.Empty : $" ({string.Join(", ", names)})";
    }

    private void Head(int indent, string what, string name) => Line(indent, what, BoldGreen, name, Green);

    private void Line(int indent, string key, string value) => Line(indent, key, Bold, value, Style.Plain);

    private void Line(int indent, string key, Style keyStyle, string value, Style valueStyle) => console.Write(
        new Paragraph(new string(' ', indent)).Append(key, keyStyle).Append(": ").Append(Terminal.Plain(value), valueStyle).Append("\n"));
}
