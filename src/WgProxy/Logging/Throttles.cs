using System.Collections.Concurrent;

namespace WgProxy.Logging;

/// <summary>A throttle for each server: the trouble of one does not hide that of another.</summary>
internal sealed class Throttles(TimeProvider time, TimeSpan period)
{
    private readonly ConcurrentDictionary<string, Throttle> _all = new(StringComparer.Ordinal);

    /// <summary>The throttle of a server. Any thread may ask.</summary>
    public Throttle Of(string server) => _all.GetOrAdd(server, _ => new Throttle(time, period));
}
