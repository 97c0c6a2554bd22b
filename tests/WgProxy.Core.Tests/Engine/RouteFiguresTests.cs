using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Engine;

/// <summary>One query for the figures of all routes and peers.</summary>
public sealed class RouteFiguresTests
{
    private readonly TurnMeter _turns = new();

    [Fact]
    public void Each_route_has_its_own_counters_and_addresses_at_its_place()
    {
        RelayDriver driver = new(routes: 40);
        Scenario.Confirmed(driver, RelayDriver.Client(1), route: driver.Routes[39]);
        Scenario.Asked(driver, RelayDriver.Client(2), 0xC2, 0x52, driver.Routes[3]);
        RouteFigures figures = new([.. Enumerable.Range(0, 40).Reverse().Select(index => (new RouteId((ushort)index, 1), PeerList.Empty))]);

        // Two turns for forty routes, and the last one answers.
        Assert.Equal(2, Ask(driver, figures));
        Assert.Equal(1, figures.CountersAt(0)[Proof.Confirmed]);
        Assert.Equal(1, figures.CountersAt(36)[Proof.Asked]);
        Assert.Equal(2, Enumerable.Range(0, 40).Sum(place => figures.CountersAt(place)[RelayEventKind.Opened]));
        Assert.Equal(new RouteId(39, 1), figures.RouteAt(0));
        Assert.Equal(driver.Routes[39].Addresses, figures.AddressesAt(0));
        Assert.Equal((true, true), (figures.IsReachable(0, 0), figures.IsAnswering(0, 0)));
        Assert.Equal((true, false), (figures.IsReachable(36, 0), figures.IsAnswering(36, 0)));

        // Asked again, nothing is counted twice.
        Ask(driver, figures);
        Assert.Equal(1, figures.CountersAt(0)[Proof.Confirmed]);
    }

    [Fact]
    public void An_address_that_cannot_be_reached_is_said_to_be_so_while_it_is_remembered()
    {
        RelayDriver driver = new();
        driver.Routes[0].Publish([IPEndPoint.Parse("192.0.2.200:1"), IPEndPoint.Parse("[2001:db8::1]:1")]);
        Scenario client = Scenario.Asked(driver);
        Assert.True(driver.Relay.TryNextServer(client.Slot, driver.Now));
        RouteFigures figures = new([(new RouteId(0, 1), PeerList.Empty)]);
        Ask(driver, figures);
        Assert.Equal((false, true), (figures.IsReachable(0, 0), figures.IsReachable(0, 1)));
        driver.Pass(Limits.FailedFor / 1_000.0);
        Ask(driver, figures);
        Assert.Equal((true, true), (figures.IsReachable(0, 0), figures.IsReachable(0, 1)));
    }

    [Fact]
    public void The_figures_of_several_relays_are_added_up()
    {
        Route[] routes = [RelayDriver.NewRoute(), RelayDriver.NewRoute()];
        RelayDriver[] drivers = [new(routes), new(routes)];
        Scenario.Confirmed(drivers[0], RelayDriver.Client(1), route: routes[1]);
        Scenario.Confirmed(drivers[1], RelayDriver.Client(2), route: routes[1]);
        RouteFigures figures = new([(new RouteId(1, 1), PeerList.Empty)]);
        EngineQuery query = new(_ => { }) { Routes = figures };
        query.Begin();
        foreach (RelayDriver driver in drivers)
        {
            NewLine().AddFigures(query, driver.Relay, _turns, driver.Now);
        }

        Assert.Equal(2, figures.CountersAt(0)[Proof.Confirmed]);
        Assert.Equal(2, figures.CountersAt(0).Handshakes);
    }

    [Fact]
    public void Peers_are_told_as_one_query_for_their_route_tells_them_and_in_bounded_turns_without_allocation()
    {
        Peer[] peers = Peer.Some(600);
        RelayDriver driver = Peer.Driver(peers);
        Scenario client = Scenario.Asked(driver);
        driver.FromServer(client.Slot, peers[599].Answer(Scenario.FirstServer, Scenario.FirstClient));
        client.Up(length: 200);
        PeerList list = driver.Routes[0].Settings.Peers;
        RouteFigures figures = new([(new RouteId(0, 1), list)]);
        int turns = 0;
        EngineQuery query = new(_ => { }) { Routes = figures };
        QueryLine line = NewLine();
        long allocated = Allocated.InBestOf(3, () =>
        {
            query.Begin();
            turns = Answer(driver, line, query);
        });

        // One for the slots, three for 600 peers.
        Assert.Equal(1 + 3, turns);
        Assert.InRange(allocated, 0, 64);
        PeerStatus last = figures.PeersAt(0)[599];
        Assert.Equal((peers[599].In(driver), 1, 1, 1, 200), (last.Peer, last.Mappings, last.Handshakes, (int)last.UplinkDatagrams, (int)last.UplinkBytes));
        Assert.Equal(0, figures.PeersAt(0)[..599].ToArray().Sum(peer => peer.Handshakes + peer.Mappings + peer.UplinkBytes));
    }

    [Fact]
    public void A_route_that_is_not_served_has_zeros()
    {
        RouteFigures figures = new([(new RouteId(7, 3), PeerList.Empty), (new RouteId(0, 2), PeerList.Empty)]);
        RelayDriver driver = new();
        Scenario.Confirmed(driver);
        Ask(driver, figures);
        Assert.Equal(0, figures.CountersAt(0)[Proof.Confirmed] + figures.CountersAt(1)[Proof.Confirmed]);
        Assert.Empty(figures.AddressesAt(0));
    }

    private static QueryLine NewLine() => new(firstSlot: 0, frequency: 1_000, _ => { });

    private int Ask(RelayDriver driver, RouteFigures figures)
    {
        EngineQuery query = new(_ => { }) { Routes = figures };
        query.Begin();
        return Answer(driver, NewLine(), query);
    }

    // How many turns answered before the one in which nothing was left.
    private int Answer(RelayDriver driver, QueryLine line, EngineQuery query)
    {
        _ = line.Post(query);
        int turns = 0;
        while (line.Continue(driver.Relay, _turns, driver.Now))
        {
            turns++;
        }

        return turns;
    }
}
