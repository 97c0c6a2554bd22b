using System.Runtime.CompilerServices;
using WgProxy.Core;
using WgProxy.Core.Batching;
using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux;

// What arrives, and where it goes.
internal sealed partial class LinuxWorker
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int ReadClients(ListenSocket listener, int most, Tick now)
    {
        int count = _fromClients.Receive(listener.Socket.Descriptor, Math.Min(most, _fromClients.Width), out int error);
        if (error is not (0 or EAGAIN))
        {
            ClientsFailed(listener, now);
        }
        else if (count > 0)
        {
            listener.Failures = 0;
        }

        _datagrams = 0;
        if (count > 0)
        {
            listener.ReadAt = now;
        }

        for (int place = 0; place < count; place++)
        {
            FromClient(listener, place, now);
        }

        _toServers.Flush();
        SendReplies(listener);
        _fromClients.Clear();
        return count;
    }

    private void FromClient(ListenSocket listener, int place, Tick now)
    {
        ReadOnlySpan<byte> run = _fromClients.BytesOf(place);
        Received control = _fromClients.ControlOf(place);
        ReadOnlySpan<byte> local = listener.Intake == Intake.Plain ? listener.Home.Local : control.Local;
        if (_fromClients.IsTruncated(place))
        {
            _relay.Counters.Count(Direction.Uplink, Verdict.Truncated, 1, run.Length);
            return;
        }

        nint address = _fromClients.AddressOf(place);
        int stride = control.Stride > 0 ? control.Stride : run.Length;
        int datagrams = run.Length <= stride ? 1 : (run.Length + stride - 1) / stride;
        _datagrams += datagrams;
        if (control.IsToGroup || (listener.Intake == Intake.Plain && (run.IsEmpty || (local.IsEmpty && listener.Home.IsAsked))))
        {
            // Each socket of every worker has a copy: whoever answered would answer many times.
            _relay.Counters.Count(Direction.Uplink, Verdict.NotUnicast, datagrams, run.Length);
            return;
        }

        Source source = KernelAddress.ToSource(_fromClients.NameOf(place), local);
        do
        {
            Decision decision = _relay.FromClient(run, stride, source, now);
            HandleEvents(now);
            if (decision.Verdict == Verdict.Reply)
            {
                Reply(listener, place, local);
            }

            bool leaves = decision.Verdict == Verdict.Forward
                || (decision.Verdict == Verdict.Open && Open(decision.Slot, listener, place, local, now));
            if (leaves)
            {
                if (listener.Intake == Intake.Told && control.Ecn == 0)
                {
                    listener.NoteTold(local);
                }

                _toServers.Add(new Run(decision.Slot, decision.Length, stride, control.Ecn), address);
            }

            run = run[decision.Length..];
            address += decision.Length;
        }
        while (run.Length > 0);
    }

    private void Reply(ListenSocket listener, int place, ReadOnlySpan<byte> local)
    {
        if (!_replies.HasRoom)
        {
            SendReplies(listener);
        }

        _replies.Add(_relay.Reply, _fromClients.NameOf(place), listener.Socket.IsIPv4, local);
    }

    private void SendReplies(ListenSocket listener)
    {
        int lost = _replies.Flush(listener.Socket.Descriptor);
        if (lost > 0)
        {
            _relay.Counters.Count(EngineFault.SendFailed, lost);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private int ReadServer(int slot, Tick now)
    {
        if (!_upstreams[slot].IsOpen)
        {
            return 0;
        }

        if (_fromServers.Room == 0)
        {
            AnswerClients();
        }

        int place = _fromServers.Count;
        int count = _fromServers.Receive(
            _upstreams[slot].Socket.Descriptor, Math.Min(_fromServers.Room, _fromServers.Width), out int error);
        if (error is not (0 or EAGAIN))
        {
            // What ICMP says about an earlier datagram. It is taken by reading it; the mapping lives.
            ServerFailed(slot, now);
        }
        else if (count > 0)
        {
            _upstreams[slot].Failures = 0;
        }

        for (int i = 0; i < count; i++)
        {
            FromServer(slot, place + i, now);
        }

        return count;
    }

    private void FromServer(int slot, int place, Tick now)
    {
        ReadOnlySpan<byte> run = _fromServers.BytesOf(place);
        Received control = _fromServers.ControlOf(place);
        _upstreams[slot].Overflowed = Overflowed(_upstreams[slot].Overflowed, control.Overflowed);
        if (_fromServers.IsTruncated(place))
        {
            _relay.Counters.Count(Direction.Downlink, Verdict.Truncated, 1, run.Length);
            return;
        }

        nint address = _fromServers.AddressOf(place);
        int stride = control.Stride > 0 ? control.Stride : run.Length;
        do
        {
            Decision decision = _relay.FromServer(slot, run, stride, now);
            HandleEvents(now);
            if (decision.Verdict == Verdict.Forward)
            {
                _toClients.Add(new Run(slot, decision.Length, stride, control.Ecn), address);
            }

            run = run[decision.Length..];
            address += decision.Length;
        }
        while (run.Length > 0);
    }

    /// <summary>Sends what servers sent, of all mappings together, and makes room for more.</summary>
    private void AnswerClients()
    {
        _toClients.Flush();
        _fromServers.Clear();
    }

    private void CountOverflows()
    {
        // By number: an enumerator would be allocated, once a second.
        for (int i = 0; i < _listeners.Count; i++)
        {
            ListenSocket listener = _listeners[i];
            listener.Overflowed = Overflowed(listener.Overflowed, listener.Socket.Udp.Overflowed);
        }
    }

    // The kernel's number only grows, and wraps.
    private uint Overflowed(uint before, uint now)
    {
        if (now != 0 && now != before)
        {
            _relay.Counters.Count(EngineFault.ReceiveOverflowed, unchecked(now - before));
            return now;
        }

        return before;
    }
}
