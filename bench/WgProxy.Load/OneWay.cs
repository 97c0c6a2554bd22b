using System.Diagnostics;
using WgProxy.Bench;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>One way, flow after flow, a burst from each: as fast as the kernel takes them, or at a rate.</summary>
internal sealed unsafe class OneWay(IReadOnlyList<Flow> flows, SendBatch batch, int datagramsPerMessage)
{
    private long _echoed;

    public LoadReport Run(TimeSpan length, int perSecond, bool echo)
    {
        Pace pace = new(perSecond, batch.Capacity);
        long sent = 0;
        int turn = 0;
        long start = Stopwatch.GetTimestamp();
        TimeSpan elapsed = TimeSpan.Zero;
        while (elapsed < length)
        {
            int messages = (int)Math.Min(pace.Due(elapsed, sent) / datagramsPerMessage, batch.Capacity);
            if (messages > 0)
            {
                sent += batch.Send(flows[turn], messages);
                turn = turn + 1 < flows.Count ? turn + 1 : 0;
            }
            else
            {
                Pace.Rest();
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
