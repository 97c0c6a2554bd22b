using System.Buffers.Binary;
using WgProxy.Core.Journal;

namespace WgProxy.State;

/// <summary>
/// Records on their way from the threads that own mappings to the one that writes the file. Bounded, without a lock, and it allocates
/// nothing after construction. Adding never waits. Each place has a number that says whose turn it is: equal to a record's position
/// when it may be filled, one more when it may be taken.
/// </summary>
internal sealed class RecordQueue
{
    private readonly int _mask;
    private readonly long[] _turns;
    private readonly Entry[] _entries;
    private readonly byte[] _bytes;
    private long _added;
    private long _taken;

    /// <summary>An empty queue.</summary>
    /// <param name="capacity">How many records it holds, a power of two.</param>
    public RecordQueue(int capacity)
    {
        _mask = capacity - 1;
        _turns = new long[capacity];
        _entries = new Entry[capacity];
        _bytes = new byte[capacity * MappingRecord.Size];
        for (int place = 0; place < capacity; place++)
        {
            _turns[place] = place;
        }
    }

    /// <summary>Whether a record may be taken.</summary>
    public bool HasNext => Volatile.Read(ref _turns[_taken & _mask]) == _taken + 1;

    /// <summary>Adds a record; any thread may. False if there is no room.</summary>
    public bool TryAdd(in MappingRecord record)
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

        int place = (int)(position & _mask);
        record.Write(_bytes.AsSpan(place * MappingRecord.Size, MappingRecord.Size));
        _entries[place] = new Entry(
            MappingKey.Of(record),
            record.IsEnded,
            record.Written.Utc - record.ValidAgo,
            record.Written.Utc + Math.Max(record.ExpiresIn, 0));
        Volatile.Write(ref _turns[place], position + 1);
        return true;
    }

    /// <summary>Takes the next record; one thread may. False if there is none.</summary>
    /// <param name="entry">What the file needs to know of it.</param>
    /// <param name="bytes">Receives its bytes.</param>
    public bool TryTake(out Entry entry, Span<byte> bytes)
    {
        entry = default;
        if (!HasNext)
        {
            return false;
        }

        int place = (int)(_taken & _mask);
        entry = _entries[place];
        _bytes.AsSpan(place * MappingRecord.Size, MappingRecord.Size).CopyTo(bytes);
        Volatile.Write(ref _turns[place], _taken + _turns.Length);
        _taken++;
        return true;
    }

    /// <summary>What the file needs to know of a record.</summary>
    /// <param name="Key">Whose it is.</param>
    /// <param name="IsEnded">Whether it tells an end.</param>
    /// <param name="Used">When the mapping was last used, in milliseconds since 1970, UTC.</param>
    /// <param name="Expires">When its deadline comes.</param>
    public readonly record struct Entry(MappingKey Key, bool IsEnded, long Used, long Expires);
}

/// <summary>What tells mappings apart: a client, and the public key of its server.</summary>
internal readonly record struct MappingKey(Source Source, UInt128 First, UInt128 Second)
{
    /// <summary>The key of a record's mapping.</summary>
    public static MappingKey Of(in MappingRecord record)
    {
        ReadOnlySpan<byte> route = record.Route;
        return new MappingKey(
            record.Source, BinaryPrimitives.ReadUInt128LittleEndian(route), BinaryPrimitives.ReadUInt128LittleEndian(route[16..]));
    }
}
