using System.Diagnostics;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.State;

/// <summary>Lends an engine the records of a file, batch by batch, those first that were used last.</summary>
internal sealed class Restoration(RecordFile file, StateWriter writer)
{
    private readonly int[] _verdicts = new int[Enum.GetValues<RestoreVerdict>().Length];

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

    /// <summary>Restores what can be restored. The file forgets the rest.</summary>
    public async Task RunAsync(IEngine engine)
    {
        long began = Stopwatch.GetTimestamp();
        foreach (int[] cells in file.ByUse.Chunk(RestoreBatch.MostRecords))
        {
            List<int> lent = [];
            List<MappingRecord> records = [];
            foreach (int cell in cells)
            {
                if (file.TryRead(cell, out MappingRecord record))
                {
                    lent.Add(cell);
                    records.Add(record);
                }
                else
                {
                    Unreadable++;
                    writer.Refuse(cell);
                }
            }

            if (!await LendAsync(engine, records, lent))
            {
                break;
            }
        }

        Took = Stopwatch.GetElapsedTime(began);
    }

    private async Task<bool> LendAsync(IEngine engine, List<MappingRecord> records, List<int> cells)
    {
        // The answer comes on a thread that moves datagrams.
        TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        RestoreBatch batch = new(records, HostInstant.Now, _ => answered.SetResult());
        engine.Restore(batch);
        await answered.Task;
        for (int i = 0; i < cells.Count; i++)
        {
            RestoreVerdict verdict = batch.Verdicts[i];
            _verdicts[(int)verdict]++;
            if (verdict is not (RestoreVerdict.Restored or RestoreVerdict.Waiting))
            {
                writer.Refuse(cells[i]);
            }
        }

        return batch.Outcome == RestoreOutcome.Done;
    }
}
