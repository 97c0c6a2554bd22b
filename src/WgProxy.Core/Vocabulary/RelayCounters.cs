namespace WgProxy.Core.Vocabulary;

/// <summary>
/// Everything a relay and its engine count. One writer, plain longs; readers on other threads may be a batch behind.
/// </summary>
internal sealed class RelayCounters
{
    private static readonly int HandshakeMessages = Enum.GetValues<HandshakeMessage>().Length;

    private readonly long[] _uplink = new long[Enum.GetValues<Verdict>().Length];
    private readonly long[] _downlink = new long[Enum.GetValues<Verdict>().Length];
    private readonly long[] _forwardedBytes = new long[2];
    private readonly long[] _tolerated = new long[2];
    private readonly long[] _events = new long[Enum.GetValues<RelayEventKind>().Length];
    private readonly long[] _faults = new long[Enum.GetValues<EngineFault>().Length];
    private readonly long[] _live = new long[Enum.GetValues<Proof>().Length];
    private readonly long[] _conflicts = new long[1];
    private readonly long[] _messages = new long[2 * HandshakeMessages];
    private readonly long[] _directory = new long[Enum.GetValues<DirectoryCount>().Length];
    private readonly long[][] _all;

    /// <summary>Counters at zero.</summary>
    public RelayCounters() => _all =
        [_uplink, _downlink, _forwardedBytes, _tolerated, _events, _faults, _live, _conflicts, _messages, _directory];

    /// <summary>Datagrams of a direction that met a verdict.</summary>
    public long this[Direction direction, Verdict verdict] => Of(direction)[(int)verdict];

    /// <summary>How often a change happened.</summary>
    public long this[RelayEventKind kind] => _events[(int)kind];

    /// <summary>How often the kernel refused.</summary>
    public long this[EngineFault fault] => _faults[(int)fault];

    /// <summary>Mappings of a proof at this moment.</summary>
    public long this[Proof proof] => _live[(int)proof];

    /// <summary>Messages of the handshake that were forwarded in a direction.</summary>
    public long this[Direction direction, HandshakeMessage message] => _messages[((int)direction * HandshakeMessages) + (int)message];

    /// <summary>What was sought in a directory, and what came of it.</summary>
    public long this[DirectoryCount count] => _directory[(int)count];

    /// <summary>How long servers took to answer.</summary>
    public AnswerTimes Answers { get; } = new();

    /// <summary>Runs that each receive brought, from clients.</summary>
    public SizeCounts UplinkBatches { get; } = new();

    /// <summary>Runs that each receive brought, from servers.</summary>
    public SizeCounts DownlinkBatches { get; } = new();

    /// <summary>Datagrams of each train to servers.</summary>
    public SizeCounts UplinkTrains { get; } = new();

    /// <summary>Datagrams of each train to clients.</summary>
    public SizeCounts DownlinkTrains { get; } = new();

    /// <summary>Bytes forwarded or sent on opening, UDP payload only.</summary>
    public long ForwardedBytes(Direction direction) => _forwardedBytes[(int)direction];

    /// <summary>Of the datagrams forwarded, those with an index that neither end issued on their tunnel. They pass within a
    /// budget and keep no mapping alive.</summary>
    public long Tolerated(Direction direction) => _tolerated[(int)direction];

    /// <summary>How often a second tunnel was taught an index that another tunnel of the route owned.</summary>
    public long IndexConflicts
    {
        get => _conflicts[0];
        internal set => _conflicts[0] = value;
    }

    /// <summary>Counts datagrams under a verdict. Called by the relay; by an engine only for datagrams the relay never
    /// sees whole.</summary>
    public void Count(Direction direction, Verdict verdict, int datagrams, int bytes)
    {
        Of(direction)[(int)verdict] += datagrams;
        if (verdict <= Verdict.Open)
        {
            _forwardedBytes[(int)direction] += bytes;
        }
    }

    /// <summary>Counts a refusal of the kernel. Called by engines.</summary>
    public void Count(EngineFault fault, long times = 1) => _faults[(int)fault] += times;

    /// <summary>Adds the numbers of another relay, for a sum over several.</summary>
    public void Add(RelayCounters other)
    {
        for (int i = 0; i < _all.Length; i++)
        {
            for (int j = 0; j < _all[i].Length; j++)
            {
                _all[i][j] += other._all[i][j];
            }
        }

        Answers.Add(other.Answers);
        UplinkBatches.Add(other.UplinkBatches);
        DownlinkBatches.Add(other.DownlinkBatches);
        UplinkTrains.Add(other.UplinkTrains);
        DownlinkTrains.Add(other.DownlinkTrains);
    }

    /// <summary>Counts nothing again.</summary>
    public void Clear()
    {
        foreach (long[] counters in _all)
        {
            Array.Clear(counters);
        }

        Answers.Clear();
        UplinkBatches.Clear();
        DownlinkBatches.Clear();
        UplinkTrains.Clear();
        DownlinkTrains.Clear();
    }

    internal void Tolerate(Direction direction, int datagrams) => _tolerated[(int)direction] += datagrams;

    internal void Count(Direction direction, HandshakeMessage message) => _messages[((int)direction * HandshakeMessages) + (int)message]++;

    internal void Count(DirectoryCount count) => _directory[(int)count]++;

    internal void Count(RelayEventKind kind) => _events[(int)kind]++;

    internal void Live(Proof proof, int change) => _live[(int)proof] += change;

    private long[] Of(Direction direction) => direction == Direction.Uplink ? _uplink : _downlink;
}
