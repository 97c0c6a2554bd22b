using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using WgProxy.Linux.Workers;

namespace WgProxy.Linux;

// Records that are lent to the engine: each worker restores what is steered to it, at the same time as the others.
public sealed partial class LinuxEngine
{
    // More threads than that only wait for each other: the kernel has one table of a process's files, and one of ports.
    private const int MostHolders = 4;
    private const int RecordsForHolder = 64;

    private HeldSockets? _held;
    private int _isLent;

    // Workers that still have the batch, and whether one of them ended before its part was done.
    private int _parts;
    private volatile bool _isCutShort;

    /// <summary>Sockets that wait for their mappings; null if the engine was told of no record.</summary>
    internal HeldSockets? Held => _held;

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

    /// <inheritdoc/>
    bool IEngine.Tell(DirectoryAnswer answer) =>
        !_stopped && answer.Sought.Owner < _workers.Length && _workers[answer.Sought.Owner].Tell(answer);

    private void PrepareRecords(Steering steering)
    {
        for (int i = 0; i < _workers.Length; i++)
        {
            int worker = i;
            _workers[i].PrepareRecords(worker, source => steering.WorkerOf(source) == worker, batch => EndPart(batch, isDone: true), _held);
        }
    }

    /// <summary>Begins to hold the ports of records, on threads of their own.</summary>
    private void HoldPorts()
    {
        if (_settings.Recorded?.Invoke() is not { IsEmpty: false } all)
        {
            _own.Early?.Close();
            return;
        }

        // Those used last, and no more than there are mappings: these were counted by the files that the process may open.
        ReadOnlyMemory<MappingRecord> records = all[..Math.Min(all.Length, _settings.Relay.MaxMappings)];

        UpstreamDoor door = new(_settings.Binding);
        HashSet<int> listening = [.. _settings.Listen.Concat((_settings.Inherited?.HandedOver ?? []).Select(handed => handed.Local)).Select(each => each.Port)];
        UpstreamPorts ports = new(
            _settings.Ports.Where(port => !listening.Contains(port)), _settings.Relay.LingerTimeout, _settings.Seeds.Ports, door.Addresses, _settings.RestoredPorts);
        int threads = Math.Clamp(Math.Min(Environment.ProcessorCount, records.Length / RecordsForHolder), 1, MostHolders);
        _held = new HeldSockets(records, threads, Hold, GoOnRestoring);

        // Bound and connected. What the mapping needs besides comes with it.
        HeldOutcome Hold(in MappingRecord record, out Held held)
        {
            held = default;
            if (record.Server is not IPEndPoint server
                || listening.Contains(record.UpstreamPort)
                || !ports.MayReopen(server, new UpstreamEnd(record.UpstreamLocal, record.UpstreamPort), out UpstreamEnd end))
            {
                return HeldOutcome.Refused;
            }

            if (_own.Early?.TryTake(server, end, out UdpDescriptor early) == true)
            {
                held = new Held(server, end, early);
                return HeldOutcome.Open;
            }

            if (!door.TryOpen(server, out UdpDescriptor socket, out _))
            {
                return HeldOutcome.Refused;
            }

            if (!LinuxWorker.TryJoin(server, end, socket, out OpenRefusal refusal))
            {
                return refusal.IsOfThePort ? HeldOutcome.InUse : HeldOutcome.Refused;
            }

            held = new Held(server, end, socket);
            return HeldOutcome.Open;
        }
    }

    private void GoOnRestoring()
    {
        _own.Early?.Close();
        foreach (LinuxWorker worker in Volatile.Read(ref _workers))
        {
            worker.GoOnRestoring();
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
        // What was not taken has no mapping. Not on this worker's turn: after a night without the relay it is all of them.
        if (_held is { IsClosed: false } held && held.IsDone)
        {
            _ = ThreadPool.UnsafeQueueUserWorkItem(static each => each.Close(), held, preferLocal: false);
        }

        Volatile.Write(ref _isLent, 0);
        batch.End(outcome);
    }
}
