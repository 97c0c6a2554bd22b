using System.ComponentModel;
using WgProxy.Linux.Net;

namespace WgProxy.Linux;

/// <summary>
/// Tells when this host's addresses or routes have changed, by the kernel's own notices. A thread of its own, so that a host whose
/// routes change all the time costs no worker anything: notices come in bunches, and each bunch is told once. Where the system
/// withholds notices it tells every ten seconds that they may have changed.
/// </summary>
internal sealed class PathWatcher : IDisposable
{
    // From the first notice of a bunch to its being told: an address that is replaced is one change, not two; and however many
    // notices come, paths are looked at no more often than this.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Blindly = TimeSpan.FromSeconds(10);

    private readonly PathNotices? _notices;
    private readonly Poller? _poller;
    private readonly WakeUp? _wake;
    private readonly Action _changed;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Thread _thread;

    private PathWatcher(PathNotices? notices, Poller? poller, WakeUp? wake, Action changed)
    {
        (_notices, _poller, _wake, _changed) = (notices, poller, wake, changed);
        _thread = new Thread(Run) { IsBackground = true, Name = "paths" };
    }

    /// <summary>Begins to watch.</summary>
    /// <param name="changed">Called on the watcher's thread. Must not wait.</param>
    /// <param name="refusal">Why the system gives no notices; null if it does.</param>
    public static PathWatcher Start(Action changed, out string? refusal)
    {
        PathNotices? notices = PathNotices.Open(out int error);
        Poller? poller = error == 0 ? Poller.Open(out error) : null;
        WakeUp? wake = error == 0 ? WakeUp.Open(out error) : null;
        error = error == 0 ? poller!.Watch(notices!.Descriptor, 0) : error;
        error = error == 0 ? poller!.Watch(wake!.Descriptor, 1) : error;
        refusal = error == 0 ? null : new Win32Exception(error).Message;
        if (error != 0)
        {
            notices?.Dispose();
            poller?.Dispose();
            wake?.Dispose();
            (notices, poller, wake) = (null, null, null);
        }

        PathWatcher watcher = new(notices, poller, wake, changed);
        watcher._thread.Start();
        return watcher;
    }

    /// <summary>Stops watching. Returns when the thread has ended.</summary>
    public void Dispose()
    {
        _stopping.Set();
        _wake?.Ring();
        _thread.Join();
        _notices?.Dispose();
        _poller?.Dispose();
        _wake?.Dispose();
        _stopping.Dispose();
    }

    private void Run()
    {
        bool works = _notices is not null;
        while (works && !_stopping.IsSet)
        {
            _poller!.Wait(-1);
            bool any = _notices!.TryTake(out works);
            if (!_stopping.Wait(Pause) && any)
            {
                _notices.TryTake(out works);
                _changed();
            }
        }

        while (!_stopping.Wait(Blindly))
        {
            _changed();
        }
    }
}
