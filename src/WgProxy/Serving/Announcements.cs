using System.Collections.Concurrent;
using WgProxy.Core.Engine;

namespace WgProxy.Serving;

/// <summary>Tells an engine that routes changed. The engine has room for few commands at once, and refuses more: they are said again
/// until it takes them, so that a thousand changes reach it as well as one.</summary>
/// <param name="post">Hands the engine a command.</param>
/// <param name="time">The clock.</param>
internal sealed class Announcements(Func<EngineCommand, bool> post, TimeProvider time)
{
    // A worker empties its mailbox once per turn, which takes some 10 µs.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentQueue<RouteId> _refused = new();
    private int _isRetrying;

    /// <summary>Says that a route changed. May be called from any thread.</summary>
    public void RouteChanged(RouteId route)
    {
        if (post(EngineCommand.RouteChanged(route)))
        {
            return;
        }

        _refused.Enqueue(route);
        if (Interlocked.Exchange(ref _isRetrying, 1) == 0)
        {
            _ = RetryAsync();
        }
    }

    // An engine that has stopped refuses everything, for good. Then this ends with the process.
    private async Task RetryAsync()
    {
        while (!_refused.IsEmpty)
        {
            await Task.Delay(Pause, time);
            while (_refused.TryPeek(out RouteId route) && post(EngineCommand.RouteChanged(route)))
            {
                _ = _refused.TryDequeue(out _);
            }
        }

        Volatile.Write(ref _isRetrying, 0);
        if (!_refused.IsEmpty && Interlocked.Exchange(ref _isRetrying, 1) == 0)
        {
            _ = RetryAsync();
        }
    }
}
