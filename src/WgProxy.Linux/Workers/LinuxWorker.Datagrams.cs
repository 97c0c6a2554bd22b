using System.Runtime.CompilerServices;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Native;
using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Workers;

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
        ReadOnlySpan<byte> local = listener.Role == ListenRole.Bare ? listener.DefaultLocal.Local : control.Local;
        if (_fromClients.IsTruncated(place))
        {
            _relay.Counters.Count(Direction.Uplink, Verdict.Truncated, 1, run.Length);
            return;
        }

        nint address = _fromClients.AddressOf(place);
        int stride = control.Stride > 0 ? control.Stride : run.Length;
        int datagrams = run.Length <= stride ? 1 : (run.Length + stride - 1) / stride;
        _datagrams += datagrams;
        if (control.IsToGroup || (listener.Role == ListenRole.Bare && (run.IsEmpty || (local.IsEmpty && listener.DefaultLocal.IsAsked))))
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
                Reply(listener, place, local, source, decision.Slot, now);
            }

            bool leaves = decision.Verdict == Verdict.Forward
                || (decision.Verdict == Verdict.Open && Open(decision.Slot, listener, place, local, now));
            if (leaves)
            {
                if (listener.Role == ListenRole.WithMetadata && control.Ecn == 0)
                {
                    listener.NoteLocal(local);
                }

                _toServers.Add(new Run(decision.Slot, decision.Length, stride, control.Ecn), address);
            }

            run = run[decision.Length..];
            address += decision.Length;
        }
        while (run.Length > 0);
    }

    // A client that has shown that it receives is not a stranger because somebody forges its address.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Reply(ListenSocket listener, int place, ReadOnlySpan<byte> local, in Source source, int slot, Tick now)
    {
        if (!_replies.HasRoom)
        {
            SendReplies(listener);
        }

        int socket = slot >= 0 && _upstreams[slot].IsProven ? StrangerSpread.Buffers : listener.Strangers.Of(source, now);
        _replies.Add(_relay.Reply, _fromClients.NameOf(place), listener.Socket.IsIPv4, local, socket);
    }

    private void SendReplies(ListenSocket listener)
    {
        int lost = _replies.Flush(listener.Strangers.Descriptors, listener.Socket.Descriptor);
        if (lost > 0)
        {
            _relay.Counters.Count(EngineFault.StrangerUnanswered, lost);
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
                if (!_upstreams[slot].IsProven)
                {
                    UseStrangers(slot, now);
                }

                _toClients.Add(new Run(slot, decision.Length, stride, control.Ecn), address);
            }

            run = run[decision.Length..];
            address += decision.Length;
        }
        while (run.Length > 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void UseStrangers(int slot, Tick now)
    {
        StrangerSockets strangers = _upstreams[slot].Listener.Strangers;
        if (_relay.HasShownCookie(slot))
        {
            _toClients.Use(slot, DescriptorOf(ListenRole.WithMetadata, strangers), EngineFault.SendFailed);
            return;
        }

        int socket = strangers.Of(_relay.SourceOf(slot), now);
        _toClients.Use(slot, strangers.Descriptors[socket], EngineFault.StrangerUnanswered);
    }

    /// <summary>The client of a mapping is proven: it is answered by a listening socket from now on. Those that have used what
    /// the server answered, and those that only the server has followed to an address, or that have shown a cookie, have one
    /// each: whoever has keys of the server's can make it follow him to addresses that nobody has.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Prove(in RelayEvent change)
    {
        ref Upstream upstream = ref _upstreams[change.Slot];
        if (!upstream.IsProven)
        {
            ListenRole intake = change.Kind == RelayEventKind.Established ? ListenRole.Initiations : ListenRole.WithMetadata;
            upstream.IsProven = true;
            _toClients.Use(change.Slot, DescriptorOf(intake, upstream.Listener.Strangers), EngineFault.SendFailed);
        }
    }

    // This worker's socket of the listening address that has these strangers.
    private int DescriptorOf(ListenRole intake, StrangerSockets strangers)
    {
        for (int i = 0; i < _listeners.Count; i++)
        {
            if (_listeners[i].Role == intake && _listeners[i].Strangers == strangers)
            {
                return _listeners[i].Socket.Descriptor;
            }
        }

        throw new InvalidOperationException("A listening address lacks a socket.");
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
