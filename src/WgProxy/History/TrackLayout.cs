using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.History;

/// <summary>Which series a <see cref="Track"/> has, and how they are read: the same for the relay as a whole and for a server.</summary>
internal static class TrackLayout
{
    /// <summary>Datagrams forwarded; those of the downlink stand behind those of the uplink.</summary>
    public const int Datagrams = 0;

    /// <summary>Bytes forwarded; likewise.</summary>
    public const int Bytes = 2;

    /// <summary>Initiations forwarded, both ways.</summary>
    public const int Initiations = 4;

    /// <summary>Responses forwarded, both ways.</summary>
    public const int Responses = 5;

    /// <summary>Mappings of the first of <see cref="Proofs"/>; those of the others follow.</summary>
    public const int Mappings = 6;

    private static readonly Direction[] Ways = [Direction.Uplink, Direction.Downlink];
    private static readonly Proof[] ProofValues = [.. Enum.GetValues<Proof>().Where(proof => proof != Proof.None)];
    private static readonly Verdict[] DropValues = [.. Enum.GetValues<Verdict>().Where(verdict => verdict > Verdict.Open)];

    /// <summary>The proofs that a mapping can have.</summary>
    public static ReadOnlySpan<Proof> Proofs => ProofValues;

    /// <summary>The verdicts by which a datagram is not forwarded.</summary>
    public static ReadOnlySpan<Verdict> Reasons => DropValues;

    /// <summary>What was dropped for the first of <see cref="Reasons"/>, both ways; the others follow.</summary>
    public static int Drops { get; } = Mappings + ProofValues.Length;

    /// <summary>How many series there are.</summary>
    public static int Series { get; } = Drops + DropValues.Length;

    /// <summary>Whether a series tells what there is at the end of a step, and not what came in it.</summary>
    public static bool IsState(int series) => series >= Mappings && series < Drops;

    /// <summary>Reads what was counted until now.</summary>
    public static void Read(Counted counters, Span<long> into)
    {
        for (int way = 0; way < Ways.Length; way++)
        {
            into[Datagrams + way] = counters[Ways[way], Verdict.Forward] + counters[Ways[way], Verdict.Open];
            into[Bytes + way] = counters.Bytes(Ways[way]);
        }

        into[Initiations] = counters[Direction.Uplink, HandshakeMessage.Initiation] + counters[Direction.Downlink, HandshakeMessage.Initiation];
        into[Responses] = counters[Direction.Uplink, HandshakeMessage.Response] + counters[Direction.Downlink, HandshakeMessage.Response];
        for (int each = 0; each < ProofValues.Length; each++)
        {
            into[Mappings + each] = counters[ProofValues[each]];
        }

        for (int each = 0; each < DropValues.Length; each++)
        {
            into[Drops + each] = counters[Direction.Uplink, DropValues[each]] + counters[Direction.Downlink, DropValues[each]];
        }
    }
}

/// <summary>What was counted, of the relay as a whole or of a server.</summary>
internal readonly struct Counted
{
    private readonly CountersSnapshot? _all;
    private readonly RouteCounters? _server;

    /// <summary>Of the relay as a whole.</summary>
    public Counted(CountersSnapshot all) => _all = all;

    /// <summary>Of a server.</summary>
    public Counted(RouteCounters server) => _server = server;

    /// <summary>Datagrams of a direction that met a verdict.</summary>
    public long this[Direction direction, Verdict verdict] => _all?[direction, verdict] ?? _server![direction, verdict];

    /// <summary>Messages of the handshake that were forwarded in a direction.</summary>
    public long this[Direction direction, HandshakeMessage message] => _all?[direction, message] ?? _server![direction, message];

    /// <summary>Mappings of a proof.</summary>
    public long this[Proof proof] => _all?[proof] ?? _server![proof];

    /// <summary>Bytes forwarded.</summary>
    public long Bytes(Direction direction) => _all?.ForwardedBytes(direction) ?? _server!.ForwardedBytes(direction);
}
