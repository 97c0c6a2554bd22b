namespace WgProxy.Netns.Tests.Harness;

/// <summary>Does something many times a second, beside the test, until told to stop.</summary>
internal sealed class Pace : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _task;
    private long _done;

    public Pace(int perSecond, Action<long> act) => _task = Task.Run(() => RunAsync(perSecond, act));

    /// <summary>How often it was done.</summary>
    public long Done => Volatile.Read(ref _done);

    /// <summary>Stops, and throws what the action threw.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _task;
    }

    public void Dispose()
    {
        _stop.Cancel();
        Task.WaitAny([_task], TimeSpan.FromSeconds(5));
        _stop.Dispose();
    }

    // A late step makes up for what it missed.
    private async Task RunAsync(int perSecond, Action<long> act)
    {
        using PeriodicTimer timer = new(Step);
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        while (!_stop.IsCancellationRequested)
        {
            for (long due = (long)(watch.Elapsed.TotalSeconds * perSecond); _done < due && !_stop.IsCancellationRequested; _done++)
            {
                act(_done);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
