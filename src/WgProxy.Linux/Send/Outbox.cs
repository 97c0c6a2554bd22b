using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Send;

/// <summary>
/// Collects the sends of one batch of receives by slot, in order within a slot. It joins neighbours into trains and
/// sends them. Whatever the kernel answers, every datagram is either sent or counted, and no mapping ends.
/// On the uplink, each slot has its own connected socket. On the downlink, all slots share a listening socket and are addressed.
/// </summary>
internal sealed partial class Outbox : IDisposable
{
    private const int Pieces = 256;

    // If segments are too large for a link, the kernel answers EINVAL before Linux 6.14 and EMSGSIZE since. So EINVAL lowers the stride
    // first. Only a repeated EINVAL means that the destination takes no trains.
    private const int Patience = 3;
    private const int RefusedRuns = 4096;

    // A system may lack the memory for a ring for a moment. Asking again costs two or three system calls.
    private const int BatchesWithoutRing = 4096;

    // By then an interface has been set up anew, or a virtual address has moved to another host. An
    // unanswered client asks again after 15 s (KEEPALIVE_TIMEOUT + REKEY_TIMEOUT), and is served there.
    private const long AwayForGood = 30_000;

    private readonly Destination[] _destinations;
    private readonly Piece[] _pieces = new Piece[Pieces];
    private readonly int[] _touched = new int[Pieces];
    private readonly SendBatch _batch = new();
    private readonly SendBatch _singles = new();
    private readonly RelayCounters _counters;
    private readonly SizeCounts _trains;
    private readonly ClientTable? _clients;
    private readonly bool _mustEndShort;
    private readonly bool _rings;
    private SendRing? _ring;
    private int _pieceCount;
    private int _touchedCount;
    private int _batchesWithoutRing;

    /// <summary>An empty outbox.</summary>
    /// <param name="slots">How many slots there are.</param>
    /// <param name="counters">The counters for refusals.</param>
    /// <param name="mustEndShort">Whether this kernel corrupts trains of equal segments.</param>
    /// <param name="clients">The destinations of slots; null for connected sockets.</param>
    /// <param name="rings">Whether sends by many sockets may go together.</param>
    public Outbox(int slots, RelayCounters counters, bool mustEndShort, ClientTable? clients, bool rings = false)
    {
        _destinations = new Destination[slots];
        _counters = counters;
        _mustEndShort = mustEndShort;
        _clients = clients;
        _trains = clients is null ? counters.UplinkTrains : counters.DownlinkTrains;
        _rings = rings;
        _ring = rings ? SendRing.Open(SendBatch.Capacity) : null;
    }

    /// <summary>Whether sends by many sockets go together at the moment.</summary>
    public bool HasRing => _ring is not null;

    /// <summary>The instant of the turn.</summary>
    public Tick Now { get; set; }

    /// <summary>Whether anything waits to be sent.</summary>
    public bool IsEmpty => _pieceCount == 0;

    /// <summary>Begins a slot, about whose destination nothing is known.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="descriptor">The socket to send by.</param>
    /// <param name="isIPv4">Its IP version.</param>
    /// <param name="segments">Whether trains may be tried.</param>
    public void Begin(int slot, int descriptor, bool isIPv4, bool segments) =>
        _destinations[slot] = new Destination
        {
            Descriptor = descriptor,
            IsIPv4 = isIPv4,
            Lost = EngineFault.SendFailed,
            MaySegment = segments,
            MaxStride = segments ? (ushort)TrainLimits.MaxBytesIPv6 : (ushort)0,
            First = -1,
        };

    /// <summary>Sends to a slot's destination through another socket from now on.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="descriptor">The socket.</param>
    /// <param name="lost">The fault that counts a datagram which the socket does not take.</param>
    public void Use(int slot, int descriptor, EngineFault lost)
    {
        _destinations[slot].Descriptor = descriptor;
        _destinations[slot].Lost = lost;
    }

    /// <summary>Adds a run. Its bytes must stay until <see cref="Flush"/>.</summary>
    public void Add(in Run run, nint address)
    {
        if (_pieceCount == Pieces)
        {
            Flush();
        }

        ref Destination destination = ref _destinations[run.Slot];
        if (destination.First < 0)
        {
            destination.First = _pieceCount;
            _touched[_touchedCount++] = run.Slot;
        }
        else
        {
            _pieces[destination.Last].Next = _pieceCount;
        }

        destination.Last = _pieceCount;
        _pieces[_pieceCount++] = new Piece { Run = run, Address = address, Next = -1 };
    }

    /// <summary>Sends everything.</summary>
    public void Flush()
    {
        for (int i = 0; i < _touchedCount; i++)
        {
            Load(_touched[i]);
            _destinations[_touched[i]].First = -1;
        }

        SendAll();
        _pieceCount = _touchedCount = 0;
    }

    /// <summary>Frees the batches.</summary>
    public void Dispose()
    {
        _batch.Dispose();
        _singles.Dispose();
        _ring?.Dispose();
    }

    private void Load(int slot)
    {
        ref Destination destination = ref _destinations[slot];
        if (destination.AwaySince != default)
        {
            AskAgain(ref destination);
        }

        nint name = _clients?.NameOf(slot) ?? 0;
        Train train = default;
        for (int piece = destination.First; piece >= 0; piece = _pieces[piece].Next)
        {
            Run rest = _pieces[piece].Run;
            nint address = _pieces[piece].Address;
            Reconsider(ref destination, rest);
            TrainLimits limits = LimitsOf(destination);
            while (rest.Length > 0)
            {
                int length = rest.Length;
                if (!train.IsEmpty && _batch.HasVector && Coalescer.TryJoin(ref train, rest, limits))
                {
                    _batch.Append(address, length);
                    break;
                }

                Seal(train, limits);
                if (!_batch.HasRoom)
                {
                    SendAll();
                    limits = LimitsOf(destination);
                }

                length = Coalescer.Fit(rest, limits);
                train = new Train(rest.Until(length));
                _batch.Begin(name);
                _batch.Append(address, length);
                rest = rest.From(length);
                address += length;
            }
        }

        Seal(train, LimitsOf(destination));
    }

    // A link may change, and the kernel forgets forged messages. So a refused stride is tried again now and then.
    private static void Reconsider(ref Destination destination, in Run run)
    {
        if (destination.MaySegment && run.First > destination.MaxStride && ++destination.Refused == RefusedRuns)
        {
            destination.MaxStride = TrainLimits.MaxBytesIPv6;
            destination.Refusals = 0;
            destination.Refused = 0;
        }
    }

    // Each batch begins with the address that the client uses. If the previous batch was not refused, the address is back.
    private static void AskAgain(ref Destination destination)
    {
        destination.AwaySince = destination.IsRefused ? destination.AwaySince : default;
        destination.IsRefused = destination.IsElsewhere = false;
    }

    private void Seal(in Train train, in TrainLimits limits)
    {
        if (train.IsEmpty)
        {
            return;
        }

        ref readonly Destination destination = ref _destinations[train.Slot];
        if (Coalescer.MayLeaveWhole(train, limits))
        {
            _batch.Seal(train, destination.IsIPv4, LocalOf(train.Slot));
            _trains.Count(train.Datagrams);
            return;
        }

        _trains.Count(1, train.Datagrams);

        _batch.Split(_batch.Count, train, _singles, destination.IsIPv4, LocalOf(train.Slot));
        SendAll();
        SendPlain(destination.Descriptor);
    }

    private ReadOnlySpan<byte> LocalOf(int slot) =>
        _clients is null || _destinations[slot].IsElsewhere ? default : _clients.LocalOf(slot);

    private TrainLimits LimitsOf(in Destination destination) =>
        new(
            destination.IsIPv4 ? TrainLimits.MaxBytesIPv4 : TrainLimits.MaxBytesIPv6,
            destination.MaxStride,
            _mustEndShort);

    private struct Piece
    {
        public Run Run;
        public nint Address;
        public int Next;
    }

    private struct Destination
    {
        public int Descriptor;
        public int First;
        public int Last;
        public Tick AwaySince;
        public ushort MaxStride;
        public ushort Refused;
        public byte Refusals;
        public EngineFault Lost;
        public bool MaySegment;
        public bool IsRefused;
        public bool IsElsewhere;
        public bool IsIPv4;
    }
}
