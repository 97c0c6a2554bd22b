namespace WgProxy.Compare;

/// <summary>How a visit is measured and told.</summary>
internal enum Measure
{
    /// <summary>One way: what arrives, and what it costs.</summary>
    Throughput,

    /// <summary>Round trips, one datagram in flight.</summary>
    RoundTrip,

    /// <summary>Many handshakes at once beside a live stream.</summary>
    Storm,

    /// <summary>Initiations of strangers beside a live stream: how many are judged, and at what cost.</summary>
    Flood,

    /// <summary>What many idle mappings hold.</summary>
    Memory,
}

/// <summary>A load, by name.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Title">Its name in results.</param>
/// <param name="Measure">How it is measured.</param>
/// <param name="Flows">Clients.</param>
/// <param name="Load">Arguments of the load generator.</param>
internal sealed record Scenario(string Name, string Title, Measure Measure, int Flows, params string[] Load)
{
    /// <summary>Clients of the storm and idle mappings of the memory scenario.</summary>
    public const int Many = 10_000;

    /// <summary>Visits of these two take long, and say much the same each time.</summary>
    public int MostRounds => Measure is Measure.Storm or Measure.Memory ? 2 : int.MaxValue;

    /// <summary>Whether a relay can take part.</summary>
    public bool Suits(Relay relay) => (Flows == 1 || !relay.OnlyOneFlow) && (Measure != Measure.Flood || !relay.FillsUp);

    /// <summary>Whether the kind of link can matter to it.</summary>
    public bool HearsLinks => Name is "plain" or "trains" or "bursts" or "turns";

    /// <summary>Whether each visit starts the relay anew.</summary>
    public bool Fresh => Measure is Measure.Storm or Measure.Memory or Measure.Flood;

    /// <summary>Whether the sink's GRO can matter to it.</summary>
    public bool HearsGro => Measure == Measure.Throughput;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("plain", "1 flow, 1452 B, plain datagrams, saturating", Measure.Throughput, 1, "--size", "1452"),
        new("small", "1 flow, 128 B, plain datagrams, saturating", Measure.Throughput, 1, "--size", "128"),
        new("trains", "1 flow, 1452 B, GSO trains of 44, saturating", Measure.Throughput, 1, "--size", "1452", "--train", "44"),
        new("bursts", "256 flows in bursts of 32, 1452 B, saturating", Measure.Throughput, 256, "--size", "1452", "--burst", "32"),
        new("turns", "256 flows, one datagram each in turn, 1452 B, saturating", Measure.Throughput, 256, "--size", "1452", "--burst", "1"),
        new("rate", "60,000 packets/s, 1452 B, one flow", Measure.Throughput, 1, "--size", "1452", "--rate", "60000"),
        new("pingpong", "ping-pong, 128 B, one datagram in flight", Measure.RoundTrip, 1, "--size", "128"),
        new("storm", "10,000 clients' handshakes at once, beside a live stream of 2,000/s", Measure.Storm, Many),
        new("flood", "valid initiations without a cookie, from a million sources, saturating, beside a live stream of 500/s", Measure.Flood, 1),
        new("flood-rate", "the same at 20,000/s", Measure.Flood, 1, "--rate", "20000"),
        new("forged", "initiations with a wrong mac1, from a million sources, saturating, beside a live stream of 500/s", Measure.Flood, 1, "--forged"),
        new("memory", "10,000 idle mappings", Measure.Memory, Many),
    ];
}
