using WgProxy.Core.Journal;

namespace WgProxy.Core.Engine;

/// <summary>What came of a batch.</summary>
internal enum RestoreOutcome : byte
{
    /// <summary>It was not lent yet, or is being worked at.</summary>
    Waiting,

    /// <summary>Each record has its verdict.</summary>
    Done,

    /// <summary>The engine does not run, or stopped meanwhile.</summary>
    NotRunning,

    /// <summary>The engine has another batch.</summary>
    Busy,
}

/// <summary>
/// Records that are lent to an engine, for it to make their mappings again. The lender makes the batch, so that the engine allocates
/// nothing; from <see cref="IEngine.Restore"/> until its callback is called, it is the engine's.
/// </summary>
internal sealed class RestoreBatch
{
    /// <summary>How many records a batch may hold: as many as a relay has mappings by default. What is more comes in the next one.</summary>
    public const int MostRecords = 16_384;

    private readonly MappingRecord[] _records;
    private readonly RestoreVerdict[] _verdicts;
    private readonly bool[] _moved;
    private readonly Action<RestoreBatch> _done;

    // The last record of each client, whatever local address and port it used, and the one before each. The lender makes them, so an engine that
    // looks up a client allocates nothing.
    private readonly Dictionary<Source, int> _lastOf;
    private readonly int[] _before;

    /// <summary>A batch.</summary>
    /// <param name="records">The records, those first that are wanted most. The batch keeps the array: 10,000 records are 5.8 MB, and a copy
    /// is memory that was not touched before.</param>
    /// <param name="clock">Says which instant it is, as records name instants.</param>
    /// <param name="done">Called once each time that it is lent: on a thread of the engine, or at once on the lender's. Must neither block
    /// nor throw.</param>
    /// <exception cref="ArgumentException">There are more than <see cref="MostRecords"/>.</exception>
    public RestoreBatch(MappingRecord[] records, Func<JournalInstant> clock, Action<RestoreBatch> done)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(records.Length, MostRecords, nameof(records));
        _records = records;
        _lastOf = new Dictionary<Source, int>(records.Length);
        _verdicts = new RestoreVerdict[_records.Length];
        _moved = new bool[_records.Length];
        _before = new int[_records.Length];
        for (int record = 0; record < _records.Length; record++)
        {
            _before[record] = _lastOf.GetValueOrDefault(_records[record].Source.Client, -1);
            _lastOf[_records[record].Source.Client] = record;
        }

        (Clock, _done) = (clock, done);
    }

    /// <summary>What came of it.</summary>
    public RestoreOutcome Outcome { get; private set; }

    /// <summary>What became of each record; <see cref="RestoreVerdict.Waiting"/> if nothing yet.</summary>
    public ReadOnlySpan<RestoreVerdict> Verdicts => _verdicts;

    /// <summary>The records.</summary>
    public ReadOnlySpan<MappingRecord> Records => _records;

    /// <summary>Says which instant it is.</summary>
    public Func<JournalInstant> Clock { get; }

    /// <summary>The engine begins with it.</summary>
    public void Begin()
    {
        Outcome = RestoreOutcome.Waiting;
        Array.Clear(_verdicts);
        Array.Clear(_moved);
    }

    /// <summary>The engine ends it. Nothing of it may be touched by the engine afterwards.</summary>
    public void End(RestoreOutcome outcome)
    {
        Outcome = outcome;
        _done(this);
    }

    /// <summary>The last record of a client; −1 if there is none.</summary>
    internal int LastOf(in Source source) => _lastOf.GetValueOrDefault(source.Client, -1);

    /// <summary>The same client's record before this one; −1 if there is none.</summary>
    internal int Before(int record) => _before[record];

    /// <summary>Whether the mapping that was restored has another source than the record: the relay does not listen where the client sent to,
    /// or the record does not say. Records that follow are of the mapping with its new source.</summary>
    public bool HasMoved(int record) => _moved[record];

    internal void Judge(int record, RestoreVerdict verdict, bool hasMoved) => (_verdicts[record], _moved[record]) = (verdict, hasMoved);
}
