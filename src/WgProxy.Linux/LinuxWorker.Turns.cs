using System.Diagnostics;
using WgProxy.Core;
using WgProxy.Linux.Net;

namespace WgProxy.Linux;

// Turns: wait, read, decide, send; then what is due.
internal sealed partial class LinuxWorker
{
    // Whatever the clock does meanwhile, it is looked at that often.
    private const long LongestWait = 1_000;
    private const long OverflowInterval = 1_000;

    // Receives per turn on each socket for initiations: verifying one costs as much as relaying several datagrams of data.
    private const int InitiationBudget = 16;

    private void Run()
    {
        bool isDue = false;
        bool hadData = false;
        Tick count = default;
        while (!_stopped)
        {
            int ready = Wait(isDue, hadData);
            Tick now = new((long)_time.GetElapsedTime(_zero).TotalMilliseconds);
            hadData = Serve(ready, now) > 0;
            Tick next = _relay.Advance(now);
            HandleEvents(now);
            if (now >= count)
            {
                CountOverflows();
                count = now + OverflowInterval;
            }

            Publish();
            isDue = next <= now;
            if (!isDue && next != Tick.Never)
            {
                _alarm.SetWithin(Math.Min(next - now, LongestWait), now);
            }
        }
    }

    /// <summary>Waits for something to read. Sleeping costs nothing, but waking takes tens of microseconds, most of all on a
    /// virtual machine whose processor was given back to its host: so it may be told to look again for a while.</summary>
    private int Wait(bool isDue, bool hadData)
    {
        if (isDue || !hadData || _busyPoll == TimeSpan.Zero)
        {
            return _poller.Wait(forever: !isDue);
        }

        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < _busyPoll)
        {
            int ready = _poller.Wait(forever: false);
            if (ready > 0)
            {
                return ready;
            }
        }

        return _poller.Wait(forever: true);
    }

    /// <summary>One turn: data of clients as it is reported, then what servers sent, all of it in one batch, and at last
    /// a bounded number of initiations. How many receives brought data.</summary>
    private int Serve(int ready, Tick now)
    {
        int received = 0;
        bool initiations = false;
        for (int i = 0; i < ready; i++)
        {
            ulong token = _poller.Token(i);
            int index = (int)(uint)token;
            switch ((Kind)(token >> 32))
            {
                case Kind.Upstream:
                    received += ReadServer(index, now);
                    break;
                case Kind.Data:
                    received += ReadClients(_listeners[index], ReceiveBatch.Capacity, now);
                    break;
                case Kind.Initiations:
                    initiations = true;
                    break;
                case Kind.Alarm:
                    _alarm.Quiet();
                    break;
                default:
                    _wake.Quiet();
                    break;
            }
        }

        AnswerClients();
        for (int i = 0; initiations && i < _listeners.Count; i++)
        {
            if (_listeners[i].Intake == Intake.Initiations)
            {
                ReadClients(_listeners[i], InitiationBudget, now);
            }
        }

        return received;
    }
}
