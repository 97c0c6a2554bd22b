using System.Net;
using WgProxy.Accounting;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.History;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Logging;
using WgProxy.Serving;

namespace WgProxy.Status;

/// <summary>Makes the reports of a running relay. Any thread may ask. A report is null if the engine does not answer in time.</summary>
/// <param name="engine">What moves the datagrams.</param>
/// <param name="inquiry">Asks it.</param>
/// <param name="servers">The servers.</param>
/// <param name="facts">What is known beside.</param>
/// <param name="time">The clock.</param>
internal sealed class StatusReader(IEngine engine, EngineInquiry inquiry, ServerSet servers, RelayFacts facts, TimeProvider time)
{
    private readonly RoutesInquiry _routes = new(inquiry, () => servers.Now);

    /// <summary>The relay as a whole.</summary>
    public Task<StatusReport?> ReadStatusAsync(CancellationToken stop) => _routes.AskAsync(
        withPeers: false,
        (room, query) => StatusOf(query.Counters, room.Servers, Enumerable.Range(0, room.Servers.Count).Count(place => room.Figures.StatusAt(place).IsLoaded)),
        stop);

    /// <summary>All servers.</summary>
    public Task<ServersReport?> ReadServersAsync(CancellationToken stop) => _routes.AskAsync(
        withPeers: false,
        (room, _) => new ServersReport(
            time.GetUtcNow(), [.. room.Servers.Select((served, place) => ServerOf(served, room.Figures.CountersAt(place), room.Figures.StatusAt(place)))]),
        stop);

    /// <summary>All clients that have names.</summary>
    public Task<PeersReport?> ReadPeersAsync(CancellationToken stop) => _routes.AskAsync(
        withPeers: true,
        (room, query) => new PeersReport(
            time.GetUtcNow(), [.. room.Servers.SelectMany((served, place) => PeersOf(served, room.Peers[place], room.Figures.PeersAt(place), query.Now))]),
        stop);

    /// <summary>A page of mappings.</summary>
    public Task<SessionsReport?> ReadSessionsAsync(SessionsQuestion question, CancellationToken stop) =>
        new SessionsReader(inquiry, servers, time).ReadAsync(question, stop);

    /// <summary>Why clients have no tunnel.</summary>
    /// <param name="client">An address, an address and port, or the name of a peer; null for everybody.</param>
    /// <param name="stop">Ends the wait.</param>
    public Task<CausesReport?> ReadCausesAsync(string? client, CancellationToken stop) =>
        new CausesReader(inquiry, _routes, facts.Attempts, time).ReadAsync(client, stop);

    /// <summary>What became of datagrams.</summary>
    public Task<DropsReport?> ReadDropsAsync(CancellationToken stop) => _routes.AskAsync(
        withPeers: false,
        (room, query) => new DropsReport(
            time.GetUtcNow(),
            [
                .. DropsOf(null, direction => CounterNames.Dropped(query.Counters, direction)),
                .. room.Servers.SelectMany((served, place) => DropsOf(served.Options.Name, direction => CounterNames.Dropped(room.Figures.CountersAt(place), direction))),
            ],
            VerdictMeanings.All),
        stop);

    /// <summary>The last hour; null if there is no server of that name, or none of it is kept.</summary>
    /// <param name="server">The server's name; null for the relay as a whole.</param>
    public HistoryReport? ReadHistory(string? server) => facts.History?.Report(server);

    /// <summary>What servers and peers have carried, day by day.</summary>
    public UsageReport ReadUsage(UsageQuestion question) =>
        new UsageReader(new UsageNames(servers.Servers), facts.Accounts!.IsKept, time.GetUtcNow()).Read(question, facts.Accounts.Backwards);

    /// <summary>The relay's part in a fleet.</summary>
    public FleetReport ReadFleet() => FleetReport.Of(facts.Fleet, time.GetUtcNow());

    /// <summary>The last lines of the log.</summary>
    public LogReport ReadLog(LogQuestion question) => LogReport.Of(facts.Lines, question, time.GetUtcNow());

    /// <summary>Whether the program is alive.</summary>
    public async Task<HealthReport> ReadHealthAsync(CancellationToken stop) =>
        await inquiry.AskAsync(default, query => new HealthReport(query.Outcome == QueryOutcome.Answered), stop) ?? new HealthReport(DataPath: false);

    /// <summary>Whether the relay can serve clients.</summary>
    public async Task<ReadyReport> ReadReadyAsync(CancellationToken stop)
    {
        bool isAlive = (await ReadHealthAsync(stop)).DataPath;
        bool isBound = engine.Listening.Count > 0;
        IReadOnlyList<Served> all = servers.Now;
        string[] unresolved = [.. all.Where(IsUnresolved).Select(served => served.Options.Name)];
        bool isResolved = unresolved.Length < all.Count;
        return new ReadyReport(isAlive && isBound && isResolved, isBound, isResolved, isAlive, unresolved);
    }

    private static bool IsUnresolved(Served served) => served.Route.Addresses.Count == 0;

    private StatusReport StatusOf(CountersSnapshot counters, IReadOnlyList<Served> served, int loadedServers)
    {
        DateTimeOffset now = time.GetUtcNow();
        long asked = counters[Proof.Asked];
        Capacity capacity = facts.Capacity;
        return new StatusReport
        {
            Version = facts.Version,
            Now = now,
            Started = facts.Started,
            UptimeSeconds = (now - facts.Started).TotalSeconds,
            Listening = [.. engine.Listening.Select(listening => listening.ToString())],
            Engine = facts.Options().Engine.ToString().ToLowerInvariant(),
            Workers = counters.Owners,
            ConfigFile = facts.Options().File,
            LogLevel = facts.Level(),
            Servers = served.Count,
            Limits = new LimitsReport(
                capacity.Mappings, capacity.Asked, capacity.Bound, capacity.Ports.Numbers.Count, capacity.OpenFiles is HostFacts.Unlimited ? null : capacity.OpenFiles),
            Load = new LoadReport(asked >= facts.LoadedFrom, asked, facts.LoadedFrom, loadedServers),
            Warnings = [.. Warnings(served)],
            Mappings = MappingsOf(CounterNames.Mappings(counters)),
            Uplink = TrafficOf(counters, Direction.Uplink, facts.History?.Rate()),
            Downlink = TrafficOf(counters, Direction.Downlink, facts.History?.Rate()),
            Faults = CounterNames.Faults(counters).ToDictionary(fault => fault.Name, fault => fault.Value, StringComparer.Ordinal),
            Events = Enum.GetValues<RelayEventKind>().ToDictionary(kind => kind.ToString(), kind => counters[kind], StringComparer.Ordinal),
            Pauses = new PausesReport(
                counters.LongestTurn.TotalSeconds, counters.LongestTurnOfAll.TotalSeconds, counters.Turns, GC.GetTotalPauseDuration().TotalSeconds),
        };
    }

    private IEnumerable<string> Warnings(IReadOnlyList<Served> served)
    {
        foreach (string shortfall in engine.Shortfalls)
        {
            yield return shortfall;
        }

        foreach (Served each in served.Where(IsUnresolved))
        {
            yield return $"server {each.Options.Name} is not resolved";
        }

        foreach (Served each in served.Where(each => each.Silence?.IsSilent == true))
        {
            yield return $"server {each.Options.Name} is silent while clients ask";
        }
    }

    private ServerReport ServerOf(Served served, RouteCounters counters, RouteStatus status)
    {
        RateNow? rate = facts.History?.RateOf(served.Id);
        MappingsReport mappings = MappingsOf(CounterNames.Mappings(counters));
        return new ServerReport
        {
            Name = served.Options.Name,
            PublicKey = served.Options.Key.ToString(),
            Endpoints = [.. EndpointsOf(served)],
            EndpointInUse = status.InUse?.ToString(),
            Health = IsUnresolved(served) ? "unresolved"
                : served.Silence?.IsSilent == true ? "silent"
                : counters[Proof.Answered] + counters[Proof.Established] + counters[Proof.Confirmed] > 0 ? "answering" : "idle",
            IsLoaded = status.IsLoaded,
            Mappings = mappings,
            Handshakes = counters.Handshakes,
            Uplink = TrafficOf(counters, Direction.Uplink, rate),
            Downlink = TrafficOf(counters, Direction.Downlink, rate),
            Peers = served.Options.Peers.Count,
            PeersOnly = served.Options.Settings.PeersOnly,
        };
    }

    private static IEnumerable<EndpointReport> EndpointsOf(Served served)
    {
        IReadOnlyList<Configuration.ServerName> names = served.Options.Endpoints;
        for (int i = 0; i < names.Count; i++)
        {
            IReadOnlyList<IPEndPoint> addresses = i < served.Resolvers.Count ? served.Resolvers[i].Addresses.Addresses : [];
            yield return new EndpointReport(names[i].ToString(), [.. addresses.Select(address => address.ToString())]);
        }
    }

    private PeerReport[] PeersOf(Served served, PeerList list, ReadOnlySpan<PeerStatus> peers, Tick clock)
    {
        DateTimeOffset now = time.GetUtcNow();
        Dictionary<PeerId, string> names = served.Options.Peers.ToDictionary(peer => list.Find(peer.Key), peer => peer.Name);
        PeerReport[] reports = new PeerReport[peers.Length];
        for (int i = 0; i < reports.Length; i++)
        {
            ref readonly PeerStatus peer = ref peers[i];
            double? age = peer.LastSeen == default ? null : Math.Max(0, clock - peer.LastSeen) / 1000.0;
            string key = list.KeyOf(peer.Peer)!.ToString();
            reports[i] = new PeerReport(
                served.Options.Name,
                names.GetValueOrDefault(peer.Peer, key),
                key,
                peer.Mappings,
                peer.Handshakes,
                new PassedReport(peer.UplinkDatagrams, peer.UplinkBytes),
                new PassedReport(peer.DownlinkDatagrams, peer.DownlinkBytes),
                age is null ? null : now.AddSeconds(-age.Value),
                age);
        }

        return reports;
    }

    private static IEnumerable<DropReport> DropsOf(string? server, Func<Direction, IEnumerable<(string Name, long Value)>> dropped) =>
        Enum.GetValues<Direction>().SelectMany(direction => dropped(direction)
            .Where(verdict => verdict.Value != 0)
            .Select(verdict => new DropReport(server, direction == Direction.Uplink ? "uplink" : "downlink", verdict.Name, verdict.Value)));

    private static MappingsReport MappingsOf(IEnumerable<(string Name, long Value)> mappings)
    {
        Dictionary<string, long> byProof = mappings.ToDictionary(each => each.Name, each => each.Value, StringComparer.Ordinal);
        return new MappingsReport(byProof.Values.Sum(), byProof);
    }

    private static TrafficReport TrafficOf(CountersSnapshot counters, Direction direction, RateNow? rate) => TrafficOf(
        counters.Passed(direction), counters.ForwardedBytes(direction), CounterNames.Dropped(counters, direction), direction, rate);

    private static TrafficReport TrafficOf(RouteCounters counters, Direction direction, RateNow? rate) => TrafficOf(
        counters[direction, Verdict.Forward] + counters[direction, Verdict.Open],
        counters.ForwardedBytes(direction),
        CounterNames.Dropped(counters, direction),
        direction,
        rate);

    private static TrafficReport TrafficOf(long datagrams, long bytes, IEnumerable<(string Name, long Value)> dropped, Direction direction, RateNow? rate) => new(
        datagrams,
        bytes,
        dropped.Sum(verdict => verdict.Value),
        Rounded(direction == Direction.Uplink ? rate?.UplinkBytes : rate?.DownlinkBytes),
        Rounded(direction == Direction.Uplink ? rate?.UplinkDatagrams : rate?.DownlinkDatagrams));

    private static double? Rounded(double? rate) => rate is { } number ? Math.Round(number, 1) : null;
}
