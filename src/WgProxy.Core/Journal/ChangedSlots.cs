namespace WgProxy.Core.Journal;

/// <summary>
/// The slots whose record has changed since it was last taken, each once, in the order in which they changed; and what has ended. To
/// mark a slot is two stores, and one that is marked already costs a look. Allocates nothing after construction.
/// </summary>
internal sealed class ChangedSlots
{
    // What ends beyond that, before anything is taken, is not told: its record ends by its own time.
    private const int MostEnded = 1_024;

    private readonly State[] _states;
    private readonly Tick[] _takenAt;
    private readonly int[] _changed;
    private readonly EndedMapping[] _ended = new EndedMapping[MostEnded];
    private int _firstChanged;
    private int _changedCount;
    private int _firstEnded;
    private int _endedCount;

    /// <summary>Nothing has changed about any of so many slots.</summary>
    public ChangedSlots(int slots)
    {
        _states = new State[slots];
        _takenAt = new Tick[slots];
        _changed = new int[slots];
    }

    /// <summary>Whether something waits to be taken.</summary>
    public bool Any => _changedCount + _endedCount > 0;

    /// <summary>Ends that were not told, because too many waited.</summary>
    public long Untold { get; private set; }

    /// <summary>Whether there is a record of the slot's mapping outside.</summary>
    public bool IsRecorded(int slot) => (_states[slot] & State.IsRecorded) != State.None;

    /// <summary>When the slot's record was taken last.</summary>
    public Tick TakenAt(int slot) => _takenAt[slot];

    /// <summary>The slot's record has changed.</summary>
    public void Mark(int slot)
    {
        if ((_states[slot] & State.IsMarked) == State.None)
        {
            _states[slot] |= State.IsMarked;
            _changed[(_firstChanged + _changedCount++) % _changed.Length] = slot;
        }
    }

    /// <summary>The slot's mapping has ended; the slot may soon have another.</summary>
    public void End(int slot, in EndedMapping ended)
    {
        bool wasRecorded = IsRecorded(slot);

        // Where it stands among those that changed, its next mapping may: it is marked, and has no record yet.
        _states[slot] &= ~State.IsRecorded;
        if (wasRecorded && _endedCount < MostEnded)
        {
            _ended[(_firstEnded + _endedCount++) % MostEnded] = ended;
        }
        else
        {
            Untold += wasRecorded ? 1 : 0;
        }
    }

    /// <summary>Takes a mapping that has ended. All of them are taken before any slot: the source may have another mapping by now, and
    /// the end of the former must not be told after it.</summary>
    public bool TryTakeEnded(out EndedMapping ended)
    {
        ended = default;
        if (_endedCount == 0)
        {
            return false;
        }

        ended = _ended[_firstEnded];
        _firstEnded = (_firstEnded + 1) % MostEnded;
        _endedCount--;
        return true;
    }

    /// <summary>Takes a slot that has changed.</summary>
    public bool TryTake(out int slot)
    {
        slot = -1;
        if (_changedCount == 0)
        {
            return false;
        }

        slot = _changed[_firstChanged];
        _firstChanged = (_firstChanged + 1) % _changed.Length;
        _changedCount--;
        _states[slot] &= ~State.IsMarked;
        return true;
    }

    /// <summary>The slot's mapping was made again from a record, which is outside. Its end must be told even before a record of it is
    /// taken here: else it would be made again once more.</summary>
    public void Restored(int slot) => _states[slot] |= State.IsRecorded;

    /// <summary>An end that was taken is to be taken again, before all others.</summary>
    public void PutBack(in EndedMapping ended)
    {
        _firstEnded = (_firstEnded + MostEnded - 1) % MostEnded;
        _ended[_firstEnded] = ended;
        _endedCount++;
    }

    /// <summary>The slot's record goes outside.</summary>
    public void Taken(int slot, Tick now)
    {
        _states[slot] |= State.IsRecorded;
        _takenAt[slot] = now;
    }

    [Flags]
    private enum State : byte
    {
        None = 0,
        IsMarked = 1,
        IsRecorded = 2,
    }
}

/// <summary>What is told of a mapping that has ended.</summary>
/// <param name="Source">Its client.</param>
/// <param name="Route">The public key of its server.</param>
/// <param name="Port">Its upstream port.</param>
internal readonly record struct EndedMapping(Source Source, RouteKey Route, ushort Port);
