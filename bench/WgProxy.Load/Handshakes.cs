using System.Diagnostics;
using WgProxy.Core.Protocol;
using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>The handshakes of many flows, at once or at a rate, repeated as WireGuard repeats them.</summary>
internal sealed class Handshakes(IReadOnlyList<Flow> flows, Mac1 mac1) : IDisposable
{
    // REKEY_TIMEOUT of the WireGuard paper, section 6.1.
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);

    private readonly Epoll _epoll = new();
    private int _asked;

    /// <summary>Times from a flow's first initiation to its answer.</summary>
    public Percentiles Times { get; } = new();

    public int Answered { get; private set; }

    public long Initiations { get; private set; }

    /// <summary>Time from the first initiation of all to the last answer.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Asks for every flow until all are answered or the time is up.</summary>
    /// <param name="perSecond">Flows to begin per second; 0 for all at once.</param>
    /// <param name="limit">How long to try.</param>
    /// <param name="keepalive">Whether each flow confirms its keys by an empty packet.</param>
    public void Run(int perSecond, TimeSpan limit, bool keepalive)
    {
        for (int i = 0; i < flows.Count; i++)
        {
            _epoll.Add(flows[i].Fd, i);
        }

        long start = Stopwatch.GetTimestamp();
        long retryAt = start + Retry.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);
        while (Answered < flows.Count && Stopwatch.GetElapsedTime(start) < limit)
        {
            Begin(start, perSecond);
            Collect(start, keepalive);
            if (Stopwatch.GetTimestamp() >= retryAt)
            {
                retryAt = Stopwatch.GetTimestamp() + Retry.Ticks * (Stopwatch.Frequency / TimeSpan.TicksPerSecond);
                AskAgain();
            }
        }

        Times.Sort();
    }

    public void Dispose() => _epoll.Dispose();

    // Up to 64 at a time, so that answers are read between them and each answer's time is its own.
    private void Begin(long start, int perSecond)
    {
        double due = perSecond == 0
            ? flows.Count
            : Math.Min(flows.Count, (Stopwatch.GetElapsedTime(start).TotalSeconds * perSecond) + 1);
        for (int budget = 64; budget > 0 && _asked < (int)due; budget--)
        {
            Flow flow = flows[_asked++];
            flow.AskedAt = Stopwatch.GetTimestamp();
            flow.Ask(mac1);
            Initiations++;
        }
    }

    private void Collect(long start, bool keepalive)
    {
        Span<int> numbers = stackalloc int[256];
        int count = _epoll.Wait(numbers, _asked < flows.Count ? 0 : 20);
        foreach (int number in numbers[..count])
        {
            Flow flow = flows[number];
            if (!flow.TakeAnswer())
            {
                continue;
            }

            Times.Add(Stopwatch.GetTimestamp() - flow.AskedAt);
            Answered++;
            Elapsed = Stopwatch.GetElapsedTime(start);
            if (keepalive)
            {
                flow.SendKeepalive();
            }
        }
    }

    private void AskAgain()
    {
        foreach (Flow flow in flows.Take(_asked).Where(flow => !flow.Answered))
        {
            flow.Ask(mac1);
            Initiations++;
        }
    }
}
