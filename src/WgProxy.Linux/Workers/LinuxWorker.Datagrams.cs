using System.Runtime.CompilerServices;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Workers;

// What arrives, and where it is sent.
internal sealed partial class LinuxWorker
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int ReadClients(ListenSocket listener, Tick now)
    {
        int count = Receive(listener, _fromClients, now);
        for (int entry = 0; entry < count; entry++)
        {
            FromClient(listener, _fromClients, entry, judged: 0, ref _unlimited, now);
        }

        _toServers.Flush();
        SendReplies(listener);
        _fromClients.Clear();
        return count;
    }

    private int Receive(ListenSocket listener, ReceiveBatch batch, Tick now)
    {
        int count = batch.Receive(listener.Socket.Descriptor, batch.Width, out int error);
        if (error is not (0 or EAGAIN))
        {
            ClientsFailed(listener, now);
        }
        else if (count > 0)
        {
            listener.Failures = 0;
        }

        if (count > 0)
        {
            listener.ReadAt = now;
            _relay.Counters.UplinkBatches.Count(count);
            _isRestoring = _restores!.HasBatch;
        }

        return count;
    }

    /// <summary>Judges an entry's run from where it was judged to, for as long as there is a budget. Returns how far it is judged now.
    /// </summary>
    private int FromClient(ListenSocket listener, ReceiveBatch batch, int entry, int judged, ref InitiationBudget budget, Tick now)
    {
        ReadOnlySpan<byte> run = batch.BytesOf(entry);
        Received control = batch.ControlOf(entry);
        ReadOnlySpan<byte> local = listener.Role == ListenRole.Bare ? listener.DefaultLocal.Local : control.Local;
        if (batch.IsTruncated(entry))
        {
            _relay.Counters.Count(Direction.Uplink, Verdict.Truncated, 1, run.Length);
            return run.Length;
        }

        int stride = control.Stride > 0 ? control.Stride : run.Length;
        if (control.IsToGroup || (listener.Role == ListenRole.Bare && (run.IsEmpty || (local.IsEmpty && listener.DefaultLocal.IsWildcard))))
        {
            // Each socket of every worker has a copy, so an answer to each would be many answers.
            int datagrams = run.Length <= stride ? 1 : (run.Length + stride - 1) / stride;
            _relay.Counters.Count(Direction.Uplink, Verdict.NotUnicast, datagrams, run.Length);
            return run.Length;
        }

        nint name = batch.NameOf(entry);
        nint address = batch.AddressOf(entry) + judged;
        Source source = KernelAddress.ToSource(name, listener.Own.Length > 0 ? listener.Own : local, listener.Port);
        int length = run.Length;
        run = run[judged..];
        if (_isRestoring)
        {
            _restores!.RestoreClient(_relay, source, now);
        }

        do
        {
            long steps = _relay.KeySteps;
            Decision decision = _relay.FromClient(run, stride, source, now);
            budget.Take(_relay.KeySteps - steps);
            HandleEvents(now);
            if (decision.Verdict == Verdict.Reply)
            {
                Reply(listener, name, local, source, decision.Slot, now);
            }

            bool leaves = decision.Verdict == Verdict.Forward
                || (decision.Verdict == Verdict.Open && Open(decision.Slot, listener, name, local, now));
            if (leaves)
            {
                if (listener.Role == ListenRole.WithMetadata && control.Ecn == 0)
                {
                    listener.NoteLocal(local);
                }

                _toServers.Add(new Run(decision.Slot, decision.Length, stride, Congestion.Mark(control.Ecn, decision)), address);
            }

            run = run[decision.Length..];
            address += decision.Length;
        }
        while (run.Length > 0 && budget.IsLeft);
        return length - run.Length;
    }

    // A client that has shown that it receives does not become a stranger when an attacker forges its address.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Reply(ListenSocket listener, nint name, ReadOnlySpan<byte> local, in Source source, int slot, Tick now)
    {
        if (!_replies.HasRoom)
        {
            SendReplies(listener);
        }

        int socket = slot >= 0 && _upstreams[slot].IsProven ? StrangerSpread.Buffers : listener.Strangers.Of(source, now);
        if (socket < StrangerSpread.Buffers && !listener.Strangers.MayReply(socket, now))
        {
            _relay.Counters.Count(EngineFault.StrangerUnanswered);
            return;
        }

        _replies.Add(_relay.Reply, name, listener.Socket.IsIPv4, local, socket);
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

        int entry = _fromServers.Count;
        int count = _fromServers.Receive(
            _upstreams[slot].Socket.Descriptor, Math.Min(_fromServers.Room, _fromServers.Width), out int error);
        if (error is not (0 or EAGAIN))
        {
            // An ICMP error about an earlier datagram. Reading takes it, and the mapping lives on.
            ServerFailed(slot, now);
        }
        else if (count > 0)
        {
            _upstreams[slot].Failures = 0;
            _relay.Counters.DownlinkBatches.Count(count);
        }

        for (int i = 0; i < count; i++)
        {
            FromServer(slot, entry + i, now);
        }

        return count;
    }

    private void FromServer(int slot, int entry, Tick now)
    {
        ReadOnlySpan<byte> run = _fromServers.BytesOf(entry);
        Received control = _fromServers.ControlOf(entry);
        _upstreams[slot].Overflowed = Overflowed(_upstreams[slot].Overflowed, control.Overflowed);
        if (_fromServers.IsTruncated(entry))
        {
            _relay.Counters.Count(Direction.Downlink, Verdict.Truncated, 1, run.Length);
            return;
        }

        nint address = _fromServers.AddressOf(entry);
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

                _toClients.Add(new Run(slot, decision.Length, stride, Congestion.Mark(control.Ecn, decision)), address);
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

    /// <summary>The client of a mapping is proven, and a listening socket answers it from now on. Clients that have used the server's
    /// answer have one socket. Clients that the server has only followed to an address, or that have shown a cookie, have another:
    /// a peer of the server can make it follow to addresses that no host has.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Prove(in RelayEvent change)
    {
        ref Upstream upstream = ref _upstreams[change.Slot];
        if (!upstream.IsProven)
        {
            ListenRole role = change.Kind == RelayEventKind.Established ? ListenRole.Initiations : ListenRole.WithMetadata;
            upstream.IsProven = true;
            _toClients.Use(change.Slot, DescriptorOf(role, upstream.Listener.Strangers), EngineFault.SendFailed);
        }
    }

    // This worker's socket of the listening address to which these stranger sockets belong.
    private int DescriptorOf(ListenRole role, StrangerSockets strangers)
    {
        for (int i = 0; i < _listeners.Count; i++)
        {
            // An address with one socket has it for every role.
            if (_listeners[i].Strangers == strangers && (_listeners[i].Role == role || strangers.AreListening))
            {
                return _listeners[i].Socket.Descriptor;
            }
        }

        throw new InvalidOperationException("A listening address lacks a socket.");
    }

    /// <summary>Sends the servers' datagrams of all mappings together, and makes room for more.</summary>
    private void AnswerClients()
    {
        _toClients.Flush();
        _fromServers.Clear();
    }

    private void CountOverflows()
    {
        // By index: an enumerator would be an allocation per second.
        for (int i = 0; i < _listeners.Count; i++)
        {
            ListenSocket listener = _listeners[i];
            if (!listener.IsClosed)
            {
                listener.Overflowed = Overflowed(listener.Overflowed, listener.Socket.Udp.Overflowed);
            }
        }
    }

    // The kernel's counter only grows, and wraps.
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
