using System.Runtime.CompilerServices;
using WgProxy.Core;
using WgProxy.Core.Batching;
using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux;

/// <summary>
/// Collects what one batch of receives has to send, by slot and in order within a slot, joins neighbours into trains and
/// sends them. Whatever the kernel answers, every datagram is either sent or counted; nothing here ends anything.
/// Uplink, each slot has its own connected socket; downlink, all share a listening socket and are addressed.
/// </summary>
internal sealed class Outbox : IDisposable
{
    private const int Pieces = 256;

    // A link whose segments are too large answers EINVAL before Linux 6.14 and EMSGSIZE since: so EINVAL lowers the stride
    // first, and only one that comes again and again means that the destination takes no trains.
    private const int Patience = 3;
    private const int RefusedRuns = 4096;

    private readonly Destination[] _destinations;
    private readonly Piece[] _pieces = new Piece[Pieces];
    private readonly int[] _touched = new int[Pieces];
    private readonly SendBatch _batch = new();
    private readonly SendBatch _plain = new();
    private readonly RelayCounters _counters;
    private readonly ClientTable? _clients;
    private readonly bool _mustEndShort;
    private int _pieceCount;
    private int _touchedCount;

    /// <summary>An empty outbox.</summary>
    /// <param name="slots">How many slots there are.</param>
    /// <param name="counters">Where refusals are counted.</param>
    /// <param name="mustEndShort">Whether this kernel corrupts trains of equal segments.</param>
    /// <param name="clients">Where slots are addressed to; null for connected sockets.</param>
    public Outbox(int slots, RelayCounters counters, bool mustEndShort, ClientTable? clients)
    {
        _destinations = new Destination[slots];
        _counters = counters;
        _mustEndShort = mustEndShort;
        _clients = clients;
    }

    /// <summary>Whether anything waits to be sent.</summary>
    public bool IsEmpty => _pieceCount == 0;

    /// <summary>A slot begins: nothing is known about its destination.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="descriptor">The socket to send by.</param>
    /// <param name="isIPv4">Its IP version.</param>
    /// <param name="segments">Whether trains may be tried.</param>
    public void Begin(int slot, int descriptor, bool isIPv4, bool segments) =>
        _destinations[slot] = new Destination
        {
            Descriptor = descriptor,
            IsIPv4 = isIPv4,
            MaySegment = segments,
            MaxStride = segments ? (ushort)TrainLimits.MaxBytesIPv6 : (ushort)0,
            First = -1,
        };

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
        int descriptor = -1;
        for (int i = 0; i < _touchedCount; i++)
        {
            ref Destination destination = ref _destinations[_touched[i]];
            if (destination.Descriptor != descriptor)
            {
                Send(_batch, descriptor);
                descriptor = destination.Descriptor;
            }

            Load(_touched[i]);
            destination.First = -1;
        }

        Send(_batch, descriptor);
        _pieceCount = _touchedCount = 0;
    }

    /// <summary>Frees the batches.</summary>
    public void Dispose()
    {
        _batch.Dispose();
        _plain.Dispose();
    }

    private void Load(int slot)
    {
        ref Destination destination = ref _destinations[slot];
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
                    Send(_batch, destination.Descriptor);
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

    // A link may change, and a forged message be forgotten by the kernel: now and then a refused stride is tried again.
    private static void Reconsider(ref Destination destination, in Run run)
    {
        if (destination.MaySegment && run.First > destination.MaxStride && ++destination.Refused == RefusedRuns)
        {
            destination.MaxStride = TrainLimits.MaxBytesIPv6;
            destination.Refusals = 0;
            destination.Refused = 0;
        }
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
            return;
        }

        _batch.Split(_batch.Count, train, _plain, destination.IsIPv4, LocalOf(train.Slot));
        Send(_batch, destination.Descriptor);
        Send(_plain, destination.Descriptor);
    }

    /// <summary>Sends a batch to its end and empties it.</summary>
    private void Send(SendBatch batch, int descriptor)
    {
        bool again = false;
        for (int at = 0; at < batch.Count;)
        {
            int sent = batch.Send(descriptor, at, out int error);
            at += sent;
            if (sent > 0)
            {
                if (again)
                {
                    _counters.Count(EngineFault.SendRetried);
                    again = false;
                }
            }
            else if (error == EAGAIN)
            {
                // The socket's buffer is full, and will be a microsecond later: as on a full link, the rest is lost.
                for (; at < batch.Count; at++)
                {
                    _counters.Count(EngineFault.SendFailed, batch.TrainOf(at).Datagrams);
                }
            }
            else if (!again && MayBeAnEarlierOnes(error, batch.TrainOf(at)))
            {
                again = true;
            }
            else if (!TryWithoutLocal(batch, at, error))
            {
                again = false;
                if (batch.TrainOf(at).IsSegmented)
                {
                    SendPlainly(at, descriptor, error);
                }
                else
                {
                    _counters.Count(EngineFault.SendFailed);
                }

                at++;
            }
        }

        batch.Clear();
    }

    /// <summary>The error of a connected socket may be that of an earlier datagram, brought by ICMP, and then this one was
    /// not sent: worth one more try. So may EMSGSIZE: a forged "fragmentation needed" brings it even to a socket that does
    /// not believe it (Linux 6.18), and must not be taken for the link's word about a train. What ICMP never brings is
    /// about this send.</summary>
    private bool MayBeAnEarlierOnes(int error, in Train train) =>
        _clients is null && error != ENOBUFS && !(train.IsSegmented && error is EIO or EINVAL);

    /// <summary>The address that a client used may have left this host: then the kernel chooses another.</summary>
    private bool TryWithoutLocal(SendBatch batch, int message, int error)
    {
        Train train = batch.TrainOf(message);
        if (error is not (EINVAL or ENETUNREACH or EADDRNOTAVAIL) || train.IsSegmented || LocalOf(train.Slot).IsEmpty)
        {
            return false;
        }

        _clients!.ForgetLocal(train.Slot);
        _counters.Count(EngineFault.LocalAddressLost);
        for (int later = message; later < batch.Count; later++)
        {
            if (batch.TrainOf(later).Slot == train.Slot)
            {
                batch.WriteControl(later, _destinations[train.Slot].IsIPv4, default);
            }
        }

        return true;
    }

    /// <summary>A segmented send was refused: the same bytes again, one datagram each. If those are taken, it was the
    /// segments that were not.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SendPlainly(int message, int descriptor, int error)
    {
        Train train = _batch.TrainOf(message);
        ref Destination destination = ref _destinations[train.Slot];
        long failed = _counters[EngineFault.SendFailed];
        bool hadLocal = !LocalOf(train.Slot).IsEmpty;
        _batch.Split(message, train, _plain, destination.IsIPv4, LocalOf(train.Slot));
        Send(_plain, descriptor);
        if (_counters[EngineFault.SendFailed] - failed == train.Datagrams || hadLocal != !LocalOf(train.Slot).IsEmpty)
        {
            return;
        }

        bool narrower = error == EMSGSIZE || (error == EINVAL && ++destination.Refusals < Patience);
        destination.MaxStride = narrower ? (ushort)Math.Min(destination.MaxStride, train.Stride - 1) : (ushort)0;
        _counters.Count(narrower ? EngineFault.StrideLowered : EngineFault.OffloadWithdrawn);
    }

    private ReadOnlySpan<byte> LocalOf(int slot) => _clients is null ? default : _clients.LocalOf(slot);

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
        public ushort MaxStride;
        public ushort Refused;
        public byte Refusals;
        public bool MaySegment;
        public bool IsIPv4;
    }
}
