using System.Diagnostics;
using WgProxy.Bench;
using WgProxy.Core.Protocol;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>One datagram in flight: what a relay adds to a round trip.</summary>
internal sealed unsafe class PingPong(Flow flow, int size)
{
    private const int LostAfterMilliseconds = 200;

    private readonly Percentiles _times = new();

    public LoadReport Run(TimeSpan warmUp, TimeSpan length)
    {
        TimeSpec limit = new() { Nanoseconds = LostAfterMilliseconds * 1_000_000 };
        _ = Libc.SetSockOpt(flow.Fd, Libc.SolSocket, Libc.SoRcvTimeo, &limit, (uint)sizeof(TimeSpec));
        byte[] datagram = new byte[size];
        Random.Shared.NextBytes(datagram);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < warmUp)
        {
            _ = Exchange(datagram);
        }

        _times.Clear();
        long sent = 0;
        long echoed = 0;
        start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < length)
        {
            sent++;
            echoed += Exchange(datagram) ? 1 : 0;
        }

        _times.Sort();
        return new LoadReport
        {
            Sent = sent,
            Echoed = echoed,
            Flows = 1,
            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
            P50 = _times.At(0.5),
            P99 = _times.At(0.99),
            P999 = _times.At(0.999),
        };
    }

    private bool Exchange(byte[] datagram)
    {
        ulong counter = flow.Counter++;
        Messages.Transport(datagram, flow.ServerIndex, counter);
        byte* buffer = stackalloc byte[2048];
        fixed (byte* bytes = datagram)
        {
            long start = Stopwatch.GetTimestamp();
            _ = Libc.Send(flow.Fd, bytes, (nuint)size, 0);
            while (true)
            {
                nint length = Libc.Recv(flow.Fd, buffer, 2048, 0);
                long end = Stopwatch.GetTimestamp();
                if (length < 0)
                {
                    return false;
                }

                ReadOnlySpan<byte> echo = new(buffer, (int)length);
                if (Datagram.Classify(echo) == DatagramKind.Transport && Messages.Counter(echo) == counter)
                {
                    _times.Add(end - start);
                    return true;
                }
            }
        }
    }
}
