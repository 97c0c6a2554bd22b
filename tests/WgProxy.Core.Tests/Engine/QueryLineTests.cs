using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class QueryLineTests
{
    private const int Clients = 1_000;

    private readonly TurnMeter _turns = new();
    private readonly List<EngineQuery> _answered = [];

    [Fact]
    public void At_most_256_slots_are_visited_in_a_turn_and_nothing_is_allocated()
    {
        RelayDriver driver = Full();
        QueryLine line = NewLine();
        EngineQuery query = new(_ => { }, Clients + 1);
        int told = 0;
        int turns = 0;
        long allocated = Allocated.InBestOf(3, () =>
        {
            query.Begin();
            _ = line.Post(query);
            turns = 0;
            told = 0;
            while (line.Continue(driver.Relay, _turns, driver.Now))
            {
                turns++;
                int more = query.Mappings.Length - told;
                if (more > QueryLine.SlotsPerTurn)
                {
                    Assert.Fail($"{more} mappings in a turn");
                }

                told = query.Mappings.Length;
            }
        });
        Assert.Equal(Clients, told);
        Assert.Equal((driver.Relay.Slots + 255) / 256, turns);
        Assert.Equal(Clients, query.Mappings.ToArray().Select(each => each.Source).Distinct().Count());

        // The list of the answered grows; the line itself allocates nothing.
        Assert.InRange(allocated, 0, 64);
    }

    [Fact]
    public void Peers_are_told_a_bounded_number_of_slots_and_then_of_peers_in_each_turn()
    {
        Peer[] peers = Peer.Some(600);
        RelayDriver driver = Peer.Driver(peers);
        Scenario client = Scenario.Asked(driver);
        driver.FromServer(client.Slot, peers[599].Answer(Scenario.FirstServer, Scenario.FirstClient));
        client.Up(length: 200);
        QueryLine line = NewLine();
        EngineQuery query = new(_ => { }) { Route = new RouteId(0, 1), Peers = driver.Routes[0].Settings.Peers };
        query.Begin();
        _ = line.Post(query);
        int turns = 0;
        while (line.Continue(driver.Relay, _turns, driver.Now))
        {
            turns++;
        }

        // One for the slots, three for the peers, and one for the rest.
        Assert.Equal(1 + 3 + 1, turns);
        Assert.Equal(600, query.OfPeers.Length);
        PeerStatus last = query.OfPeers[599];
        Assert.Equal((peers[599].In(driver), 1, 1, 1, 200), (last.Peer, last.Mappings, last.Handshakes, (int)last.UplinkDatagrams, (int)last.UplinkBytes));
        Assert.Equal(0, query.OfPeers[..599].ToArray().Sum(peer => peer.Handshakes + peer.Mappings));
    }

    [Fact]
    public void A_second_query_waits_for_the_first_and_a_ninth_is_too_many()
    {
        RelayDriver driver = Full();
        QueryLine line = NewLine();
        EngineQuery[] queries = [.. Enumerable.Range(0, 9).Select(_ => new EngineQuery(_ => { }, 10))];
        Array.ForEach(queries, query => query.Begin());
        Assert.All(queries[..8], query => Assert.Equal(QueryOutcome.Waiting, line.Post(query)));
        Assert.Equal(QueryOutcome.Busy, line.Post(queries[8]));
        for (int turn = 1; line.Continue(driver.Relay, _turns, driver.Now); turn++)
        {
            // Ten mappings are found in the first turn of each.
            Assert.Equal(turn, _answered.Count);
        }

        Assert.Equal(8, _answered.Distinct().Count());
        Assert.Equal(QueryOutcome.Waiting, line.Post(queries[8]));
    }

    [Fact]
    public void Counters_alone_cost_one_turn()
    {
        RelayDriver driver = Full();
        QueryLine line = NewLine();
        EngineQuery query = new(_ => { });
        query.Begin();
        line.Post(query);
        Assert.True(line.Continue(driver.Relay, _turns, driver.Now));
        Assert.Same(query, Assert.Single(_answered));
        Assert.Equal(Clients, query.Counters[Proof.Asked]);
        Assert.False(line.Continue(driver.Relay, _turns, driver.Now));
    }

    [Fact]
    public void Slots_are_numbered_over_all_owners()
    {
        RelayDriver driver = Full();
        QueryLine line = new(5_000, 1, _answered.Add);
        EngineQuery query = new(_ => { }, 3) { From = 5_998 };
        query.Begin();
        line.Post(query);
        while (line.Continue(driver.Relay, _turns, driver.Now))
        {
        }

        Assert.Equal([5_998, 5_999], query.Mappings.ToArray().Select(each => each.Slot));
        Assert.Equal(-1, query.Next);
    }

    [Fact]
    public void Those_that_wait_at_the_end_are_told()
    {
        RelayDriver driver = Full();
        QueryLine line = NewLine();
        EngineQuery[] queries = [.. Enumerable.Range(0, 3).Select(_ => new EngineQuery(_ => { }, Clients))];
        Array.ForEach(queries, query => query.Begin());
        Assert.All(queries, query => Assert.Equal(QueryOutcome.Waiting, line.Post(query)));
        Assert.True(line.Continue(driver.Relay, _turns, driver.Now));
        List<EngineQuery> unanswered = [];
        line.Close(unanswered.Add);
        Assert.Empty(_answered);
        Assert.Equal(queries, unanswered);
        Assert.Equal(QueryOutcome.NotRunning, line.Post(queries[0]));
    }

    private static RelayDriver Full()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 4 * Clients, MaxAsked = Clients, LoadedAsked = 10 * Clients, PrefixShare = Clients });
        for (int client = 0; client < Clients; client++)
        {
            driver.Ask(Source.From(new System.Net.IPEndPoint(new System.Net.IPAddress([10, 0, (byte)(client >> 8), (byte)client]), 7)));
        }

        return driver;
    }

    private QueryLine NewLine() => new(0, 1, _answered.Add);
}
