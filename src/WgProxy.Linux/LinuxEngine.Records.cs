using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;

namespace WgProxy.Linux;

// Records that are lent to the engine: a batch goes from worker to worker, and each restores what is steered to it.
public sealed partial class LinuxEngine
{
    private int _isLent;

    /// <inheritdoc/>
    public void Restore(RestoreBatch batch)
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
            PassOn(batch);
        }
    }

    private void PrepareRecords(Steering steering)
    {
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i;
            _workers[i].PrepareRecords(source => steering.WorkerOf(source) == worker, PassOn);
        }
    }

    private void PassOn(RestoreBatch batch)
    {
        if (batch.Owner == _workers.Length)
        {
            EndBatch(batch, RestoreOutcome.Done);
        }
        else if (_workers[batch.Owner++].Lend(batch) is not RestoreOutcome.Waiting and RestoreOutcome refusal)
        {
            EndBatch(batch, refusal);
        }
    }

    private void EndBatch(RestoreBatch batch, RestoreOutcome outcome)
    {
        Volatile.Write(ref _isLent, 0);
        batch.End(outcome);
    }
}
