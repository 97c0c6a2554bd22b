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

/// <summary>Reports of many rows: they have the form of their types, and leave the collector next to nothing, because it stops the threads that move
/// datagrams too.</summary>
public sealed class WrittenReportsTests
{
    private const int Servers = 1_000;
    private const int Mappings = 200;

    private static readonly StatusJson Json = StatusJson.Written;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_has_the_form_of_its_type_with_what_was_counted()
    {
        using AnsweringEngine engine = new();
        StatusReader reader = engine.Reader;
        ServersReport servers = await reader.ReadServersAsync(new ServersQuestion(2), Stop).AsAsync(Json.ServersReport);
        Assert.Equal(["server-0.example.com", "b\"\u001bé"], servers.Servers.Select(server => server.Name));
        Assert.Equal(engine.Servers.Now[2].Id.Index, servers.Next);
        ServerReport first = servers.Servers[0];
        Assert.Equal((engine.Servers.Now[0].Options.Key.ToString(), "[2001:db8::1]:51820", 1L, 148L), (first.PublicKey, first.EndpointInUse, first.Mappings.ByProof["Asked"], first.Uplink.Bytes));
        Assert.Equal(Enum.GetNames<Proof>()[1..], first.Mappings.ByProof.Keys);
        Assert.Equal(["host.example.com:51820", "192.0.2.7:1", "[2001:db8::7]:2", "[fe80::1%eth0]:3"], first.Endpoints.Select(endpoint => endpoint.Name));
        Assert.Null(first.Uplink.BytesPerSecond);

        SessionsReport bySlot = await reader.ReadSessionsAsync(new SessionsQuestion(SessionOrder.Slot, 150), Stop).AsAsync(Json.SessionsReport);
        Assert.Equal((150, 150), (bySlot.Sessions.Count, bySlot.Matching));
        SessionsReport rest = await reader.ReadSessionsAsync(new SessionsQuestion(SessionOrder.Slot, 150) { From = bySlot.Next!.Value }, Stop).AsAsync(Json.SessionsReport);
        Assert.Equal((50, (int?)null), (rest.Sessions.Count, rest.Next));
        Assert.Equal(Mappings, bySlot.Sessions.Concat(rest.Sessions).Select(session => session.Client).Distinct(StringComparer.Ordinal).Count());
        SessionReport session = bySlot.Sessions.Single(each => each.Client is "[2001:db8:ffff::]:1000");
        Assert.Equal(("server-0.example.com", "Asked", "[2001:db8::1]:51820", 148L), (session.Server, session.Proof, session.ServerAddress, session.UplinkBytes));
        Assert.Equal((null, null), (session.LocalAddress, session.Peer));
        SessionsReport sorted = await reader.ReadSessionsAsync(new SessionsQuestion(SessionOrder.Traffic, 3), Stop).AsAsync(Json.SessionsReport);
        Assert.Equal((3, Mappings, (int?)null), (sorted.Sessions.Count, sorted.Matching, sorted.Next));
        Assert.Equal("10.0.5.1:1000", sorted.Sessions[0].Client);
        Assert.Equal(2 * 148, sorted.Sessions[0].UplinkBytes);

        PeersReport peers = await reader.ReadPeersAsync(Stop).AsAsync(Json.PeersReport);
        Assert.Equal([("server-0.example.com", "alice", null)], peers.Peers.Select(peer => (peer.Server, peer.Name, peer.LastSeen)));
        DropsReport drops = await reader.ReadDropsAsync(Stop).AsAsync(Json.DropsReport);
        Assert.Equal(Enum.GetNames<Verdict>(), drops.Verdicts.Keys);
        Assert.Contains(new DropReport("server-5.example.com", "uplink", "Replayed", 1), drops.Drops);
    }

    [Fact]
    public async Task None_leaves_the_collector_more_than_a_few_kilobytes_however_many_servers_there_are()
    {
        using AnsweringEngine engine = new();
        StatusReader reader = engine.Reader;
        await MeasureAsync("250 of 1,000 servers", 16_000, () => reader.ReadServersAsync(new ServersQuestion(ServersQuestion.MostServers), Stop));
        await MeasureAsync("drops of 1,000 servers", 8_000, () => reader.ReadDropsAsync(Stop));
        await MeasureAsync("peers", 8_000, () => reader.ReadPeersAsync(Stop));
        await MeasureAsync("200 sessions, sorted", 40_000, () => reader.ReadSessionsAsync(new SessionsQuestion(SessionOrder.Traffic, 200), Stop));
        await MeasureAsync("200 sessions by slot", 40_000, () => reader.ReadSessionsAsync(new SessionsQuestion(SessionOrder.Slot, 200), Stop));
    }

    private static async Task MeasureAsync(string what, long most, Func<Task<AnswerBytes?>> read)
    {
        long best = long.MaxValue;
        int length = 0;
        for (int round = 0; round < 5; round++)
        {
            // On one thread, because everything completes at once here.
            long before = GC.GetAllocatedBytesForCurrentThread();
            Task<AnswerBytes?> reading = read();
            Assert.True(reading.IsCompleted);
            AnswerBytes? bytes = await reading;
            length = bytes?.Length ?? 0;
            bytes?.Dispose();
            best = Math.Min(best, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"measured: {what}: {best:N0} bytes allocated for an answer of {length:N0} bytes");
        Assert.InRange(best, 0, most);
    }

    /// <summary>One relay with a mapping for each of the first servers, which answers at once, turn by turn.</summary>
    private sealed class AnsweringEngine : IEngine
    {
        private static readonly Tick Now = new(5_000);
        private readonly Relay _relay;
        private readonly TurnMeter _turns = new();

        public AnsweringEngine()
        {
            FakeTime time = new();
            PeerOptions alice = new("alice", Keys.Parse(Keys.TextOf(5_000)));
            Servers = new ServerSet(
                [
                    .. Enumerable.Range(0, WrittenReportsTests.Servers).Select(number => new ServerOptions(number == 1 ? "b\"\u001bé" : $"server-{number}.example.com", Keys.Parse(Keys.TextOf(number + 1)), Name("host.example.com:51820"))
                    {
                        Others = number == 0 ? [Name("192.0.2.7:1"), Name("[2001:db8::7]:2"), Name("[fe80::1%eth0]:3")] : [],
                        Peers = number == 0 ? [alice] : [],
                    }),
                ],
                TimeSpan.FromSeconds(300), time, new HeardLog(time).Log);
            _relay = new Relay(RelaySettings.ForMappings(16_384), Servers.Routes);
            for (int number = 0; number < Mappings; number++)
            {
                Ask(Servers.Now[number].Route, number);
            }

            Reader = new StatusReader(
                this,
                new EngineInquiry(this),
                Servers,
                new RelayFacts("1.2.3", time.GetUtcNow(), new Capacity(1_024, 32, "a setting", EphemeralPorts.OfThisHost(1), null), 16, StatusQueriesTests.OptionsOf, () => 2) { Attempts = new Attempts(time) },
                time);
        }

        public ServerSet Servers { get; }

        public StatusReader Reader { get; }

        public IReadOnlyList<IPEndPoint> Listening => [];

        public IReadOnlyList<string> Shortfalls => [];

        public void Query(EngineQuery query)
        {
            query.Begin();
            QueryLine line = new(firstSlot: 0, frequency: 1_000, _ => { });
            Assert.Equal(QueryOutcome.Waiting, line.Post(query));
            while (line.Continue(_relay, _turns, Now))
            {
            }

            query.End(QueryOutcome.Answered);
        }

        public void Start() => throw new NotSupportedException();

        public void ListenOn(IReadOnlyList<IPEndPoint> listen) => throw new NotSupportedException();

        public void Stop() => throw new NotSupportedException();

        public bool Post(EngineCommand command) => throw new NotSupportedException();

        public bool Tell(DirectoryAnswer answer) => throw new NotSupportedException();

        public void Restore(RestoreBatch batch) => throw new NotSupportedException();

        public void Dispose()
        {
            // It holds nothing.
        }

        private static ServerName Name(string text) => ServerName.TryParse(text, out ServerName name, out string? detail) ? name : throw new FormatException(detail);

        private void Ask(Route route, int number)
        {
            route.Server = IPEndPoint.Parse("[2001:db8::1]:51820");
            _relay.RouteChanged(Servers.Routes.IdOf(route));
            Source source = Source.From(new IPEndPoint(number == 0 ? IPAddress.Parse("2001:db8:ffff::") : new IPAddress([10, 0, (byte)number, 1]), 1_000));
            byte[] initiation = WireMessages.Initiation(route.Mac1, (uint)number + 1);
            Decision asked = _relay.FromClient(initiation, initiation.Length, source, Now);
            Assert.Equal(Verdict.Open, asked.Verdict);
            _relay.Opened(asked.Slot, (ushort)(40_000 + number));
            if (number == 5)
            {
                Assert.Equal(Verdict.Replayed, _relay.FromClient(initiation, initiation.Length, source, Now).Verdict);
                byte[] again = WireMessages.Initiation(route.Mac1, 77_777);
                Assert.Equal(Verdict.Forward, _relay.FromClient(again, again.Length, source, Now).Verdict);
            }

            _relay.ClearEvents();
        }
    }
}
