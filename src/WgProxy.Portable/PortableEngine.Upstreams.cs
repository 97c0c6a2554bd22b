using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Portable;

// The servers' side: opens, reads and closes upstream sockets.
public sealed partial class PortableEngine
{
    /// <summary>Reads and forwards what a server has sent to a mapping.</summary>
    internal Drained Drain(PortableEngineUpstream upstream)
    {
        RightOfWay.Wait();
        lock (_lock)
        {
            RightOfWay.Enter();
            long began = Stopwatch.GetTimestamp();
            Tick now = Now();
            Drained drained = Drain(upstream, now);
            _turns.Note(Stopwatch.GetTimestamp() - began, now);
            return drained;
        }
    }

    /// <summary>An upstream socket is no longer read.</summary>
    internal void Ended() => _readers.Signal();

    private Drained Drain(PortableEngineUpstream upstream, Tick now)
    {
        if (upstream.TakeError() && !upstream.IsClosed)
        {
            _relay.Counters.Count(EngineFault.ReceiveFailed);
        }

        for (int read = 0; read < FairBudget && !upstream.IsClosed; read++)
        {
            int length = upstream.Receive(_buffer, out SocketError error);
            if (error == SocketError.WouldBlock)
            {
                return Drained.Empty;
            }

            if (error != SocketError.Success)
            {
                _relay.Counters.Count(EngineFault.ReceiveFailed);
                if (upstream.HasFailedTooOften())
                {
                    return Drained.Failing;
                }

                continue;
            }

            upstream.Failures = 0;

            FromServer(upstream, _buffer.AsSpan(0, length), now);
        }

        return upstream.IsClosed ? Drained.Closed : Drained.More;
    }

    private void FromServer(PortableEngineUpstream upstream, ReadOnlySpan<byte> datagram, Tick now)
    {
        Decision decision = _relay.FromServer(upstream.Slot, datagram, datagram.Length, now);
        HandleEvents(now);
        if (decision.Verdict == Verdict.Forward)
        {
            Answer(upstream, datagram, now);
        }
    }

    private void Answer(PortableEngineUpstream upstream, ReadOnlySpan<byte> datagram, Tick now)
    {
        PortableEngineListener? known = upstream.Proven ?? (_relay.HasShownCookie(upstream.Slot) ? upstream.Listener.Data : null);
        if (known is PortableEngineListener listener)
        {
            if (!listener.TrySend(datagram, upstream.Client))
            {
                _relay.Counters.Count(EngineFault.SendFailed);
            }
        }
        else if (!upstream.Listener.Strangers.TrySend(
            datagram, _relay.SourceOf(upstream.Slot), upstream.Client, upstream.Listener, now))
        {
            _relay.Counters.Count(EngineFault.StrangerUnanswered);
        }
    }

    private PortableEngineUpstream? Open(int slot, PortableEngineListener listener, SocketAddress client, Tick now)
    {
        bool connected = _ports.TryOpen(_connect, _relay.ServerOf(slot), now, out Socket? socket, out _refusal);
        while (!connected && _refusal.IsUnreachable && _relay.TryNextServer(slot, now))
        {
            connected = _ports.TryOpen(_connect, _relay.ServerOf(slot), now, out socket, out _refusal);
        }

        if (socket is null)
        {
            _relay.OpenFailed(slot);
            HandleEvents(now);
            return null;
        }

        PortableEngineUpstream upstream = Begin(slot, socket, listener, client);
        _relay.Opened(slot, upstream.Port);
        HandleEvents(now);

        // The deadline thread may be waiting without a timeout, or for a later deadline.
        _wake.Set();
        return upstream;
    }

    private PortableEngineUpstream Begin(int slot, Socket socket, PortableEngineListener listener, SocketAddress client)
    {
        PortableEngineUpstream upstream = new(this, socket, slot, listener, client);
        _upstreams[slot] = upstream;
        _readers.AddCount();
        upstream.Begin();
        return upstream;
    }

    private void Close(in RelayEvent ended, Tick now)
    {
        PortableEngineUpstream upstream = _upstreams[ended.Slot]!;
        _upstreams[ended.Slot] = null;
        upstream.Close();
        _ports.Rest(upstream.Port, now, ended.ServerUsedPort);
        _relay.Release(ended.Slot);
    }
}
