using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Workers;

// The journal: records of this worker's mappings, and mappings that go on from records.
internal sealed partial class LinuxWorker
{
    private HeldSockets? _held;
    private ListenSocket[] _withMetadata = [];
    private ListenPlaces _places = new([], knowsLocal: true);
    private RecordLine? _records;
    private RestoreLine? _restores;
    private DirectoryLine? _directory;
    private bool _isLent;

    // Whether the wake-up rang: commands, queries or records may have come.
    private bool _isRung;
    private bool _isRestoring;

    /// <summary>Begins the journal, if there is one, and takes batches from now on. Before the thread is started.</summary>
    /// <param name="number">The worker's number.</param>
    /// <param name="isOwn">Whether a source is steered to this worker.</param>
    /// <param name="done">Told, on the thread, when this worker's part of a batch is done.</param>
    /// <param name="held">The sockets of records that are held; null for none.</param>
    public void PrepareRecords(int number, Func<Source, bool> isOwn, Action<RestoreBatch> done, HeldSockets? held)
    {
        _held = held;
        FindPlaces();
        _restores = new RestoreLine(isOwn, Reopen, done, (in MappingRecord record, Relay relay) => _places.Place(record, relay), held is null ? null : () => held.IsDone);
        if (_settings.Journal is JournalSettings journal)
        {
            _records = new RecordLine(journal, LocalOf);
            _relay.KeepJournal();
        }

        if (_settings.Directory is DirectorySettings directory)
        {
            _directory = new DirectoryLine(directory, number);
            _relay.KeepDirectory();
        }
    }

    /// <summary>Tells of a tunnel that was found, and wakes the thread. May be called from any thread.</summary>
    public bool Tell(DirectoryAnswer answer)
    {
        bool told = _directory?.Post(answer) == true;
        if (told)
        {
            _wake.Ring();
        }

        return told;
    }

    /// <summary>Leaves a batch of records and wakes the thread. May be called from any thread.</summary>
    public RestoreOutcome Lend(RestoreBatch batch)
    {
        RestoreOutcome outcome = _restores!.Post(batch);
        if (outcome == RestoreOutcome.Waiting)
        {
            _wake.Ring();
        }

        return outcome;
    }

    /// <summary>All ports are held: mappings may be restored in their turn. May be called from any thread.</summary>
    public void GoOnRestoring() => _wake.Ring();

    /// <summary>The thread has ended: takes no batch any more.</summary>
    /// <param name="unfinished">Told of one that still waits.</param>
    public void CloseRecords(Action<RestoreBatch> unfinished) => _restores!.Close(unfinished);

    /// <summary>Restores, and then writes, and then seeks, for one turn. When there is more to do.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Tick ContinueRecords(Tick now)
    {
        _isLent = _isLent && _restores!.Continue(_relay, now);
        Tick next = _records?.Continue(_relay, now) ?? Tick.Never;
        _isLent |= _directory?.Continue(_relay, now) == true;
        return _isLent ? now : next;
    }

    private UInt128 LocalOf(int slot) =>
        (_upstreams[slot].Socket.IsIPv4 && _upstreams[slot].Local != 0 ? UpstreamEnd.Mapped : 0) | _upstreams[slot].Local;

    /// <summary>Opens the socket of a restored mapping: by its own port, or by another if that is taken.</summary>
    private bool Reopen(int slot, in MappingRecord record, Tick now)
    {
        int place = _places.Of(record.Source);
        ListenSocket? listener = place < 0 ? null : _withMetadata[place];

        UpstreamEnd former = new(record.UpstreamLocal, record.UpstreamPort);
        UdpDescriptor socket = default;
        bool used = record.Has(RecordMarks.ServerUsedPort);
        bool isOpen = listener is not null
            && _ports.TryReopen(_connect, _relay.ServerOf(slot), former, used, now, out socket, out _refusal);
        while (!isOpen && listener is not null && _refusal.IsUnreachable && _relay.TryNextServer(slot, now))
        {
            isOpen = _ports.TryReopen(_connect, _relay.ServerOf(slot), former, used, now, out socket, out _refusal);
        }

        isOpen = isOpen && TryWatch(slot, socket, used, now);
        if (!isOpen)
        {
            _relay.OpenFailed(slot);
            HandleEvents(now);
            return false;
        }

        Span<byte> bytes = stackalloc byte[16];
        IPAddress local = record.Source.Local;
        int length = listener!.Own.Length > 0 || local.Equals(IPAddress.IPv6Any) || !local.TryWriteBytes(bytes, out int written) ? 0 : written;
        _clients.Set(slot, record.Source.ToEndPoint(), bytes[..length]);
        ushort port = Begin(slot, socket, listener, bytes[..length]);
        _relay.Restored(slot, port, record.UpstreamPort);
        HandleEvents(now);
        return true;
    }
}
