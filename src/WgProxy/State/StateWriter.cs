using System.Collections.Concurrent;
using System.Numerics;
using WgProxy.Core.Journal;

namespace WgProxy.State;

/// <summary>
/// Writes records into their file, on a thread of its own. The threads that own mappings only leave records in a queue. The writer
/// sleeps while there are none, and gathers for two milliseconds before it writes, so that it is woken at most that often.
/// </summary>
internal sealed class StateWriter : IDisposable
{
    /// <summary>How many records may wait: 16 turns of an engine.</summary>
    public const int Waiting = 1_024;

    // Until a mapping ends, it may linger for 180 s and a cookie of the server may hold its port, each once.
    private const long BeyondDeadline = 600_000;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Relapse = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    private readonly RecordFile _file;
    private readonly Action<int> _erase;
    private readonly Action<string?> _report;
    private readonly RecordQueue _queue = new(Waiting);
    private readonly ConcurrentQueue<int> _refused = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Dictionary<MappingKey, Place> _places = [];

    // Cells that could not be emptied, each with the key of its record, if that is known. They stay used until they are empty.
    private readonly Dictionary<int, MappingKey?> _unerased = [];
    private readonly ulong[] _isUsed = new ulong[StateLayout.MostCells / 64];
    private readonly ulong[] _isFormer = new ulong[StateLayout.MostCells / 64];
    private readonly byte[] _record = new byte[MappingRecord.Size];
    private readonly Thread _thread;
    private int _isAsleep = 1;
    private int _firstFree;
    private bool _fails;
    private long _failed;
    private volatile bool _isEnding;

    /// <summary>A writer that begins at once.</summary>
    /// <param name="file">The file. Its cells that hold records stay as they are until those mappings have other records.</param>
    /// <param name="report">Told what the system refuses when writing begins to fail, and null when it has succeeded for a minute.</param>
    /// <param name="erase">Empties a cell, or throws what <see cref="RecordFile.Erase"/> throws; null for that.</param>
    public StateWriter(RecordFile file, Action<string?> report, Action<int>? erase = null)
    {
        (_file, _erase, _report) = (file, erase ?? file.Erase, report);
        _thread = new Thread(Run) { IsBackground = true, Name = "records" };
        _thread.Start();
    }

    /// <summary>Leaves a record. Never waits. False if there is no room: it is to be left again later.</summary>
    public bool TryWrite(in MappingRecord record)
    {
        bool isLeft = _queue.TryAdd(record);
        Wake();
        return isLeft;
    }

    /// <summary>The record that the file had in a cell at the start is not wanted any more.</summary>
    public void Refuse(int cell)
    {
        _refused.Enqueue(cell);
        Wake();
    }

    /// <summary>Ends after everything that was left is written, if the disk takes it within five seconds.</summary>
    public void Dispose()
    {
        _isEnding = true;
        _ = _wake.Set();
        if (_thread.Join(Patience))
        {
            _wake.Dispose();
            _file.Dispose();
        }
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            _ = _wake.Set();
        }
    }

    private void Run()
    {
        // Not before there is something to write: at a start, the processors have more urgent work.
        _ = _wake.WaitOne();
        Adopt();
        while (true)
        {
            // First, because what is left before the end is asked for is written.
            bool isLast = _isEnding;
            EraseAgain();
            while (_queue.TryTake(out RecordQueue.Entry entry, _record))
            {
                Write(entry);
            }

            while (_refused.TryDequeue(out int cell))
            {
                EraseFormer(cell);
            }

            if (isLast)
            {
                return;
            }

            _ = Interlocked.Exchange(ref _isAsleep, 1);
            if (_queue.HasNext || !_refused.IsEmpty || _isEnding)
            {
                _ = Interlocked.Exchange(ref _isAsleep, 0);
                continue;
            }

            _ = _wake.WaitOne(_unerased.Count == 0 ? Timeout.InfiniteTimeSpan : Again);
            if (!_isEnding)
            {
                Thread.Sleep(Gathering);
            }
        }
    }

    /// <summary>The cells that held records belong to the same mappings as before.</summary>
    private void Adopt()
    {
        foreach (int cell in _file.ByUse)
        {
            Set(_isUsed, cell, true);
            Set(_isFormer, cell, true);
            if (_file.TryRead(cell, out MappingRecord record))
            {
                _ = _places.TryAdd(MappingKey.Of(record), new Place(cell, record.Written.Utc + Math.Max(record.ExpiresIn, 0)));
            }
        }
    }

    private void Write(in RecordQueue.Entry entry)
    {
        bool isKnown = _places.TryGetValue(entry.Key, out Place place);
        if (entry.IsEnded)
        {
            if (isKnown)
            {
                _ = TryErase(place.Cell, entry.Key);
            }

            return;
        }

        if (!isKnown && !TryFindFree(entry.Used, out place))
        {
            Failed("no cell of its file is free");
            return;
        }

        try
        {
            _places[entry.Key] = place with { Expires = entry.Expires };
            Set(_isUsed, place.Cell, true);
            Set(_isFormer, place.Cell, false);
            _ = _unerased.Remove(place.Cell);
            _file.Write(place.Cell, entry.Used, _record);
            Succeeded();
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            Failed(refusal.Message);
        }
    }

    private void EraseFormer(int cell)
    {
        if (Has(_isFormer, cell))
        {
            _ = TryErase(cell, _file.TryRead(cell, out MappingRecord record) ? MappingKey.Of(record) : OwnerOf(cell));
        }
    }

    // For a record that could be read at the start, and cannot be read now.
    private MappingKey? OwnerOf(int cell)
    {
        foreach ((MappingKey key, Place place) in _places)
        {
            if (place.Cell == cell)
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>Empties a cell. Only then is it free: one that could not be emptied would come back after a restart, and is
    /// tried again with what is written next, or after five seconds.</summary>
    private bool TryErase(int cell, MappingKey? key)
    {
        try
        {
            _erase(cell);
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            _unerased[cell] = key;
            Failed(refusal.Message);
            return false;
        }

        if (key is { } known && _places.TryGetValue(known, out Place place) && place.Cell == cell)
        {
            _ = _places.Remove(known);
        }

        _ = _unerased.Remove(cell);
        Set(_isFormer, cell, false);
        Set(_isUsed, cell, false);
        _firstFree = Math.Min(_firstFree, cell / 64);
        Succeeded();
        return true;
    }

    private void EraseAgain()
    {
        // If one fails, so will the others.
        while (_unerased.Count > 0)
        {
            (int cell, MappingKey? key) = _unerased.First();
            if (!TryErase(cell, key))
            {
                return;
            }
        }
    }

    private bool TryFindFree(long now, out Place place)
    {
        bool isFound = TryFindFree(out int cell);
        if (!isFound)
        {
            // Ends may have been lost. What must have ended by now makes room.
            foreach ((MappingKey key, Place each) in _places.Where(each => each.Value.Expires + BeyondDeadline < now).ToArray())
            {
                if (!TryErase(each.Cell, key))
                {
                    break;
                }
            }

            isFound = TryFindFree(out cell);
        }

        place = new Place(cell, 0);
        return isFound;
    }

    private bool TryFindFree(out int cell)
    {
        while (_firstFree < _isUsed.Length && _isUsed[_firstFree] == ulong.MaxValue)
        {
            _firstFree++;
        }

        cell = _firstFree < _isUsed.Length ? (_firstFree * 64) + BitOperations.TrailingZeroCount(~_isUsed[_firstFree]) : -1;
        return cell >= 0;
    }

    private void Failed(string reason)
    {
        _failed = Environment.TickCount64;
        if (!_fails)
        {
            _fails = true;
            _report(reason);
        }
    }

    private void Succeeded()
    {
        if (_fails && Environment.TickCount64 - _failed > (long)Relapse.TotalMilliseconds)
        {
            _fails = false;
            _report(null);
        }
    }

    private static bool Has(ulong[] bits, int cell) => (bits[cell / 64] & (1UL << (cell % 64))) != 0;

    private static void Set(ulong[] bits, int cell, bool value) =>
        bits[cell / 64] = value ? bits[cell / 64] | (1UL << (cell % 64)) : bits[cell / 64] & ~(1UL << (cell % 64));

    private readonly record struct Place(int Cell, long Expires);
}
