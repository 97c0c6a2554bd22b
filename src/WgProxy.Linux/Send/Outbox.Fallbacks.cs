using System.Runtime.CompilerServices;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Send;

// Sending, and the fallbacks for what the kernel refuses.
internal sealed partial class Outbox
{
    /// <summary>Sends the whole batch and empties it. Messages of one socket share a call, and single messages of several
    /// sockets without control messages share another.</summary>
    private void SendAll()
    {
        if (_rings && _ring is null && _batch.Count > 1 && ++_batchesWithoutRing == BatchesWithoutRing)
        {
            _batchesWithoutRing = 0;
            _ring = SendRing.Open(SendBatch.Capacity);
        }

        for (int from = 0; from < _batch.Count;)
        {
            int descriptor = DescriptorOf(from);
            int end = from + 1;
            while (end < _batch.Count && DescriptorOf(end) == descriptor)
            {
                end++;
            }

            if (_ring is not null && end - from == 1 && _batch.IsPlain(from))
            {
                _batch.AddTo(_ring, from, descriptor);
            }
            else
            {
                Send(_batch, from, end, descriptor, again: false);
            }

            from = end;
        }

        if (_ring is { Count: 1 })
        {
            int only = _ring.MessageOf(0);
            _ring.Clear();
            Send(_batch, only, only + 1, DescriptorOf(only), again: false);
        }
        else if (_ring is { Count: > 1 })
        {
            SendTogether(_ring);
        }

        _batch.Clear();
    }

    private void SendTogether(SendRing ring)
    {
        bool works = ring.TrySubmit();
        for (int i = 0; i < ring.Count; i++)
        {
            int message = ring.MessageOf(i);
            int error = ring.ErrorOf(i);
            if (error == EAGAIN)
            {
                _counters.Count(EngineFault.SendFailed);
            }
            else if (error != 0)
            {
                Send(_batch, message, message + 1, DescriptorOf(message), again: error is not (SendRing.Unsent or ENOBUFS));
            }
        }

        ring.Clear();
        if (!works)
        {
            ring.Dispose();
            _ring = null;
        }
    }

    private void CountLost(in Train train) => _counters.Count(_destinations[train.Slot].Lost, train.Datagrams);

    private int DescriptorOf(int message) => _destinations[_batch.TrainOf(message).Slot].Descriptor;

    private void SendPlain(int descriptor)
    {
        Send(_singles, 0, _singles.Count, descriptor, again: false);
        _singles.Clear();
    }

    /// <summary>Sends messages by one socket, whatever the kernel answers.</summary>
    /// <param name="batch">The messages.</param>
    /// <param name="from">The first.</param>
    /// <param name="end">The first that is not to be sent.</param>
    /// <param name="descriptor">The socket.</param>
    /// <param name="again">Whether the first was already refused, with an error that may belong to an earlier datagram.</param>
    private void Send(SendBatch batch, int from, int end, int descriptor, bool again)
    {
        bool elsewhere = false;
        for (int at = from; at < end;)
        {
            int sent = batch.Send(descriptor, at, end, out int error);
            at += sent;
            if (sent > 0)
            {
                if (again)
                {
                    _counters.Count(EngineFault.SendRetried);
                }
                else if (elsewhere)
                {
                    _counters.Count(EngineFault.LocalAddressLost);
                }

                again = elsewhere = false;
            }
            else if (error == EAGAIN)
            {
                // The socket's buffer is full, and still will be a microsecond later. As on a full link, the rest is lost.
                for (; at < end; at++)
                {
                    CountLost(batch.TrainOf(at));
                }
            }
            else if (!again && MayBeAnEarlierOnes(error, batch.TrainOf(at)))
            {
                again = true;
            }
            else if (TryWithoutLocal(batch, at, error))
            {
                elsewhere = true;
            }
            else
            {
                again = elsewhere = false;
                if (batch.TrainOf(at).IsSegmented)
                {
                    SendPlainly(at, descriptor, error);
                }
                else
                {
                    CountLost(batch.TrainOf(at));
                }

                at++;
            }
        }
    }

    /// <summary>Whether an error may belong to an earlier datagram, brought by ICMP. This datagram was then
    /// not sent and deserves one more try. EMSGSIZE is among them: a forged "fragmentation needed" brings it even to a socket that
    /// ignores it (Linux 6.18), and it must not count as the link's answer about a train. Errors that ICMP never brings belong to
    /// this send.</summary>
    private bool MayBeAnEarlierOnes(int error, in Train train) =>
        _clients is null && error != ENOBUFS && !(train.IsSegmented && error is EIO or EINVAL);

    /// <summary>The kernel does not send from the address that the client uses. The address may be away, or the route:
    /// on IPv4 the error is the same. Datagrams are lost meanwhile, as on any broken path. A client takes the source
    /// address of its server's data for the server's address, and would stay at another one that it can hear. Only after
    /// half a minute may the kernel choose another address.</summary>
    private bool TryWithoutLocal(SendBatch batch, int message, int error)
    {
        Train train = batch.TrainOf(message);
        if (error is not (EINVAL or ENETUNREACH or EADDRNOTAVAIL) || train.IsSegmented || LocalOf(train.Slot).IsEmpty)
        {
            return false;
        }

        ref Destination destination = ref _destinations[train.Slot];
        destination.IsRefused = true;
        if (destination.AwaySince == default)
        {
            destination.AwaySince = Now;
        }

        if (Now - destination.AwaySince < AwayForGood)
        {
            return false;
        }

        destination.IsElsewhere = true;
        WithoutLocal(batch, message, train.Slot);
        return true;
    }

    private void WithoutLocal(SendBatch batch, int from, int slot)
    {
        for (int later = from; later < batch.Count; later++)
        {
            if (batch.TrainOf(later).Slot == slot)
            {
                batch.WriteControl(later, _destinations[slot].IsIPv4, default);
            }
        }
    }

    /// <summary>A segmented send was refused. The same bytes are sent again, one datagram each. If the kernel takes those, it
    /// refused the segments.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SendPlainly(int message, int descriptor, int error)
    {
        Train train = _batch.TrainOf(message);
        ref Destination destination = ref _destinations[train.Slot];
        long failed = _counters[destination.Lost];
        bool hadLocal = !LocalOf(train.Slot).IsEmpty;
        _batch.Split(message, train, _singles, destination.IsIPv4, LocalOf(train.Slot));
        SendPlain(descriptor);
        if (hadLocal && LocalOf(train.Slot).IsEmpty)
        {
            WithoutLocal(_batch, message + 1, train.Slot);
            return;
        }

        // Other errors about a train do not concern segments: no memory, a filter, a lost route.
        if (_counters[destination.Lost] - failed == train.Datagrams || error is not (EIO or EINVAL or EMSGSIZE))
        {
            return;
        }

        bool narrower = error == EMSGSIZE || (error == EINVAL && ++destination.Refusals < Patience);
        destination.MaxStride = narrower ? (ushort)Math.Min(destination.MaxStride, train.Stride - 1) : (ushort)0;
        _counters.Count(narrower ? EngineFault.StrideLowered : EngineFault.OffloadWithdrawn);
    }
}
