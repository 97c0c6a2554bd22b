namespace WgProxy.Core.Routes;

/// <summary>What one relay counts for one route. The relay's thread writes it. Other readers come between two turns only.</summary>
public sealed class RouteCounters
{
    private static readonly int Verdicts = Enum.GetValues<Verdict>().Length;

    private readonly long[] _datagrams = new long[2 * Verdicts];
    private readonly long[] _events = new long[Enum.GetValues<RelayEventKind>().Length];
    private readonly long[] _live = new long[Enum.GetValues<Proof>().Length];
    private long _uplinkBytes;
    private long _downlinkBytes;

    /// <summary>Datagrams of a direction that met a verdict. Counted are those of which the relay knew the route: an initiation with
    /// its mac1, and whatever came to one of its mappings.</summary>
    public long this[Direction direction, Verdict verdict] => _datagrams[EntryOf(direction, verdict)];

    /// <summary>How often a change happened to a mapping of the route.</summary>
    public long this[RelayEventKind kind] => _events[(int)kind];

    /// <summary>Mappings of the route with a proof, at this moment.</summary>
    public long this[Proof proof] => _live[(int)proof];

    /// <summary>Handshakes that were completed, rekeys included: a response that came to where its initiation was from.</summary>
    public long Handshakes { get; private set; }

    /// <summary>Bytes forwarded or sent on opening, UDP payload only.</summary>
    public long ForwardedBytes(Direction direction) => direction == Direction.Uplink ? _uplinkBytes : _downlinkBytes;

    /// <summary>Adds the numbers of another relay, for a sum over several.</summary>
    public void Add(RouteCounters other)
    {
        for (int entry = 0; entry < _datagrams.Length; entry++)
        {
            _datagrams[entry] += other._datagrams[entry];
        }

        for (int kind = 0; kind < _events.Length; kind++)
        {
            _events[kind] += other._events[kind];
        }

        for (int proof = 0; proof < _live.Length; proof++)
        {
            _live[proof] += other._live[proof];
        }

        _uplinkBytes += other._uplinkBytes;
        _downlinkBytes += other._downlinkBytes;
        Handshakes += other.Handshakes;
    }

    internal void Count(Direction direction, Verdict verdict, int datagrams, int bytes)
    {
        _datagrams[EntryOf(direction, verdict)] += datagrams;
        if (verdict > Verdict.Open)
        {
            return;
        }

        if (direction == Direction.Uplink)
        {
            _uplinkBytes += bytes;
        }
        else
        {
            _downlinkBytes += bytes;
        }
    }

    internal void Count(RelayEventKind kind) => _events[(int)kind]++;

    internal void Live(Proof proof, int change) => _live[(int)proof] += change;

    internal void CountHandshake() => Handshakes++;

    private static int EntryOf(Direction direction, Verdict verdict) => ((direction == Direction.Uplink ? 0 : 1) * Verdicts) + (int)verdict;
}
