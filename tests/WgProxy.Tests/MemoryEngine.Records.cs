using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Tests;

// The journal, and mappings that go on from records.
internal sealed partial class MemoryEngine
{
    private readonly RestoreLine _restores;
    private RecordLine? _records;
    private DirectoryLine? _directory;

    /// <inheritdoc/>
    void IEngine.Restore(RestoreBatch batch)
    {
        batch.Begin();
        if (_stopped || Listening.Count == 0)
        {
            batch.End(RestoreOutcome.NotRunning);
            return;
        }

        // There is one thread, so there is never another that waits.
        _ = _restores.Post(batch);
        while (_restores.Continue(_relay, _now))
        {
            HandleEvents();
        }

        HandleEvents();
        WriteRecords();
    }

    /// <inheritdoc/>
    bool IEngine.Tell(DirectoryAnswer answer)
    {
        bool told = !_stopped && _directory?.Post(answer) == true;
        WriteRecords();
        return told;
    }

    private void PrepareRecords()
    {
        if (_settings.Directory is DirectorySettings directory)
        {
            _directory = new DirectoryLine(directory, owner: 0);
            _relay.KeepDirectory();
        }

        if (_settings.Journal is JournalSettings journal)
        {
            _records = new RecordLine(journal, slot => NumberOf(_upstreams[slot]!.Local.Address));
            _relay.KeepJournal();
        }
    }

    private void WriteRecords()
    {
        while (_records?.Continue(_relay, _now) == _now || _directory?.Continue(_relay, _now) == true)
        {
        }
    }

    private static UInt128 NumberOf(IPAddress address) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(address.MapToIPv6().GetAddressBytes());

    private bool Reopen(int slot, in MappingRecord record, Tick now)
    {
        IPEndPoint listening = Listening[new ListenPlaces(Listening, knowsLocal: false).Of(record.Source)];
        UpstreamEnd former = new(record.UpstreamLocal, record.UpstreamPort);
        bool used = record.Has(RecordMarks.ServerUsedPort);
        if (!_ports.TryReopen<IPEndPoint>(TryBind, ServerOf(slot), former, used, now, out IPEndPoint? bound, out _))
        {
            _relay.OpenFailed(slot);
            HandleEvents();
            return false;
        }

        Upstream upstream = Begin(slot, bound, record.Source.ToEndPoint(), listening);
        _relay.Restored(slot, (ushort)upstream.Local.Port, record.UpstreamPort);
        HandleEvents();
        return true;
    }
}
