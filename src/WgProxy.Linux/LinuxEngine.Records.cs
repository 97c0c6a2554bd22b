using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Workers;

namespace WgProxy.Linux;

// Records that are lent to the engine: each worker restores what is steered to it, at the same time as the others.
public sealed partial class LinuxEngine
{
    private int _isLent;

    // Workers that still have the batch, and whether one of them ended before its part was done.
    private int _parts;
    private volatile bool _isCutShort;

    /// <inheritdoc/>
    void IEngine.Restore(RestoreBatch batch)
    {
        batch.Begin();
        if (Interlocked.CompareExchange(ref _isLent, 1, 0) != 0)
        {
            batch.End(RestoreOutcome.Busy);
        }
        else if (_workers.Length == 0 || _stopped)
        {
            EndBatch(batch, RestoreOutcome.NotRunning);
        }
        else
        {
            _isCutShort = false;
            Volatile.Write(ref _parts, _workers.Length);
            foreach (LinuxWorker worker in _workers)
            {
                if (worker.Lend(batch) != RestoreOutcome.Waiting)
                {
                    EndPart(batch, isDone: false);
                }
            }
        }
    }

    private void PrepareRecords(Steering steering)
    {
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i;
            _workers[i].PrepareRecords(source => steering.WorkerOf(source) == worker, batch => EndPart(batch, isDone: true));
        }
    }

    private void EndPart(RestoreBatch batch, bool isDone)
    {
        _isCutShort |= !isDone;
        if (Interlocked.Decrement(ref _parts) == 0)
        {
            EndBatch(batch, _isCutShort ? RestoreOutcome.NotRunning : RestoreOutcome.Done);
        }
    }

    private void EndBatch(RestoreBatch batch, RestoreOutcome outcome)
    {
        Volatile.Write(ref _isLent, 0);
        batch.End(outcome);
    }
}
