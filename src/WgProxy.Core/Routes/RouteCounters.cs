namespace WgProxy.Core.Routes;

/// <summary>What one relay counts for one route. The relay's thread writes it. Other readers come between two turns only.</summary>
public sealed class RouteCounters
{
    private static readonly int Verdicts = Enum.GetValues<Verdict>().Length;
    private static readonly int HandshakeMessages = Enum.GetValues<HandshakeMessage>().Length;

    private readonly long[] _datagrams = new long[2 * Verdicts];
    private readonly long[] _events = new long[Enum.GetValues<RelayEventKind>().Length];
    private readonly long[] _live = new long[Enum.GetValues<Proof>().Length];
    private readonly long[] _messages = new long[2 * HandshakeMessages];
    private long _uplinkBytes;
    private long _downlinkBytes;

    /// <summary>Datagrams of a direction that met a verdict. Counted are those of which the relay knew the route: an initiation with
    /// its mac1, and whatever came to one of its mappings.</summary>
    public long this[Direction direction, Verdict verdict] => _datagrams[EntryOf(direction, verdict)];

    /// <summary>How often a change happened to a mapping of the route.</summary>
    public long this[RelayEventKind kind] => _events[(int)kind];

    /// <summary>Mappings of the route with a proof, at this moment.</summary>
    public long this[Proof proof] => _live[(int)proof];

    /// <summary>Messages of the handshake that were forwarded in a direction.</summary>
    public long this[Direction direction, HandshakeMessage message] => _messages[((int)direction * HandshakeMessages) + (int)message];

    /// <summary>How long the server took to answer.</summary>
    public AnswerTimes Answers { get; } = new();

    /// <summary>When the last handshake was completed; the default if none was.</summary>
    public Tick LastHandshake { get; private set; }

    /// <summary>Handshakes that were completed, rekeys included: a response that came to where its initiation was from.</summary>
    public long Handshakes { get; private set; }

    /// <summary>Bytes forwarded or sent on opening, UDP payload only.</summary>
    public long ForwardedBytes(Direction direction) => direction == Direction.Uplink ? _uplinkBytes : _downlinkBytes;

    /// <summary>Adds the numbers of another relay, for a sum over several.</summary>
    internal void Add(RouteCounters other)
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

        for (int message = 0; message < _messages.Length; message++)
        {
            _messages[message] += other._messages[message];
        }

        Answers.Add(other.Answers);
        LastHandshake = Tick.Max(LastHandshake, other.LastHandshake);
        _uplinkBytes += other._uplinkBytes;
        _downlinkBytes += other._downlinkBytes;
        Handshakes += other.Handshakes;
    }

    /// <summary>Counts nothing again. For a sum, never for what a relay counts.</summary>
    internal void Clear()
    {
        Array.Clear(_datagrams);
        Array.Clear(_events);
        Array.Clear(_live);
        Array.Clear(_messages);
        Answers.Clear();
        (_uplinkBytes, _downlinkBytes, Handshakes, LastHandshake) = (0, 0, 0, default);
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

    internal void Count(Direction direction, HandshakeMessage message) => _messages[((int)direction * HandshakeMessages) + (int)message]++;

    internal void CountHandshake(Tick now) => (Handshakes, LastHandshake) = (Handshakes + 1, now);

    private static int EntryOf(Direction direction, Verdict verdict) => ((direction == Direction.Uplink ? 0 : 1) * Verdicts) + (int)verdict;
}
