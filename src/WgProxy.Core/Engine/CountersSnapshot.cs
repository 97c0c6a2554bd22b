namespace WgProxy.Core.Engine;

/// <summary>All figures of an engine at one moment, summed over its workers. Typed: their names are made where they are shown.</summary>
public sealed class CountersSnapshot
{
    private readonly RelayCounters _sum = new();

    /// <summary>Figures that have counted nothing.</summary>
    public CountersSnapshot()
    {
    }

    /// <summary>The figures of one relay.</summary>
    internal CountersSnapshot(RelayCounters counters) => Add(counters);

    /// <summary>How many owners of relays have told their figures: workers, or one where all threads take turns.</summary>
    public int Owners { get; private set; }

    /// <summary>Turns of all workers.</summary>
    public long Turns { get; private set; }

    /// <summary>The longest turn of any worker in the last one to two minutes.</summary>
    public TimeSpan LongestTurn { get; private set; }

    /// <summary>The longest turn of any worker since the start.</summary>
    public TimeSpan LongestTurnOfAll { get; private set; }

    /// <summary>How often a second tunnel was taught an index that another tunnel of the route owned.</summary>
    public long IndexConflicts => _sum.IndexConflicts;

    /// <summary>Datagrams of a direction that met a verdict.</summary>
    public long this[Direction direction, Verdict verdict] => _sum[direction, verdict];

    /// <summary>How often a change happened.</summary>
    public long this[RelayEventKind kind] => _sum[kind];

    /// <summary>How often the system refused.</summary>
    public long this[EngineFault fault] => _sum[fault];

    /// <summary>What was sought in a directory, and what came of it.</summary>
    internal long this[DirectoryCount count] => _sum[count];

    /// <summary>Mappings of a proof.</summary>
    public long this[Proof proof] => _sum[proof];

    /// <summary>Messages of the handshake that were forwarded in a direction.</summary>
    public long this[Direction direction, HandshakeMessage message] => _sum[direction, message];

    /// <summary>How long servers took to answer.</summary>
    public AnswerTimes Answers => _sum.Answers;

    /// <summary>Runs that each receive brought.</summary>
    public SizeCounts Batches(Direction direction) => direction == Direction.Uplink ? _sum.UplinkBatches : _sum.DownlinkBatches;

    /// <summary>Datagrams of each train that was sent.</summary>
    public SizeCounts Trains(Direction direction) => direction == Direction.Uplink ? _sum.UplinkTrains : _sum.DownlinkTrains;

    /// <summary>Bytes forwarded or sent on opening, UDP payload only.</summary>
    public long ForwardedBytes(Direction direction) => _sum.ForwardedBytes(direction);

    /// <summary>Of the datagrams forwarded, those with an index that no end issued on their tunnel.</summary>
    public long Tolerated(Direction direction) => _sum.Tolerated(direction);

    /// <summary>Datagrams of a direction that were forwarded.</summary>
    public long Passed(Direction direction) => this[direction, Verdict.Forward] + this[direction, Verdict.Open];

    /// <summary>Adds the counters of a relay.</summary>
    internal void Add(RelayCounters counters) => _sum.Add(counters);

    /// <summary>Adds the turns of an owner of a relay.</summary>
    /// <param name="turns">The turns.</param>
    /// <param name="frequency">Units of their clock per second.</param>
    /// <param name="now">The instant.</param>
    internal void Add(TurnMeter turns, long frequency, Tick now)
    {
        Owners++;
        Turns += turns.Turns;
        LongestTurn = Longer(LongestTurn, turns.Longest(now), frequency);
        LongestTurnOfAll = Longer(LongestTurnOfAll, turns.LongestOfAll, frequency);
    }

    /// <summary>Counts nothing again.</summary>
    internal void Clear()
    {
        _sum.Clear();
        (Owners, Turns, LongestTurn, LongestTurnOfAll) = (0, 0, TimeSpan.Zero, TimeSpan.Zero);
    }

    private static TimeSpan Longer(TimeSpan span, long units, long frequency)
    {
        TimeSpan other = TimeSpan.FromSeconds(units / (double)frequency);
        return other > span ? other : span;
    }
}
