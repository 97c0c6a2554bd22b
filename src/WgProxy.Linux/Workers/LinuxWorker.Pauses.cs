using System.Runtime.CompilerServices;
using WgProxy.Linux.Listen;

namespace WgProxy.Linux.Workers;

// Sockets that always fail. One error concerns one datagram. A socket may also fail for good, because of a sandbox, a filter or
// a lack of memory. epoll would report it as readable at once, and it would cost a whole processor.
internal sealed partial class LinuxWorker
{
    private const int PatientFailures = 16;

    // Long enough to cost nothing (1,600 receives a second, 3 % of a processor), short enough that a flood of forged ICMP errors, each of which
    // fails one receive, delays what a server sends by no more than a busy link does. Meanwhile its data waits in its buffer.
    private const long PauseLength = 10;

    private readonly List<(ulong Token, Tick Until)> _paused = [];

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ClientsFailed(ListenSocket listener, Tick now)
    {
        _relay.Counters.Count(EngineFault.ReceiveFailed);
        if (++listener.Failures >= PatientFailures)
        {
            listener.Failures = 0;
            for (int i = 0; i < _listeners.Count; i++)
            {
                if (ReferenceEquals(_listeners[i], listener))
                {
                    Pause(listener.Socket.Descriptor, TokenOf(i), now);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ServerFailed(int slot, Tick now)
    {
        _relay.Counters.Count(EngineFault.ReceiveFailed);
        ref Upstream upstream = ref _upstreams[slot];
        if (++upstream.Failures >= PatientFailures)
        {
            upstream.Failures = 0;
            upstream.IsPaused = true;
            Pause(upstream.Socket.Descriptor, Token(Kind.Upstream, slot), now);
        }
    }

    private void Pause(int descriptor, ulong token, Tick now)
    {
        _poller.Unwatch(descriptor);
        _paused.Add((token, now + PauseLength));
    }

    /// <summary>Watches sockets again that have paused for long enough. Returns when the next pause ends.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Tick Resume(Tick now)
    {
        Tick next = Tick.Never;
        for (int i = _paused.Count - 1; i >= 0; i--)
        {
            (ulong token, Tick until) = _paused[i];
            if (until > now)
            {
                next = Tick.Min(next, until);
                continue;
            }

            if (TryResume(token))
            {
                _paused.RemoveAt(i);
            }
            else
            {
                // Memory is short, or the number of watched descriptors (ENOMEM, ENOSPC): without another try it would be deaf for good.
                _paused[i] = (token, now + PauseLength);
                next = Tick.Min(next, now + PauseLength);
            }
        }

        return next;
    }

    private bool TryResume(ulong token)
    {
        int index = (int)(uint)token;
        if ((Kind)(token >> 32) != Kind.Upstream)
        {
            return _poller.Watch(_listeners[index].Socket.Descriptor, token) == 0;
        }

        // The slot may be another mapping's by now, or have another socket: that one has not paused.
        ref Upstream upstream = ref _upstreams[index];
        upstream.IsPaused = upstream.IsPaused && _poller.Watch(upstream.Socket.Descriptor, token) != 0;
        return !upstream.IsPaused;
    }

    private ulong TokenOf(int listener) =>
        Token(_listeners[listener].Role == ListenRole.Initiations ? Kind.Initiations : Kind.Data, listener);
}
