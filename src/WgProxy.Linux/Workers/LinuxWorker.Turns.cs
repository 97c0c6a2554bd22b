using System.Diagnostics;
using WgProxy.Linux.Listen;

namespace WgProxy.Linux.Workers;

// Turns: wait, read, decide, send; then what is due.
internal sealed partial class LinuxWorker
{
    // Whatever the clock does meanwhile, it is looked at that often.
    private const long LongestWait = 1_000;
    private const long OverflowInterval = 1_000;
    private const int Forever = -1;

    private void Loop()
    {
        int wait = Forever;
        long ended = Stopwatch.GetTimestamp();
        Tick count = default;
        while (!_stopped)
        {
            int ready = Wait(wait, ended);
            long stamp = _time.GetTimestamp();
            long began = _isRealTime ? stamp : Stopwatch.GetTimestamp();
            Tick now = new((long)_time.GetElapsedTime(_zero, stamp).TotalMilliseconds);
            _toClients.Now = now;
            (int up, int down) = Serve(ready, now);
            _spinPolicy.Note(up, down, stamp);
            if (_isRung)
            {
                // Behind all datagrams of the turn: they were decided by one set of routes.
                _isRung = false;
                RunCommands();
            }

            Tick next = _relay.Advance(now);
            HandleEvents(now);
            if (_pathSlot < _upstreams.Length && ContinuePaths(now))
            {
                next = now;
            }

            if (_isOrdered)
            {
                _isOrdered = ContinueOrder(now);
                next = _isOrdered ? now : next;
            }

            if (_isLent || _relay.HasRecords || _relay.HasSought)
            {
                next = Tick.Min(next, ContinueRecords(now));
            }

            if (now >= count)
            {
                CountOverflows();
                ReconsiderDefaultLocals(now);
                _uncounted = false;
                count = now + OverflowInterval;
            }

            if (_isAsked)
            {
                _isAsked = _queries.Continue(_relay, _turns, now);

                // What a query orders to end, ends before the next datagram.
                HandleEvents(now);
                next = _isAsked ? now : next;
            }

            if (_uncounted)
            {
                // No event may wake this thread in time to report the kernel's last drops.
                next = Tick.Min(next, count);
            }

            next = _holdsInitiations ? now : next;
            next = _paused.Count > 0 ? Tick.Min(next, Resume(now)) : next;
            wait = WaitUntil(next, now);

            // How long a turn took, and when looking for more begins.
            ended = Stopwatch.GetTimestamp();
            _turns.Note(ended - began, now);
        }
    }

    /// <summary>How long to wait: for ever if a timer ends the wait, and until the deadline if the system offers no timer.
    /// </summary>
    private int WaitUntil(Tick next, Tick now)
    {
        if (next <= now)
        {
            return 0;
        }

        long milliseconds = Math.Min(next - now, LongestWait);
        return next == Tick.Never || _alarm?.TrySetWithin(milliseconds, now) == true ? Forever : (int)milliseconds;
    }

    /// <summary>Waits for something to read.</summary>
    /// <param name="milliseconds">For how long at most.</param>
    /// <param name="began">When the wait began, in units of <see cref="Stopwatch"/>.</param>
    private int Wait(int milliseconds, long began)
    {
        long window = _spinPolicy.Window;
        if (milliseconds != Forever || window == 0)
        {
            return _poller.Wait(milliseconds);
        }

        do
        {
            int ready = _poller.Wait(0);
            if (ready > 0)
            {
                return ready;
            }
        }
        while (Stopwatch.GetTimestamp() - began < window);

        _spinPolicy.Miss();
        return _poller.Wait(Forever);
    }

    /// <summary>One turn: data of clients as it is reported, then what servers sent, all of it in one batch, and at last
    /// a bounded number of initiations. How many receives brought data of clients, and how many of servers.</summary>
    private (int Up, int Down) Serve(int ready, Tick now)
    {
        int up = 0;
        int down = 0;
        bool initiations = _holdsInitiations;
        for (int i = 0; i < ready; i++)
        {
            ulong token = _poller.Token(i);
            int index = (int)(uint)token;
            switch ((Kind)(token >> 32))
            {
                case Kind.Upstream:
                    down += ReadServer(index, now);
                    break;
                case Kind.Data:
                    up += ReadClients(_listeners[index], now);
                    break;
                case Kind.Initiations:
                    initiations = true;
                    InitiationsOf(_listeners[index]).Note(_listeners[index]);
                    break;
                case Kind.DeadlineTimer:
                    _alarm!.Quiet();
                    break;
                default:
                    // Quiet first: what is posted while commands are taken rings again.
                    _wake.Quiet();
                    _isRung = true;
                    _isLent = true;
                    _isAsked = true;
                    _isOrdered = true;
                    break;
            }
        }

        AnswerClients();
        _uncounted |= initiations || up > 0;
        if (initiations)
        {
            ReadInitiations(now);
        }

        return (up, down);
    }

    private Initiations InitiationsOf(ListenSocket listener) =>
        _initiations[0].IsIPv4 == listener.Socket.IsIPv4 ? _initiations[0] : _initiations[1];

    private void ReconsiderDefaultLocals(Tick now)
    {
        for (int i = 0; i < _listeners.Count; i++)
        {
            ListenSocket listener = _listeners[i];
            if (listener is { Role: ListenRole.WithMetadata, IsClosed: false })
            {
                listener.DefaultLocal.Reconsider(listener, now);
            }
        }
    }
}
