namespace WgProxy.Figures;

/// <summary>Figures of peers, by name: bounded in number, and what is left of them added up.</summary>
internal static class PeerFigures
{
    /// <summary>For how many peers of all servers there are series.</summary>
    public const int MostPeers = 1_000;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Figure> All { get; } =
    [
        new("wgproxy.peer.mappings", FigureKind.Sum, "{mapping}", "server, peer", "Mappings of the peer now.", (reading, sink) =>
            ForEach(reading, sink, (sink, peer, server, name) => sink.Add(peer.Mappings, server, name))),
        new("wgproxy.peer.handshakes", FigureKind.Counter, "{handshake}", "server, peer", "Responses that the server has made for the peer.", (reading, sink) =>
            ForEach(reading, sink, (sink, peer, server, name) => sink.Add(peer.Handshakes, server, name))),
        new("wgproxy.peer.datagrams", FigureKind.Counter, "{datagram}", "server, peer, direction", "Datagrams that the peer's mappings have forwarded since each was Established.", (reading, sink) =>
            ForEach(reading, sink, (sink, peer, server, name) =>
            {
                sink.Add(peer.UplinkDatagrams, server, name, Labels.Of(Direction.Uplink));
                sink.Add(peer.DownlinkDatagrams, server, name, Labels.Of(Direction.Downlink));
            })),
        new("wgproxy.peer.io", FigureKind.Counter, "By", "server, peer, direction", "Bytes that they have forwarded, UDP payload only.", (reading, sink) =>
            ForEach(reading, sink, (sink, peer, server, name) =>
            {
                sink.Add(peer.UplinkBytes, server, name, Labels.Of(Direction.Uplink));
                sink.Add(peer.DownlinkBytes, server, name, Labels.Of(Direction.Downlink));
            })),
        new("wgproxy.peer.last_seen.timestamp", FigureKind.Gauge, "s", "server, peer", "When a valid packet of the peer's tunnel last passed, either way, in seconds since 1970; 0 if none has.", (reading, sink) =>
            ForEach(reading, sink, (sink, peer, server, name) => sink.Add(reading.UnixSeconds(peer.LastSeen), server, name))),
    ];

    private static void ForEach(Reading reading, SeriesSink sink, SeriesOfPeer add)
    {
        int left = MostPeers;
        PeerStatus others = default;
        bool hasOthers = false;
        for (int place = 0; place < reading.Servers.Count; place++)
        {
            ReadOnlySpan<PeerStatus> peers = reading.Routes.PeersAt(place);
            for (int i = 0; i < peers.Length; i++)
            {
                if (left == 0 || sink.IsFull)
                {
                    hasOthers = true;
                    others.Add(peers[i]);
                    continue;
                }

                left--;
                add(sink, peers[i], Labels.OfServer(reading.Servers[place].Name), Labels.OfPeer(reading.Servers[place].Peers[i]));
            }
        }

        if (hasOthers)
        {
            add(sink, others, Labels.OfServer(Labels.Others), Labels.OfPeer(Labels.Others));
        }
    }

    private delegate void SeriesOfPeer(SeriesSink sink, PeerStatus peer, Label server, Label name);
}
