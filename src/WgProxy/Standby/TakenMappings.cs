using System.Diagnostics;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Standby;

/// <summary>The mappings that a relay takes over from another when their address comes: lent to its engine before it reads the first datagram, then what its state directory has beside them.</summary>
internal sealed class TakenMappings
{
    // A route may come after the address.
    private const int MostTries = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly MappingRecord[] _taken;
    private readonly MappingRecord[] _all;
    private readonly Action<TakenMappings> _done;
    private readonly int[] _verdicts = new int[Enum.GetValues<RestoreVerdict>().Length];

    /// <summary>What is to be taken over.</summary>
    /// <param name="table">The records that are known of the other relay's mappings, those first that were used last.</param>
    /// <param name="kept">Those of this relay's state directory. Of the same mapping, the newer record counts.</param>
    /// <param name="done">Told when each has its verdict.</param>
    public TakenMappings(MappingRecord[] table, ReadOnlyMemory<MappingRecord> kept, Action<TakenMappings> done)
    {
        _done = done;
        Dictionary<MappingKey, long> own = [];
        foreach (ref readonly MappingRecord record in kept.Span)
        {
            own[MappingKey.Of(record)] = record.Written.Utc;
        }

        _taken = [.. table.Where(record => !own.TryGetValue(MappingKey.Of(record), out long written) || written <= record.Written.Utc)];
        HashSet<MappingKey> keys = [.. _taken.Select(record => MappingKey.Of(record))];
        _all = [.. _taken, .. kept.ToArray().Where(record => !keys.Contains(MappingKey.Of(record)))];
    }

    /// <summary>Records whose ports are to be held, these first.</summary>
    public ReadOnlyMemory<MappingRecord> All => _all;

    /// <summary>How many there are to take over.</summary>
    public int Total => _taken.Length;

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>How many met a verdict.</summary>
    public int Count(RestoreVerdict verdict) => _verdicts[(int)verdict];

    /// <summary>Lends all, the first before it returns; then does what was to be done at the engine's start otherwise.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="next">What that is.</param>
    public async Task RunAsync(IEngine engine, Action<IEngine>? next)
    {
        long began = Stopwatch.GetTimestamp();
        List<MappingRecord> waiting = await LendAsync(engine, _taken);
        Took = Stopwatch.GetElapsedTime(began);
        _done(this);
        next?.Invoke(engine);
        for (int tried = 0; tried < MostTries && waiting.Count > 0; tried++)
        {
            await Task.Delay(Pause);
            waiting.ForEach(_ => _verdicts[(int)RestoreVerdict.NotOpened]--);
            waiting = await LendAsync(engine, waiting);
        }
    }

    // Those that found no socket, which may pass.
    private async Task<List<MappingRecord>> LendAsync(IEngine engine, IReadOnlyCollection<MappingRecord> records)
    {
        List<MappingRecord> waiting = [];
        foreach (MappingRecord[] chunk in records.Chunk(RestoreBatch.MostRecords))
        {
            TaskCompletionSource answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            RestoreBatch batch = new(chunk, HostInstant.Now, _ => answered.SetResult());
            engine.Restore(batch);
            await answered.Task;
            for (int i = 0; i < chunk.Length; i++)
            {
                _verdicts[(int)batch.Verdicts[i]]++;
                if (batch.Verdicts[i] == RestoreVerdict.NotOpened)
                {
                    waiting.Add(chunk[i]);
                }
            }
        }

        return waiting;
    }
}
