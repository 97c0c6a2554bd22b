using System.ComponentModel;
using WgProxy.Linux.Net;

namespace WgProxy.Linux.Paths;

/// <summary>
/// Reports changes of this host's addresses and routes, by the kernel's own notices. It has a thread of its own, so that
/// constant changes of routes cost no worker anything. Notices come in bunches, and each bunch is reported once. If the system
/// withholds notices, or reading them fails, the watcher reports a possible change every ten seconds, and tries again.
/// </summary>
internal sealed class PathWatcher : IDisposable
{
    // From the first notice of a bunch to its report. A replaced address is then one change, not two. However many
    // notices come, paths are checked no more often than this.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan Blindly = TimeSpan.FromSeconds(10);

    private readonly Action _changed;
    private readonly TimeSpan _blindly;
    private readonly TimeSpan _pause;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Thread _thread;

    // The thread opens it anew while it runs, so Dispose must find the one in use.
    private Source? _source;

    private PathWatcher(Source? source, Action changed, TimeSpan blindly, TimeSpan pause)
    {
        (_source, _changed, _blindly, _pause) = (source, changed, blindly, pause);
        _thread = new Thread(Loop) { IsBackground = true, Name = "paths" };
    }

    /// <summary>Begins to watch.</summary>
    /// <param name="changed">Called on the watcher's thread. Must not wait.</param>
    /// <param name="refusal">Why the system gives no notices; null if it does.</param>
    /// <param name="blindly">How often a possible change is reported, and notices are tried again, if the system withholds them; by default
    /// every ten seconds.</param>
    /// <param name="pause">How long a bunch of notices lasts; by default 100 ms.</param>
    public static PathWatcher Start(Action changed, out string? refusal, TimeSpan? blindly = null, TimeSpan? pause = null)
    {
        Source? source = Source.Open(out int error);
        refusal = error == 0 ? null : new Win32Exception(error).Message;
        PathWatcher watcher = new(source, changed, blindly ?? Blindly, pause ?? Pause);
        watcher._thread.Start();
        return watcher;
    }

    /// <summary>Stops watching. Returns when the thread has ended.</summary>
    public void Dispose()
    {
        _stopping.Set();
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _source)?.Wake.Ring();
        _thread.Join();
        _source?.Dispose();
        _stopping.Dispose();
    }

    private void Loop()
    {
        while (!_stopping.IsSet)
        {
            Listen();
            if (_stopping.Wait(_blindly))
            {
                return;
            }

            // Memory or open files may have been short for a while. The code below reports what came meanwhile.
            if (_source is null)
            {
                Interlocked.Exchange(ref _source, Source.Open(out _));
            }

            _changed();
        }
    }

    /// <summary>Reports the kernel's notices, until they cannot be read or watching ends.</summary>
    private void Listen()
    {
        bool works = _source is not null;
        while (works && !_stopping.IsSet)
        {
            _source!.Poller.Wait(-1);
            bool any = _source.Notices.TryTake(out works);
            if (!_stopping.Wait(_pause) && any)
            {
                _ = _source.Notices.TryTake(out works);
                _changed();
            }
        }
    }

    /// <summary>Where notices come from, and what ends waiting for them.</summary>
    private sealed class Source : IDisposable
    {
        private Source(PathNotices notices, Poller poller, WakeUp wake) => (Notices, Poller, Wake) = (notices, poller, wake);

        public PathNotices Notices { get; }

        public Poller Poller { get; }

        public WakeUp Wake { get; }

        public static Source? Open(out int error)
        {
            PathNotices? notices = PathNotices.Open(out error);
            Poller? poller = error == 0 ? Poller.Open(out error) : null;
            WakeUp? wake = error == 0 ? WakeUp.Open(out error) : null;
            error = error == 0 ? poller!.Watch(notices!.Descriptor, 0) : error;
            error = error == 0 ? poller!.Watch(wake!.Descriptor, 1) : error;
            if (error == 0)
            {
                return new Source(notices!, poller!, wake!);
            }

            notices?.Dispose();
            poller?.Dispose();
            wake?.Dispose();
            return null;
        }

        public void Dispose()
        {
            Notices.Dispose();
            Poller.Dispose();
            Wake.Dispose();
        }
    }
}
