using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// One relay in front of several servers, which choose indices independently.
public sealed partial class RelayRoamingTests
{
    private static readonly Source OtherHome = RelayDriver.Client(11);
    private static readonly Source OtherMobile = RelayDriver.Client(12);

    [Fact]
    public void Two_routes_with_one_index_both_keep_working_when_both_clients_roam()
    {
        RelayDriver driver = TwoTunnelsWithOneIndex(out int first, out int second);
        Assert.Equal(0, driver.Relay.Counters.IndexConflicts);
        (int Slot, int Route)[] moved = [MoveTo(driver, Mobile, 0, 0xC1), MoveTo(driver, OtherMobile, 1, 0xC2)];
        Assert.Equal([0, 1], moved.Select(move => move.Route));

        // Each goes on where it is now, both ways; and where it was before.
        for (int round = 0; round < 10; round++)
        {
            Exchange(driver, Mobile, moved[0].Slot, 0xC1);
            Exchange(driver, OtherMobile, moved[1].Slot, 0xC2);
            Exchange(driver, Home, first, 0xC1);
            Exchange(driver, OtherHome, second, 0xC2);
            driver.Pass(20);
        }

        Assert.Equal(0, driver.Relay.Counters.Tolerated(Direction.Uplink) + driver.Relay.Counters.Tolerated(Direction.Downlink));
    }

    [Fact]
    public void Two_routes_with_one_index_both_keep_working_when_both_clients_move_to_one_socket()
    {
        // One interface with two peers, say, whose sockets both move to the same new address.
        RelayDriver driver = TwoTunnelsWithOneIndex(out _, out _);
        (int one, int other) = (driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot, driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot);
        Assert.Equal([driver.Routes[0], driver.Routes[1]], [driver.Relay.RouteOf(one), driver.Relay.RouteOf(other)]);
        Assert.Equal(Verdict.Forward, driver.FromServer(one, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Verdict.Forward, driver.FromServer(other, WireMessages.Transport(0xC2)).Verdict);
        Assert.Equal((Proof.Confirmed, Proof.Confirmed), (driver.Relay.ProofOf(one), driver.Relay.ProofOf(other)));

        // Which server the data with the index are for, nobody can tell: they go to the one used last, and the other's client asks for
        // new keys after 15 s. From then on each server has its own index.
        Assert.Equal(other, driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot);
        Decision asked = driver.FromClient(Mobile, WireMessages.Initiation(driver.Routes[0].Mac1, 0xC3));
        Assert.Equal((Verdict.Forward, one), Verdicts(asked));
        Assert.Equal(Verdict.Forward, driver.FromServer(one, WireMessages.Response(0x53, 0xC3)).Verdict);
        for (int round = 0; round < 3; round++)
        {
            Assert.Equal((Verdict.Forward, one), Verdicts(driver.FromClient(Mobile, WireMessages.Transport(0x53))));
            Assert.Equal((Verdict.Forward, one), Verdicts(driver.FromServer(one, WireMessages.Transport(0xC3))));
            Assert.Equal((Verdict.Forward, other), Verdicts(driver.FromServer(other, WireMessages.Transport(0xC2))));
        }
    }

    [Fact]
    public void A_source_with_mappings_on_both_routes_sends_a_shared_index_where_it_used_it_last()
    {
        RelayDriver driver = new(routes: 2);
        int first = driver.Confirm(Home, client: 0xC1, server: 0x51);
        int second = driver.Answer(Home, 0xC2, 0x51, driver.Routes[1]);
        Assert.Equal((Verdict.Forward, first), Verdicts(driver.FromClient(Home, WireMessages.Transport(0x51))));
        Assert.Equal(0, driver.Relay.IndexLookUps);

        // The second server has no answer, so its client asks again; with an index of its own it is heard.
        driver.Pass(5);
        driver.FromClient(Home, WireMessages.Initiation(driver.Routes[1].Mac1, 0xC3));
        driver.FromServer(second, WireMessages.Response(0x52, 0xC3));
        Assert.Equal((Verdict.Forward, second), Verdicts(driver.FromClient(Home, WireMessages.Transport(0x52))));
        Assert.Equal(Proof.Established, driver.Relay.ProofOf(second));
        Assert.Equal((Verdict.Forward, first), Verdicts(driver.FromServer(first, WireMessages.Transport(0xC1))));
    }

    [Fact]
    public void A_response_goes_to_the_server_that_it_is_sealed_for()
    {
        RelayDriver driver = TwoTunnelsWithOneIndex(out int first, out int second);
        driver.FromServer(first, WireMessages.Initiation(driver.Routes[0].Mac1, 0x61));
        driver.FromServer(second, WireMessages.Initiation(driver.Routes[1].Mac1, 0x61));
        Decision claim = driver.FromClient(Mobile, WireMessages.Response(0xC9, 0x61, driver.Routes[1].Mac1));
        Assert.Equal((Verdict.Open, driver.Routes[1]), (claim.Verdict, driver.Relay.RouteOf(claim.Slot)));
        Decision other = driver.FromClient(Mobile, WireMessages.Response(0xC8, 0x61, driver.Routes[0].Mac1));
        Assert.Equal((Verdict.Open, driver.Routes[0]), (other.Verdict, driver.Relay.RouteOf(other.Slot)));
        Assert.Equal((Verdict.Forward, claim.Slot), Verdicts(driver.FromClient(Mobile, WireMessages.Response(0xC9, 0x61, driver.Routes[1].Mac1))));
        Assert.Equal(Verdict.BadMac1, driver.FromClient(Mobile, WireMessages.Response(0xC9, 0x61, RelayDriver.NewRoute().Mac1)).Verdict);
    }

    [Fact]
    public void A_full_tunnel_does_not_hide_the_one_of_another_route()
    {
        RelayDriver driver = TwoTunnelsWithOneIndex(out _, out _);
        Decision[] claims = [.. Enumerable.Range(50, 8).Select(i => driver.FromClient(RelayDriver.Client(i), WireMessages.Transport(0x51)))];
        Assert.All(claims, claim => Assert.Equal(Verdict.Open, claim.Verdict));
        Assert.Equal(4, claims.Count(claim => driver.Relay.RouteOf(claim.Slot) == driver.Routes[1]));
        Assert.Equal(Verdict.ClaimRefused, driver.FromClient(Mobile, WireMessages.Transport(0x51)).Verdict);

        // A claim of the one route goes on though the other's is refused.
        Assert.Equal((Verdict.Forward, claims[0].Slot), Verdicts(driver.FromClient(RelayDriver.Client(50), WireMessages.Transport(0x51))));
    }

    [Fact]
    public void Both_keep_working_across_neighbours()
    {
        RelayDriver[] drivers = NewNeighbours(3);
        drivers[0].Establish(Home, 0xC1, route: drivers[0].Routes[0]);
        drivers[1].Establish(OtherHome, 0xC2, route: drivers[1].Routes[1]);
        (int Slot, int Route)[] moved = [MoveTo(drivers[2], Mobile, 0, 0xC1), MoveTo(drivers[2], OtherMobile, 1, 0xC2)];
        Assert.Equal([0, 1], moved.Select(move => move.Route));
        Exchange(drivers[2], Mobile, moved[0].Slot, 0xC1);
        Exchange(drivers[2], OtherMobile, moved[1].Slot, 0xC2);

        // And back to a neighbour that knows the other tunnel only.
        (int slot, int route) = MoveTo(drivers[0], RelayDriver.Client(13), 1, 0xC2);
        Assert.Equal(1, route);
        Exchange(drivers[0], RelayDriver.Client(13), slot, 0xC2);
        Assert.Equal(0, drivers.Sum(driver => driver.Relay.Counters.Tolerated(Direction.Uplink) + driver.Relay.Counters.IndexConflicts));
    }

    [Fact]
    public void Unknown_data_go_to_the_route_that_the_source_used_last()
    {
        RelayDriver driver = new(routes: 2);
        int first = driver.Confirm(Home, client: 0xC1, server: 0x51);
        int second = driver.Answer(Home, 0xC2, 0x52, driver.Routes[1]);

        // Neither the initiation, which anybody may forge, nor what servers send says what the source used.
        driver.Pass(1);
        driver.FromServer(second, WireMessages.Transport(0xC2));
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(second));
        Assert.Equal((Verdict.Forward, first), Verdicts(driver.FromClient(Home, WireMessages.Transport(0x99))));

        driver.FromClient(Home, WireMessages.Transport(0x52));
        driver.FromServer(first, WireMessages.Transport(0xC1));
        Assert.Equal((Verdict.Forward, second), Verdicts(driver.FromClient(Home, WireMessages.Transport(0x99))));
        driver.FromClient(Home, WireMessages.Transport(0x51));
        Assert.Equal((Verdict.Forward, first), Verdicts(driver.FromClient(Home, WireMessages.Transport(0x99))));

        // Within the budget: 64 MiB at once for the proven.
        byte[] large = WireMessages.Transport(0x99, 65_000);
        int passed = Enumerable.Range(0, 1_100).Count(_ => driver.FromClient(Home, large).Verdict == Verdict.Forward);
        Assert.Equal((64 << 20) / 65_000, passed);
        Assert.Equal(Verdict.OverBudget, driver.FromClient(Home, large).Verdict);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    public void An_index_is_looked_up_once_whatever_the_number_of_routes(int routes)
    {
        RelayDriver driver = new(routes: routes);
        driver.Confirm(Home);
        Assert.Equal(0, driver.Relay.IndexLookUps);
        Cost(1, Verdict.NoMapping, Mobile, WireMessages.Transport(0x99));
        Cost(1, Verdict.NoMapping, Mobile, WireMessages.Response(1, 0x99));
        Cost(1, Verdict.Forward, Home, WireMessages.Transport(0x99));
        Cost(0, Verdict.Forward, Home, WireMessages.Transport(0x51));
        Cost(1, Verdict.UnknownIndex, Home, WireMessages.Response(1, 0x99));
        Cost(1, Verdict.Open, Mobile, WireMessages.Transport(0x51));

        // With several routes, another of them may have issued the index that a claim goes by.
        Cost(routes == 1 ? 0 : 1, Verdict.Forward, Mobile, WireMessages.Transport(0x51));

        // A source with mappings on many routes.
        for (int route = 1; route < Math.Min(routes, 30); route++)
        {
            driver.Establish(Home, 0xD000 + (uint)route, 0xE000 + (uint)route, driver.Routes[route]);
        }

        Cost(1, Verdict.Forward, Home, WireMessages.Transport(0x99));

        // The one that it used longest ago is not among those that are tried one by one, until it is used.
        Cost(routes == 1 ? 0 : 1, Verdict.Forward, Home, WireMessages.Transport(0x51));
        Cost(0, Verdict.Forward, Home, WireMessages.Transport(0x51));

        void Cost(int expected, Verdict verdict, Source source, byte[] datagram)
        {
            long before = driver.Relay.IndexLookUps;
            Assert.Equal(verdict, driver.FromClient(source, datagram).Verdict);
            Assert.Equal(expected, driver.Relay.IndexLookUps - before);
        }
    }

    [Fact]
    public void A_neighbour_is_asked_once_whatever_the_number_of_routes()
    {
        RelayDriver[] drivers = NewNeighbours(2, routes: 100);
        drivers[0].Establish(Home, 0xC1, route: drivers[0].Routes[70]);
        Assert.Equal(Verdict.NoMapping, drivers[1].FromClient(Mobile, WireMessages.Transport(0x99)).Verdict);
        Assert.Equal(0, drivers[1].Relay.NeighboursAsked);
        Assert.Equal(Verdict.Open, drivers[1].FromClient(Mobile, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(1, drivers[1].Relay.NeighboursAsked);
        Assert.Equal(2, drivers[1].Relay.IndexLookUps);
    }

    private static RelayDriver[] NewNeighbours(int count, int routes = 2)
    {
        IReadOnlyList<Route> shared = [.. Enumerable.Range(0, routes).Select(_ => RelayDriver.NewRoute())];
        RelayDriver[] drivers = [.. Enumerable.Range(0, count).Select(_ => new RelayDriver(shared))];
        Relay.ConnectNeighbours([.. drivers.Select(driver => driver.Relay)]);
        return drivers;
    }

    private static RelayDriver TwoTunnelsWithOneIndex(out int first, out int second)
    {
        RelayDriver driver = new(routes: 2);
        first = driver.Establish(Home, 0xC1, route: driver.Routes[0]);
        second = driver.Establish(OtherHome, 0xC2, route: driver.Routes[1]);
        return driver;
    }

    /// <summary>The route's client sends from another place until its server has had one of the packets, which then answers there.
    /// Returns where that is: its first two packets decide.</summary>
    private static (int Slot, int Route) MoveTo(RelayDriver driver, Source place, int route, uint client)
    {
        for (int packet = 0; packet < 2; packet++)
        {
            Decision decision = driver.FromClient(place, WireMessages.Transport(0x51));
            Assert.True(decision.Verdict is Verdict.Open or Verdict.Forward, $"{decision}");
            if (driver.Relay.RouteOf(decision.Slot) == driver.Routes[route])
            {
                Assert.Equal(Verdict.Forward, driver.FromServer(decision.Slot, WireMessages.Transport(client)).Verdict);
                Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(decision.Slot));
                return (decision.Slot, route);
            }
        }

        return (-1, -1);
    }

    private static void Exchange(RelayDriver driver, Source source, int slot, uint client)
    {
        Assert.Equal((Verdict.Forward, slot), Verdicts(driver.FromClient(source, WireMessages.Transport(0x51))));
        Assert.Equal((Verdict.Forward, slot), Verdicts(driver.FromServer(slot, WireMessages.Transport(client))));
    }
}
