namespace WgProxy.Figures;

/// <summary>Every figure that the relay shows, in the order of the page: docs/metrics.md is made from it. What is of the whole relay comes first, so that
/// it is there however many servers and peers follow.</summary>
internal static class FigureTable
{
    private static readonly Direction[] Directions = Enum.GetValues<Direction>();
    private static readonly Verdict[] Verdicts = Enum.GetValues<Verdict>();
    private static readonly RelayEventKind[] Events = Enum.GetValues<RelayEventKind>();
    private static readonly EngineFault[] Faults = Enum.GetValues<EngineFault>();

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Figure> All { get; } = [.. OfTheRelay(), .. ProcessFigures.All, .. FleetSeries.All, .. PeerFigures.All, .. ServerFigures.All];

    private static Figure[] OfTheRelay() =>
    [
        new("wgproxy.build", FigureKind.Gauge, "", "version, engine", "Always 1. Its labels tell the version and the engine.", (reading, sink) =>
            sink.Add(1, new Label("version", reading.Fixed.Version), new Label("engine", reading.Fixed.Engine)))
        {
            PrometheusName = "wgproxy_build_info",
        },
        new("wgproxy.datagrams", FigureKind.Counter, "{datagram}", "direction, verdict", "Datagrams received, by what the relay decided. Forward and Open passed; every other verdict is a drop, or a cookie as the answer.", (reading, sink) =>
        {
            foreach (Direction direction in Directions)
            {
                foreach (Verdict verdict in Verdicts)
                {
                    sink.Add(reading.All[direction, verdict], Labels.Of(direction), Labels.Of(verdict));
                }
            }
        }),
        new("wgproxy.io", FigureKind.Counter, "By", "direction", "Bytes forwarded, UDP payload only.", (reading, sink) =>
        {
            foreach (Direction direction in Directions)
            {
                sink.Add(reading.All.ForwardedBytes(direction), Labels.Of(direction));
            }
        }),
        new("wgproxy.messages", FigureKind.Counter, "{message}", "direction, type", "Messages forwarded, by WireGuard's own types.", (reading, sink) =>
        {
            foreach (Direction direction in Directions)
            {
                long data = reading.All.Passed(direction);
                foreach (HandshakeMessage message in Labels.HandshakeMessages)
                {
                    data -= reading.All[direction, message];
                    sink.Add(reading.All[direction, message], Labels.Of(direction), Labels.Of(message));
                }

                sink.Add(data, Labels.Of(direction), Labels.Data);
            }
        }),
        new("wgproxy.tolerated", FigureKind.Counter, "{datagram}", "direction", "Datagrams forwarded although neither end has issued their index on that tunnel. They pass within a budget.", (reading, sink) =>
        {
            foreach (Direction direction in Directions)
            {
                sink.Add(reading.All.Tolerated(direction), Labels.Of(direction));
            }
        }),
        new("wgproxy.mappings", FigureKind.Sum, "{mapping}", "proof", "Mappings now, by how far each has shown that the server accepts its client.", (reading, sink) =>
        {
            foreach (Proof proof in Labels.Proofs)
            {
                sink.Add(reading.All[proof], Labels.Of(proof));
            }
        }),
        new("wgproxy.mappings.limit", FigureKind.Gauge, "{mapping}", "", "Mappings that there can be at once.", (reading, sink) => sink.Add(reading.Fixed.MaxMappings)),
        new("wgproxy.mapping.events", FigureKind.Counter, "{event}", "event", "Changes of mappings.", (reading, sink) =>
        {
            foreach (RelayEventKind kind in Events)
            {
                sink.Add(reading.All[kind], Labels.Of(kind));
            }
        }),
        new("wgproxy.index.conflicts", FigureKind.Counter, "{conflict}", "", "How often a second tunnel was taught an index that another tunnel of the same server owned.", (reading, sink) => sink.Add(reading.All.IndexConflicts)),
        new("wgproxy.faults", FigureKind.Counter, "{fault}", "fault", "What the system refused. ReceiveOverflowed counts datagrams that were dropped because a socket's receive buffer was full.", (reading, sink) =>
        {
            foreach (EngineFault fault in Faults)
            {
                sink.Add(reading.All[fault], Labels.Of(fault));
            }
        }),
        new("wgproxy.handshake.answer.duration", FigureKind.Histogram, "s", "", "Time from an initiation to the server's response, in whole milliseconds, as the relay forwarded them.", (reading, sink) => Histograms.Add(sink, reading.All.Answers))
        {
            Bounds = Histograms.AnswerBounds,
        },
        new("wgproxy.batches", FigureKind.Counter, "{batch}", "direction, size", "Receive calls of the Linux engine, by how many runs each brought.", (reading, sink) =>
        {
            foreach (Direction direction in Directions)
            {
                AddSizes(sink, reading.All.Batches(direction), Labels.Of(direction));
            }
        }),
        new("wgproxy.trains", FigureKind.Counter, "{train}", "direction, size", "Sends of the Linux engine, by how many datagrams each carried.", (reading, sink) =>
        {
            foreach (Direction direction in Directions)
            {
                AddSizes(sink, reading.All.Trains(direction), Labels.Of(direction));
            }
        }),
        new("wgproxy.worker.turns", FigureKind.Counter, "{turn}", "", "Turns of all workers.", (reading, sink) => sink.Add(reading.All.Turns)),
        new("wgproxy.worker.turn.longest", FigureKind.Gauge, "s", "", "The longest turn of any worker in the last one to two minutes: what a datagram that came meanwhile waited.", (reading, sink) =>
            sink.Add(reading.All.LongestTurn.TotalSeconds)),
    ];

    private static void AddSizes(SeriesSink sink, SizeCounts sizes, Label direction)
    {
        for (int entry = 0; entry < SizeCounts.Entries; entry++)
        {
            sink.Add(sizes[entry], direction, Labels.OfSize(entry));
        }
    }
}
