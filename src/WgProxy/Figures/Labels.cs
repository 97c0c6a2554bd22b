namespace WgProxy.Figures;

/// <summary>The labels of figures. Values that stand for something in the program are spelled as log lines and docs/verdicts.md spell them, so that
/// one search finds all.</summary>
internal static class Labels
{
    /// <summary>What stands for all servers or peers for which there was no room. No name has brackets of this kind.</summary>
    public const string Others = "(others)";

    private static readonly Proof[] ProofValues = [.. Enum.GetValues<Proof>().Where(proof => proof != Proof.None)];
    private static readonly HandshakeMessage[] MessageValues = Enum.GetValues<HandshakeMessage>();
    private static readonly Label[] Directions = [new("direction", "uplink"), new("direction", "downlink")];
    private static readonly Label[] Verdicts = Of("verdict", Enum.GetNames<Verdict>());
    private static readonly Label[] ProofLabels = Of("proof", Enum.GetNames<Proof>());
    private static readonly Label[] Events = Of("event", Enum.GetNames<RelayEventKind>());
    private static readonly Label[] Faults = Of("fault", Enum.GetNames<EngineFault>());
    private static readonly Label[] Types = [new("type", "initiation"), new("type", "response"), new("type", "cookie_reply")];

    private static readonly Label[] Sizes =
    [
        .. Enumerable.Range(0, SizeCounts.Entries).Select(entry => new Label(
            "size", entry < 2 ? $"{SizeCounts.Bound(entry)}" : $"{SizeCounts.Bound(entry - 1) + 1}-{SizeCounts.Bound(entry)}")),
    ];

    /// <summary>What is no message of the handshake.</summary>
    public static Label Data { get; } = new("type", "data");

    /// <summary>The proofs that a mapping can have.</summary>
    public static ReadOnlySpan<Proof> Proofs => ProofValues;

    /// <summary>The messages of the handshake.</summary>
    public static ReadOnlySpan<HandshakeMessage> HandshakeMessages => MessageValues;

    /// <summary>The label of a direction.</summary>
    public static Label Of(Direction direction) => Directions[direction == Direction.Uplink ? 0 : 1];

    /// <summary>The label of a verdict.</summary>
    public static Label Of(Verdict verdict) => Verdicts[(int)verdict];

    /// <summary>The label of a proof.</summary>
    public static Label Of(Proof proof) => ProofLabels[(int)proof];

    /// <summary>The label of a change.</summary>
    public static Label Of(RelayEventKind kind) => Events[(int)kind];

    /// <summary>The label of a fault.</summary>
    public static Label Of(EngineFault fault) => Faults[(int)fault];

    /// <summary>The label of a message of the handshake.</summary>
    public static Label Of(HandshakeMessage message) => Types[(int)message];

    /// <summary>The label of an entry of <see cref="SizeCounts"/>.</summary>
    public static Label OfSize(int entry) => Sizes[entry];

    /// <summary>The label of a server.</summary>
    public static Label OfServer(string name) => new("server", name);

    /// <summary>The label of a peer.</summary>
    public static Label OfPeer(string name) => new("peer", name);

    private static Label[] Of(string key, string[] values) => [.. values.Select(value => new Label(key, value))];
}
