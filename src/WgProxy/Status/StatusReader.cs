using WgProxy.Accounting;
using WgProxy.Core.Engine;
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
    private readonly NamesOfAll _names = new();
    private readonly SessionsReader _sessions = new(inquiry, servers, time);

    /// <summary>The relay as a whole.</summary>
    public Task<StatusReport?> ReadStatusAsync(CancellationToken stop) => _routes.AskAsync(
        withPeers: false,
        (room, query) => StatusOf(query.Counters, room.Servers, LoadedOf(room.Figures)),
        stop);

    /// <summary>A page of servers, a <see cref="ServersReport"/>. The caller disposes of it.</summary>
    public Task<AnswerBytes?> ReadServersAsync(ServersQuestion question, CancellationToken stop) => _routes.AskAsync(
        withPeers: false, (room, _) => new ServersPage(room, facts.History).Write(question, time.GetUtcNow()), stop);

    /// <summary>All clients that have names, a <see cref="PeersReport"/>. The caller disposes of it.</summary>
    public Task<AnswerBytes?> ReadPeersAsync(CancellationToken stop) => _routes.AskAsync(
        withPeers: true, (room, query) => new PeersPage(room, _names.Of(room.Servers)).Write(query.Now, time.GetUtcNow()), stop);

    /// <summary>A page of mappings, a <see cref="SessionsReport"/>. The caller disposes of it.</summary>
    public Task<AnswerBytes?> ReadSessionsAsync(SessionsQuestion question, CancellationToken stop) => _sessions.ReadAsync(question, stop);

    /// <summary>Why clients have no tunnel.</summary>
    /// <param name="client">An address, an address and port, or the name of a peer; null for everybody.</param>
    /// <param name="stop">Ends the wait.</param>
    public Task<CausesReport?> ReadCausesAsync(string? client, CancellationToken stop) =>
        new CausesReader(inquiry, _routes, _names, facts.Attempts, time).ReadAsync(client, stop);

    /// <summary>What became of datagrams, a <see cref="DropsReport"/>. The caller disposes of it.</summary>
    public Task<AnswerBytes?> ReadDropsAsync(CancellationToken stop) => _routes.AskAsync(
        withPeers: false, (room, query) => DropsPage.Write(query.Counters, room, time.GetUtcNow()), stop);

    /// <summary>The last hour; null if there is no server of that name, or none of it is kept.</summary>
    /// <param name="server">The server's name; null for the relay as a whole.</param>
    public HistoryReport? ReadHistory(string? server) => facts.History?.Report(server);

    /// <summary>What servers and peers have carried, day by day.</summary>
    public UsageReport ReadUsage(UsageQuestion question) =>
        new UsageReader(new UsageNames(servers.Servers), facts.Accounts!.IsKept, time.GetUtcNow()).Read(question, facts.Accounts.Backwards);

    /// <summary>The relay's part in a fleet.</summary>
    public FleetReport ReadFleet() => FleetReport.Of(facts.Fleet, time.GetUtcNow(), facts.Pair);

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

    private static int LoadedOf(RouteFigures figures)
    {
        int loaded = 0;
        for (int place = 0; place < figures.Count; place++)
        {
            loaded += figures.StatusAt(place).IsLoaded ? 1 : 0;
        }

        return loaded;
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

    private static MappingsReport MappingsOf(IEnumerable<(string Name, long Value)> mappings)
    {
        Dictionary<string, long> byProof = mappings.ToDictionary(each => each.Name, each => each.Value, StringComparer.Ordinal);
        return new MappingsReport(byProof.Values.Sum(), byProof);
    }

    private static TrafficReport TrafficOf(CountersSnapshot counters, Direction direction, RateNow? rate) => TrafficOf(
        counters.Passed(direction), counters.ForwardedBytes(direction), CounterNames.Dropped(counters, direction), direction, rate);

    private static TrafficReport TrafficOf(long datagrams, long bytes, IEnumerable<(string Name, long Value)> dropped, Direction direction, RateNow? rate) => new(
        datagrams,
        bytes,
        dropped.Sum(verdict => verdict.Value),
        ReportWriter.Rounded(direction == Direction.Uplink ? rate?.UplinkBytes : rate?.DownlinkBytes),
        ReportWriter.Rounded(direction == Direction.Uplink ? rate?.UplinkDatagrams : rate?.DownlinkDatagrams));
}
