using WgProxy.Core.Journal;

namespace WgProxy.Fleet;

/// <summary>
/// Records on their way from the threads that own mappings to the one that publishes them. Bounded, without a lock, and it allocates nothing after construction. When it is full,
/// the oldest record makes room: the newer ones say more, and every mapping in use writes itself anew within 45 s. Each place has a number that says whose turn it is: equal to
/// a record's position when it may be filled, one more when it may be taken.
/// </summary>
internal sealed class PublishQueue
{
    // What takes the oldest may be in the middle of it, and then its place is not free yet: the second oldest goes too.
    private const int MostDrops = 4;

    private readonly int _mask;
    private readonly long[] _turns;
    private readonly MappingRecord[] _records;
    private readonly long[] _written;
    private long _added;
    private long _taken;

    /// <summary>An empty queue.</summary>
    /// <param name="capacity">How many records it holds, a power of two.</param>
    public PublishQueue(int capacity)
    {
        _mask = capacity - 1;
        _turns = new long[capacity];
        _records = new MappingRecord[capacity];
        _written = new long[capacity];
        for (int place = 0; place < capacity; place++)
        {
            _turns[place] = place;
        }
    }

    /// <summary>How many records wait, about.</summary>
    public int Count => (int)Math.Max(Volatile.Read(ref _added) - Volatile.Read(ref _taken), 0);

    /// <summary>Adds a record; any thread may, and none waits.</summary>
    /// <returns>How many records were dropped for it: 0 as a rule. It may be the record itself.</returns>
    public int Add(in MappingRecord record)
    {
        int dropped = 0;
        for (int attempt = 0; attempt < MostDrops; attempt++)
        {
            if (TryAdd(record))
            {
                return dropped;
            }

            dropped += TryTake(out _) ? 1 : 0;
        }

        return TryAdd(record) ? dropped : dropped + 1;
    }

    /// <summary>When the oldest record that waits was written, in milliseconds since 1970 by this host's clock; null if none waits.</summary>
    public long? Oldest()
    {
        long position = Volatile.Read(ref _taken);
        long written = Volatile.Read(ref _written[position & _mask]);
        return Volatile.Read(ref _turns[position & _mask]) == position + 1 ? written : null;
    }

    /// <summary>Takes the oldest record; any thread may. False if there is none.</summary>
    public bool TryTake(out MappingRecord record)
    {
        long position = Volatile.Read(ref _taken);
        while (true)
        {
            long turn = Volatile.Read(ref _turns[position & _mask]);
            if (turn < position + 1)
            {
                record = default;
                return false;
            }

            long found = turn > position + 1 ? Volatile.Read(ref _taken) : Interlocked.CompareExchange(ref _taken, position + 1, position);
            if (turn == position + 1 && found == position)
            {
                break;
            }

            position = found;
        }

        record = _records[position & _mask];
        Volatile.Write(ref _turns[position & _mask], position + _turns.Length);
        return true;
    }

    private bool TryAdd(in MappingRecord record)
    {
        long position = Volatile.Read(ref _added);
        while (true)
        {
            long turn = Volatile.Read(ref _turns[position & _mask]);
            if (turn < position)
            {
                return false;
            }

            long found = turn > position ? Volatile.Read(ref _added) : Interlocked.CompareExchange(ref _added, position + 1, position);
            if (turn == position && found == position)
            {
                break;
            }

            position = found;
        }

        _records[position & _mask] = record;
        Volatile.Write(ref _written[position & _mask], record.Written.Utc);
        Volatile.Write(ref _turns[position & _mask], position + 1);
        return true;
    }
}
