using System.Diagnostics;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.State;

/// <summary>Lends an engine the records of a file, those first that were used last; and again those that met an error which may pass.
/// </summary>
internal sealed class Restoration(RecordFile file, StateWriter writer)
{
    /// <summary>How long it waits before it lends again what met an error that may pass.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>How often it lends a record again: for five minutes. A default idle timeout has passed by then.</summary>
    public const int MostTries = 60;

    private readonly Queue<int[]> _chunks = new(file.ByUse.Chunk(RestoreBatch.MostRecords));
    private readonly int[] _verdicts = new int[Enum.GetValues<RestoreVerdict>().Length];
    private List<KeptRecord> _kept = [];
    private (List<int> Cells, MappingRecord[] Records)? _first;

    /// <summary>Records that the engine was lent.</summary>
    public int Total => _verdicts.Sum();

    /// <summary>Records that were deleted for another reason than their age, or a mapping that the client has again already.</summary>
    public int Refused => Total - Count(RestoreVerdict.Waiting) - Count(RestoreVerdict.Restored) - Count(RestoreVerdict.Expired)
        - Count(RestoreVerdict.Duplicate) - Count(RestoreVerdict.NotOpened) - Count(RestoreVerdict.NoRoom);

    /// <summary>Records that wait because there was no socket or no room. The file keeps them.</summary>
    public int Kept => _kept.Count;

    /// <summary>Cells that were whole, and held no record of this version.</summary>
    public int Unreadable { get; private set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>How many records met a verdict. One that is lent again counts by its last.</summary>
    public int Count(RestoreVerdict verdict) => _verdicts[(int)verdict];

    /// <summary>The records of the first batch.</summary>
    public ReadOnlyMemory<MappingRecord> First => _first?.Records;

    /// <summary>Reads the first batch, so that the engine can take hold of its ports, and be lent it at the moment in which it has started.</summary>
    public void Prepare()
    {
        _first = _chunks.TryDequeue(out int[]? cells) ? Read(cells) : null;
    }

    /// <summary>Restores what can be restored. The file keeps what met an error that may pass, and forgets the rest. Lends the first
    /// batch before it returns.</summary>
    public async Task RunAsync(IEngine engine)
    {
        long began = Stopwatch.GetTimestamp();
        Lent? next = _first is { } first ? Lent.Of(first.Cells, first.Records) : null;
        _first = null;
        while (next is not null && await LendAsync(engine, next))
        {
            next = ReadNext();
        }

        Took = Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Lends again, every few seconds, what there was no socket or no room for: until nothing waits, the engine has stopped,
    /// or it has tried often enough. The file keeps what still waits then, and the next start tries that.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="time">Tells when the pauses are over.</param>
    /// <param name="stop">Ends a pause, and all.</param>
    public async Task RunAgainAsync(IEngine engine, TimeProvider time, CancellationToken stop)
    {
        for (int tried = 0; tried < MostTries && _kept.Count > 0; tried++)
        {
            await Task.Delay(Pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stop.IsCancellationRequested || !await LendAgainAsync(engine))
            {
                return;
            }
        }
    }

    private Lent? ReadNext()
    {
        if (!_chunks.TryDequeue(out int[]? cells))
        {
            return null;
        }

        (List<int> whole, MappingRecord[] records) = Read(cells);
        return Lent.Of(whole, records);
    }

    private (List<int> Cells, MappingRecord[] Records) Read(int[] cells)
    {
        List<int> whole = new(cells.Length);
        MappingRecord[] records = file.Read(cells);
        for (int i = 0; i < cells.Length; i++)
        {
            if (records[i].IsEnded)
            {
                Unreadable++;
                writer.Refuse(cells[i]);
                continue;
            }

            if (whole.Count < i)
            {
                records[whole.Count] = records[i];
            }

            whole.Add(cells[i]);
        }

        return (whole, whole.Count == records.Length ? records : records[..whole.Count]);
    }

    private async Task<bool> LendAgainAsync(IEngine engine)
    {
        List<KeptRecord> waiting = _kept;
        _kept = [];
        for (int first = 0; first < waiting.Count; first += RestoreBatch.MostRecords)
        {
            if (!await LendAsync(engine, ReadAgain(waiting.Slice(first, Math.Min(RestoreBatch.MostRecords, waiting.Count - first)))))
            {
                _kept.AddRange(waiting.Skip(first + RestoreBatch.MostRecords));
                return false;
            }
        }

        return true;
    }

    private Lent ReadAgain(List<KeptRecord> waiting)
    {
        List<int> same = new(waiting.Count);
        List<MappingRecord> records = new(waiting.Count);
        foreach (KeptRecord kept in waiting)
        {
            _verdicts[(int)kept.Verdict]--;
            if (file.TryRead(kept.Cell, out MappingRecord record) && record.Written == kept.Written && MappingKey.Of(record) == kept.Key)
            {
                same.Add(kept.Cell);
                records.Add(record);
            }
            else
            {
                // The client has had a mapping meanwhile: the cell has the record of that, or nothing, or already another client's.
                _verdicts[(int)RestoreVerdict.Duplicate]++;
            }
        }

        return Lent.Of(same, [.. records]);
    }

    private async Task<bool> LendAsync(IEngine engine, Lent lent)
    {
        engine.Restore(lent.Batch);
        await lent.Answered;
        for (int i = 0; i < lent.Cells.Count; i++)
        {
            RestoreVerdict verdict = lent.Batch.Verdicts[i];
            _verdicts[(int)verdict]++;
            if (verdict is RestoreVerdict.NotOpened or RestoreVerdict.NoRoom)
            {
                // No network yet, too many files, too many mappings: that may pass, and the tunnel be alive still.
                _kept.Add(new KeptRecord(lent.Cells[i], MappingKey.Of(lent.Batch.Records[i]), lent.Batch.Records[i].Written, verdict));
            }
            else if (verdict is not (RestoreVerdict.Restored or RestoreVerdict.Waiting) || (verdict == RestoreVerdict.Restored && lent.Batch.HasMoved(i)))
            {
                writer.Refuse(lent.Cells[i]);
            }
        }

        return lent.Batch.Outcome == RestoreOutcome.Done;
    }

    private sealed record Lent(List<int> Cells, RestoreBatch Batch, Task Answered)
    {
        public static Lent Of(List<int> cells, MappingRecord[] records)
        {
            TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new Lent(cells, new RestoreBatch(records, HostInstant.Now, _ => answered.SetResult()), answered.Task);
        }
    }

    private readonly record struct KeptRecord(int Cell, MappingKey Key, JournalInstant Written, RestoreVerdict Verdict);
}
