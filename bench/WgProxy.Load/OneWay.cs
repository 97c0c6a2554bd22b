using System.Diagnostics;
using WgProxy.Bench;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>One way, flow after flow, a burst from each: as fast as the kernel takes them, or at a rate.</summary>
internal sealed unsafe class OneWay(IReadOnlyList<Flow> flows, SendBatch batch, int datagramsPerMessage)
{
    // A rate is kept by slices of this length; a sender that has fallen behind by more than the limit forgives itself the
    // rest, instead of making it up by a flood.
    private const long SliceNanoseconds = 200_000;
    private const double MostBehind = 0.01;

    private long _echoed;

    public LoadReport Run(TimeSpan length, int perSecond, bool echo)
    {
        long sent = 0;
        long forgiven = 0;
        int turn = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan elapsed = TimeSpan.Zero;
        while (elapsed < length)
        {
            int messages = batch.Capacity;
            if (perSecond > 0)
            {
                long due = (long)(elapsed.TotalSeconds * perSecond) - sent - forgiven;
                long excess = due - Math.Max(batch.Capacity, (long)(MostBehind * perSecond));
                forgiven += Math.Max(0, excess);
                messages = (int)Math.Min(due / datagramsPerMessage, batch.Capacity);
            }

            if (messages > 0)
            {
                sent += batch.Send(flows[turn], messages);
                turn = turn + 1 < flows.Count ? turn + 1 : 0;
            }
            else
            {
                TimeSpec slice = new() { Nanoseconds = (nint)SliceNanoseconds };
                _ = Libc.NanoSleep(&slice, null);
            }

            if (echo)
            {
                ReadEchoes();
            }

            elapsed = Stopwatch.GetElapsedTime(start);
        }

        Thread.Sleep(echo ? 200 : 0);
        ReadEchoes();
        return new LoadReport { Sent = sent, Seconds = elapsed.TotalSeconds, Echoed = _echoed, Flows = flows.Count };
    }

    private void ReadEchoes()
    {
        byte* buffer = stackalloc byte[2048];
        foreach (Flow flow in flows)
        {
            while (Libc.Recv(flow.Fd, buffer, 2048, Libc.MsgDontWait) > 0)
            {
                _echoed++;
            }
        }
    }
}
