using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Portable;

// The journal: records of mappings, and mappings that go on from records. On the thread of deadlines, under the lock.
public sealed partial class PortableEngine
{
    private readonly RecordLine? _records;
    private readonly RestoreLine _restores;
    private readonly DirectoryLine? _directory;
    private ListenPlaces _places = new([], knowsLocal: false);

    /// <inheritdoc/>
    void IEngine.Restore(RestoreBatch batch)
    {
        batch.Begin();
        RestoreOutcome outcome = _clock is null || _stopped ? RestoreOutcome.NotRunning : _restores.Post(batch);
        if (outcome != RestoreOutcome.Waiting)
        {
            batch.End(outcome);
            return;
        }

        _wake.Set();
    }

    /// <inheritdoc/>
    bool IEngine.Tell(DirectoryAnswer answer)
    {
        bool told = !_stopped && _directory?.Post(answer) == true;
        if (told)
        {
            _wake.Set();
        }

        return told;
    }

    private Tick ContinueRecords(Tick now)
    {
        bool restores = _restores.Continue(_relay, now);
        Tick next = _records?.Continue(_relay, now) ?? Tick.Never;
        bool seeks = _directory?.Continue(_relay, now) == true;
        return restores || seeks ? now : next;
    }

    private bool Reopen(int slot, in MappingRecord record, Tick now)
    {
        int place = _places.Of(record.Source);
        PortableEngineListener? listener = place < 0 ? null : Array.Find(_listeners, each => each.Data == each && each.EndPoint.Equals(_places.All[place]));
        UpstreamEnd former = new(record.UpstreamLocal, record.UpstreamPort);
        Socket? socket = null;
        bool used = record.Has(RecordMarks.ServerUsedPort);
        bool isOpen = listener is not null && _ports.TryReopen(
            _connect, _relay.ServerOf(slot), former, used, now, out socket, out _refusal);
        while (!isOpen && listener is not null && _refusal.IsUnreachable && _relay.TryNextServer(slot, now))
        {
            isOpen = _ports.TryReopen(
                _connect, _relay.ServerOf(slot), former, used, now, out socket, out _refusal);
        }

        if (socket is null)
        {
            _relay.OpenFailed(slot);
            HandleEvents(now);
            return false;
        }

        PortableEngineUpstream upstream = Begin(slot, socket, listener!, record.Source.ToEndPoint().Serialize());
        _relay.Restored(slot, upstream.Port, record.UpstreamPort);
        HandleEvents(now);
        return true;
    }
}
