using System.Net;
using WgProxy.Causes;
using WgProxy.Configuration;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Serving;
using WgProxy.Status;

namespace WgProxy.Tests.Status;

/// <summary>How often a report asks the engine: once, whatever the number of servers.</summary>
public sealed class StatusQueriesTests
{
    private const int Servers = 1_000;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_report_or_page_of_a_thousand_servers_is_one_query()
    {
        FakeTime time = new();
        PeerOptions alice = new("alice", Keys.Parse(Keys.TextOf(5_000)));
        ServerSet servers = new(
            [.. Enumerable.Range(1, Servers).Select(number => new ServerOptions($"s{number}", Keys.Parse(Keys.TextOf(number)), Name) { Peers = number == 7 ? [alice] : [] })],
            TimeSpan.FromSeconds(300), time, new HeardLog(time).Log);
        using CountingEngine engine = new(servers.Routes);
        EngineInquiry inquiry = new(engine);
        RelayFacts facts = new("1.2.3", time.GetUtcNow(), new Capacity(64, 32, "a setting", EphemeralPorts.OfThisHost(1), null), 16, () => Options, () => 2) { Attempts = new Attempts(time) };
        StatusReader reader = new(engine, inquiry, servers, facts, time);

        // The last one has its figures where its name is.
        Route last = servers.Now[^1].Route;
        engine.Ask(last);
        List<ServerReport> all = [];
        for (int? from = 0; from is not null;)
        {
            ServersReport page = await ServersFromAsync(from.Value);
            Assert.Equal(ServersQuestion.MostServers, page.Servers.Count);
            all.AddRange(page.Servers);
            from = page.Next;
        }

        Assert.Equal((Servers, Servers / ServersQuestion.MostServers), (all.Count, engine.Queries));
        Assert.Equal([.. Enumerable.Repeat(0L, Servers - 1), 1], all.Select(server => server.Mappings.All));
        Assert.Equal("192.0.2.1:51820", all[^1].EndpointInUse);
        Assert.Equal("s7", Assert.Single((await reader.ReadServersAsync(new ServersQuestion(1) { Server = "S7" }, Stop).AsAsync(StatusJson.Written.ServersReport)).Servers).Name);
        int asked = engine.Queries;

        Assert.Equal(Servers, (await reader.ReadStatusAsync(Stop))!.Servers);
        Assert.Equal(asked + 1, engine.Queries);
        PeerReport peer = Assert.Single((await reader.ReadPeersAsync(Stop).AsAsync(StatusJson.Written.PeersReport)).Peers);
        Assert.Equal(("s7", "alice", asked + 2), (peer.Server, peer.Name, engine.Queries));

        engine.Refuse(last);
        DropsReport drops = await reader.ReadDropsAsync(Stop).AsAsync(StatusJson.Written.DropsReport);
        Assert.Equal([(null, 1L), ($"s{Servers}", 1L)], drops.Drops.Where(drop => drop.Verdict is "Replayed").Select(drop => (drop.Server, drop.Datagrams)));
        Assert.Equal(asked + 3, engine.Queries);

        // One for the servers, one for a page of mappings, one for strangers.
        Assert.NotNull(await reader.ReadCausesAsync(null, Stop));
        Assert.Equal(asked + 6, engine.Queries);

        // A list that has changed has other room.
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        _ = servers.RunAsync(new Announcements(_ => true, time), new OwnAddresses([], () => []), (_, _) => new TaskCompletionSource<IPAddress[]>().Task, end.Token);
        _ = servers.Change([.. servers.Servers.Skip(1)], TimeSpan.FromSeconds(300));
        Assert.Equal("s2", (await ServersFromAsync(0)).Servers[0].Name);
        Assert.Equal(asked + 7, engine.Queries);
        await end.CancelAsync();

        Task<ServersReport> ServersFromAsync(int from) =>
            reader.ReadServersAsync(new ServersQuestion(ServersQuestion.MostServers) { From = from }, Stop).AsAsync(StatusJson.Written.ServersReport);
    }

    private static ServerName Name => new("192.0.2.1", 51_820, IPAddress.Parse("192.0.2.1"));

    private static Options Options { get; } = OptionsOf();

    internal static Options OptionsOf()
    {
        HeardLog heard = new();
        CommandLine line = new(["--server", "192.0.2.1:51820", "--public-key", Keys.Text]);
        return new OptionsReader(line, new Dictionary<string, string>(), heard.Log, "/nowhere").Read()!;
    }

    /// <summary>One relay that answers at once.</summary>
    private sealed class CountingEngine(RouteList routes) : IEngine
    {
        private static readonly Tick Now = new(5_000);
        private readonly Relay _relay = new(RelaySettings.ForMappings(64), routes);
        private readonly TurnMeter _turns = new();
        private byte[] _initiation = [];

        public int Queries { get; private set; }

        public IReadOnlyList<IPEndPoint> Listening => [];

        public IReadOnlyList<string> Shortfalls => [];

        public void Ask(Route route)
        {
            route.Server = IPEndPoint.Parse("192.0.2.1:51820");
            _relay.RouteChanged(routes.IdOf(route));
            _initiation = WireMessages.Initiation(route.Mac1, 1);
            Decision asked = Send();
            Assert.Equal(Verdict.Open, asked.Verdict);
            _relay.Opened(asked.Slot, 40_000);
            _relay.ClearEvents();
        }

        public void Refuse(Route route) => Assert.Equal(Verdict.Replayed, Send().Verdict);

        public void Query(EngineQuery query)
        {
            Queries++;
            query.Begin();
            new QueryLine(firstSlot: 0, frequency: 1_000, _ => { }).AddFigures(query, _relay, _turns, Now);
            query.End(QueryOutcome.Answered);
        }

        public void Start() => throw new NotSupportedException();

        public void ListenOn(IReadOnlyList<IPEndPoint> listen) => throw new NotSupportedException();

    public void Stop() => throw new NotSupportedException();

        public bool Post(EngineCommand command) => throw new NotSupportedException();

        public void Restore(RestoreBatch batch) => throw new NotSupportedException();

        public bool Tell(DirectoryAnswer answer) => throw new NotSupportedException();

        public void Dispose()
        {
            // It holds nothing.
        }

        private Decision Send() => _relay.FromClient(
            _initiation, _initiation.Length, Source.From(IPEndPoint.Parse("198.51.100.1:1000")), Now);
    }
}
