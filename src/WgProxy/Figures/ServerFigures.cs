using WgProxy.Core.Routes;

namespace WgProxy.Figures;

/// <summary>Figures of servers, by name. If a page has no room for all, those of the last ones are added up.</summary>
internal static class ServerFigures
{
    private static readonly Direction[] Directions = Enum.GetValues<Direction>();
    private static readonly Verdict[] Drops = [.. Enum.GetValues<Verdict>().Where(verdict => verdict > Verdict.Open)];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Figure> All { get; } =
    [
        new("wgproxy.server.silent", FigureKind.Gauge, "", "server", "Whether clients ask the server, or send to it, and nothing has come from it for long: 1 if so.", (reading, sink) =>
        {
            for (int place = 0; place < reading.Servers.Count && !sink.IsFull; place++)
            {
                sink.Add(reading.Servers[place].Served.Silence?.IsSilent == true ? 1 : 0, Labels.OfServer(reading.Servers[place].Name));
            }
        }),
        new("wgproxy.server.addresses", FigureKind.Gauge, "{address}", "server", "Addresses of the server that are known: 0 until a name is resolved.", (reading, sink) =>
        {
            for (int place = 0; place < reading.Servers.Count && !sink.IsFull; place++)
            {
                sink.Add(reading.Routes.AddressesAt(place).Count, Labels.OfServer(reading.Servers[place].Name));
            }
        }),
        new("wgproxy.server.address.reachable", FigureKind.Gauge, "", "server, address", "Whether this host has a path to an address of the server, as far as is known: 0 if a socket could not be connected there a short while ago.", (reading, sink) =>
            ForEachAddress(reading, sink, reading.Routes.IsReachable)),
        new("wgproxy.server.address.answering", FigureKind.Gauge, "", "server, address", "Whether the server is known to answer at an address: 1 where it answered a proven client last.", (reading, sink) =>
            ForEachAddress(reading, sink, reading.Routes.IsAnswering)),
        new("wgproxy.server.last_handshake.timestamp", FigureKind.Gauge, "s", "server", "When the server last completed a handshake, in seconds since 1970; 0 if it has not.", (reading, sink) =>
            ForEach(reading, sink, (sink, counters, server) => sink.Add(reading.UnixSeconds(counters.LastHandshake), server))),
        new("wgproxy.server.io", FigureKind.Counter, "By", "server, direction", "Bytes forwarded for the server, UDP payload only.", (reading, sink) =>
            ForEach(reading, sink, (sink, counters, server) =>
            {
                foreach (Direction direction in Directions)
                {
                    sink.Add(counters.ForwardedBytes(direction), server, Labels.Of(direction));
                }
            })),
        new("wgproxy.server.mappings", FigureKind.Sum, "{mapping}", "server, proof", "Mappings of the server now, by proof.", (reading, sink) =>
            ForEach(reading, sink, (sink, counters, server) =>
            {
                foreach (Proof proof in Labels.Proofs)
                {
                    sink.Add(counters[proof], server, Labels.Of(proof));
                }
            })),
        new("wgproxy.server.messages", FigureKind.Counter, "{message}", "server, direction, type", "Messages of the handshake forwarded for the server. Initiations of the server, and answers of clients to them, are there once the first has come.", (reading, sink) =>
            ForEach(reading, sink, (sink, counters, server) =>
            {
                foreach (Direction direction in Directions)
                {
                    foreach (HandshakeMessage message in Labels.HandshakeMessages)
                    {
                        // Clients initiate, mostly.
                        bool isUsual = (message == HandshakeMessage.Initiation) == (direction == Direction.Uplink);
                        if (isUsual || counters[direction, message] > 0)
                        {
                            sink.Add(counters[direction, message], server, Labels.Of(direction), Labels.Of(message));
                        }
                    }
                }
            })),
        new("wgproxy.server.datagrams", FigureKind.Counter, "{datagram}", "server, direction, verdict", "Datagrams of the server by verdict, as far as the relay knew whose they were. A verdict other than Forward is there once it has been counted.", (reading, sink) =>
            ForEach(reading, sink, (sink, counters, server) =>
            {
                foreach (Direction direction in Directions)
                {
                    sink.Add(counters[direction, Verdict.Forward], server, Labels.Of(direction), Labels.Of(Verdict.Forward));
                    if (direction == Direction.Uplink)
                    {
                        sink.Add(counters[direction, Verdict.Open], server, Labels.Of(direction), Labels.Of(Verdict.Open));
                    }

                    foreach (Verdict verdict in Drops)
                    {
                        if (counters[direction, verdict] > 0)
                        {
                            sink.Add(counters[direction, verdict], server, Labels.Of(direction), Labels.Of(verdict));
                        }
                    }
                }
            })),
        new("wgproxy.server.answer.duration", FigureKind.Histogram, "s", "server", "Time from an initiation to the server's response, in whole milliseconds.", (reading, sink) =>
            ForEach(reading, sink, (sink, counters, server) => Histograms.Add(sink, counters.Answers, server)))
        {
            Bounds = Histograms.AnswerBounds,
        },
    ];

    private static void ForEach(Reading reading, SeriesSink sink, SeriesOfServer add)
    {
        int place = 0;
        for (; place < reading.Servers.Count && !sink.IsFull; place++)
        {
            add(sink, reading.Routes.CountersAt(place), Labels.OfServer(reading.Servers[place].Name));
        }

        if (place == reading.Servers.Count)
        {
            return;
        }

        RouteCounters others = new();
        for (; place < reading.Servers.Count; place++)
        {
            others.Add(reading.Routes.CountersAt(place));
        }

        add(sink, others, Labels.OfServer(Labels.Others));
    }

    private static void ForEachAddress(Reading reading, SeriesSink sink, Func<int, int, bool> isSo)
    {
        for (int place = 0; place < reading.Servers.Count && !sink.IsFull; place++)
        {
            Label server = Labels.OfServer(reading.Servers[place].Name);
            IReadOnlyList<string> texts = reading.Servers[place].TextsOf(reading.Routes.AddressesAt(place));
            for (int address = 0; address < texts.Count; address++)
            {
                sink.Add(isSo(place, address) ? 1 : 0, server, new Label("address", texts[address]));
            }
        }
    }

    private delegate void SeriesOfServer(SeriesSink sink, RouteCounters counters, Label server);
}
