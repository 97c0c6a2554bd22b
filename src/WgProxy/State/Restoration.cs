using System.Diagnostics;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.State;

/// <summary>Lends an engine the records of a file, those first that were used last.</summary>
internal sealed class Restoration(RecordFile file, StateWriter writer)
{
    private readonly Queue<int[]> _chunks = new(file.ByUse.Chunk(RestoreBatch.MostRecords));
    private readonly int[] _verdicts = new int[Enum.GetValues<RestoreVerdict>().Length];
    private Lent? _first;

    /// <summary>Records that the engine was lent.</summary>
    public int Total => _verdicts.Sum();

    /// <summary>Records that were refused for another reason than their age, or a mapping that the client has again already. Those that
    /// still waited when the engine stopped were not.</summary>
    public int Refused => Total - Count(RestoreVerdict.Waiting) - Count(RestoreVerdict.Restored) - Count(RestoreVerdict.Expired)
        - Count(RestoreVerdict.Duplicate);

    /// <summary>Cells that were whole, and held no record of this version.</summary>
    public int Unreadable { get; private set; }

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>How many records met a verdict.</summary>
    public int Count(RestoreVerdict verdict) => _verdicts[(int)verdict];

    /// <summary>Reads the first batch, so that it can be lent at the moment in which the engine has started.</summary>
    public void Prepare() => _first = ReadNext();

    /// <summary>Restores what can be restored. The file forgets the rest. Lends the first batch before it returns.</summary>
    public async Task RunAsync(IEngine engine)
    {
        long began = Stopwatch.GetTimestamp();
        Lent? next = _first;
        _first = null;
        while (next is not null && await LendAsync(engine, next))
        {
            next = ReadNext();
        }

        Took = Stopwatch.GetElapsedTime(began);
    }

    private Lent? ReadNext()
    {
        if (!_chunks.TryDequeue(out int[]? cells))
        {
            return null;
        }

        List<int> whole = new(cells.Length);
        List<MappingRecord> records = new(cells.Length);
        foreach (int cell in cells)
        {
            if (file.TryRead(cell, out MappingRecord record))
            {
                whole.Add(cell);
                records.Add(record);
            }
            else
            {
                Unreadable++;
                writer.Refuse(cell);
            }
        }

        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return new Lent(whole, new RestoreBatch(records, HostInstant.Now, _ => answered.SetResult()), answered.Task);
    }

    private async Task<bool> LendAsync(IEngine engine, Lent lent)
    {
        engine.Restore(lent.Batch);
        await lent.Answered;
        for (int i = 0; i < lent.Cells.Count; i++)
        {
            RestoreVerdict verdict = lent.Batch.Verdicts[i];
            _verdicts[(int)verdict]++;
            if (verdict is not (RestoreVerdict.Restored or RestoreVerdict.Waiting))
            {
                writer.Refuse(lent.Cells[i]);
            }
        }

        return lent.Batch.Outcome == RestoreOutcome.Done;
    }

    private sealed record Lent(List<int> Cells, RestoreBatch Batch, Task Answered);
}
