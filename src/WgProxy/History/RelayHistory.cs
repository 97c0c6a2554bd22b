using WgProxy.Figures;
using WgProxy.Status;

namespace WgProxy.History;

/// <summary>What passed in a second, on the average of the last step.</summary>
/// <param name="UplinkBytes">Bytes to servers.</param>
/// <param name="UplinkDatagrams">Datagrams to servers.</param>
/// <param name="DownlinkBytes">Bytes to clients.</param>
/// <param name="DownlinkDatagrams">Datagrams to clients.</param>
internal readonly record struct RateNow(double UplinkBytes, double UplinkDatagrams, double DownlinkBytes, double DownlinkDatagrams);

/// <summary>
/// The last hour, of the relay and of its first servers, from the reading that the figures are made of. It reads every few seconds while an endpoint
/// can show it, and never where none is.
/// </summary>
/// <param name="figures">Reads the counters.</param>
/// <param name="time">The clock.</param>
internal sealed class RelayHistory(FigureReader figures, TimeProvider time)
{
    /// <summary>The servers that have a history of their own, at most: the first of the file. The others have the rates of the last step.</summary>
    public const int MostServers = 32;

    /// <summary>The time between two readings.</summary>
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(10);

    // Beside the reader come those who ask, on threads of their own.
    private readonly Lock _lock = new();
    private readonly Past _relay = new() { Track = new Track(TrackLayout.Series) };
    private readonly Dictionary<RouteId, Past> _servers = [];
    private IReadOnlyList<ServerNamesRead> _listed = [];
    private long? _readAt;
    private DateTimeOffset? _ended;
    private int _tracked;

    /// <summary>Reads until cancelled.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using PeriodicTimer timer = new(Step, time);
        do
        {
            await ReadAsync(stop);
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    /// <summary>Reads once: a step ends. If the engine does not answer in time, the step goes on.</summary>
    public Task ReadAsync(CancellationToken stop) => figures.TryUseAsync(Add, stop);

    /// <summary>The rates of the relay in the last step; null if there was none.</summary>
    public RateNow? Rate()
    {
        lock (_lock)
        {
            return _relay.Rate;
        }
    }

    /// <summary>Those of a server.</summary>
    public RateNow? RateOf(RouteId server)
    {
        lock (_lock)
        {
            return _servers.GetValueOrDefault(server)?.Rate;
        }
    }

    /// <summary>The last hour of a server, or of the relay; null if no server of that name has a history.</summary>
    /// <param name="server">The server's name; null for the relay as a whole.</param>
    public HistoryReport? Report(string? server)
    {
        lock (_lock)
        {
            if (server is null)
            {
                return ReportOf(_relay.Track!, server: null);
            }

            ServerNamesRead? found = _listed.FirstOrDefault(each => string.Equals(each.Name, server, StringComparison.OrdinalIgnoreCase));
            return found is not null && TrackOf(found) is { } track ? ReportOf(track, found.Name) : null;
        }
    }

    private Track? TrackOf(ServerNamesRead server) => _servers.GetValueOrDefault(server.Served.Id)?.Track;

    private void Add(Reading reading)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            double seconds = _readAt is { } before ? time.GetElapsedTime(before, now).TotalSeconds : 0;
            (_readAt, _ended) = (now, seconds > 0 ? time.GetUtcNow() : null);
            if (_listed != reading.Servers)
            {
                _listed = reading.Servers;
                Forget();
            }

            _relay.Add(new Counted(reading.All), seconds);
            for (int place = 0; place < reading.Servers.Count; place++)
            {
                RouteId id = reading.Servers[place].Served.Id;
                Past past = _servers.GetValueOrDefault(id) ?? (_servers[id] = new Past());
                if (past.Track is null && _tracked < MostServers)
                {
                    past.Track = new Track(TrackLayout.Series);
                    _tracked++;
                }

                past.Add(new Counted(reading.Routes.CountersAt(place)), seconds);
            }
        }
    }

    // A server that is removed makes room for another's history.
    private void Forget()
    {
        HashSet<RouteId> listed = [.. _listed.Select(server => server.Served.Id)];
        foreach ((RouteId id, Past past) in _servers.Where(each => !listed.Contains(each.Key)).ToArray())
        {
            _tracked -= past.Track is null ? 0 : 1;
            _ = _servers.Remove(id);
        }
    }

    private HistoryReport ReportOf(Track track, string? server)
    {
        Dictionary<string, IReadOnlyList<long>> mappings = new(StringComparer.Ordinal);
        for (int each = 0; each < TrackLayout.Proofs.Length; each++)
        {
            if (track.Sum(TrackLayout.Mappings + each) > 0)
            {
                mappings[TrackLayout.Proofs[each].ToString()] = track.Of(TrackLayout.Mappings + each);
            }
        }

        int[] reasons = [.. Enumerable.Range(0, TrackLayout.Reasons.Length).Where(each => track.Sum(TrackLayout.Drops + each) > 0)];
        return new HistoryReport
        {
            Now = time.GetUtcNow(),
            Server = server,
            Servers = [.. _listed.Where(each => TrackOf(each) is not null).Select(each => each.Name)],
            StepSeconds = Step.TotalSeconds,
            Ended = _ended,
            Seconds = [.. track.Seconds().Select(seconds => Math.Round(seconds, 3))],
            Uplink = new PassedHistory(track.Of(TrackLayout.Datagrams), track.Of(TrackLayout.Bytes)),
            Downlink = new PassedHistory(track.Of(TrackLayout.Datagrams + 1), track.Of(TrackLayout.Bytes + 1)),
            Initiations = track.Of(TrackLayout.Initiations),
            Responses = track.Of(TrackLayout.Responses),
            Mappings = mappings,
            Drops = reasons.OrderByDescending(each => track.Sum(TrackLayout.Drops + each))
                .ToDictionary(each => TrackLayout.Reasons[each].ToString(), each => (IReadOnlyList<long>)track.Of(TrackLayout.Drops + each), StringComparer.Ordinal),
        };
    }

    /// <summary>What is kept of one thing.</summary>
    private sealed class Past
    {
        private readonly long[] _before = new long[TrackLayout.Series];

        /// <summary>Its history; null if it has none.</summary>
        public Track? Track { get; set; }

        /// <summary>The rates of the last step; null if there was none.</summary>
        public RateNow? Rate { get; private set; }

        /// <summary>Ends a step; if it took no time, it only begins the first. A server that is added later has counted nothing before.</summary>
        public void Add(Counted counters, double seconds)
        {
            Span<long> step = stackalloc long[TrackLayout.Series];
            TrackLayout.Read(counters, step);
            for (int each = 0; each < step.Length; each++)
            {
                long before = _before[each];
                _before[each] = step[each];
                step[each] -= TrackLayout.IsState(each) ? 0 : before;
            }

            if (seconds > 0)
            {
                Track?.Add(seconds, step);
                Rate = new RateNow(
                    step[TrackLayout.Bytes] / seconds, step[TrackLayout.Datagrams] / seconds, step[TrackLayout.Bytes + 1] / seconds, step[TrackLayout.Datagrams + 1] / seconds);
            }
        }
    }
}
