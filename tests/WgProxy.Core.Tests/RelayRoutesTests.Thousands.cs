using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// As many routes as one relay may have to tell apart.
public sealed partial class RelayRoutesTests
{
    [Fact]
    public void A_thousand_routes_are_told_apart()
    {
        RouteList list = new();
        Route[] routes = [.. Enumerable.Range(0, 1_000).Select(_ => RelayDriver.NewRoute())];
        RouteId[] ids = [.. routes.Select(list.Add)];
        RelayDriver driver = new(Settings, list);
        foreach (int number in (int[])[0, 1, 7, 8, 15, 16, 511, 998, 999])
        {
            int slot = driver.FromClient(RelayDriver.Client(number), WireMessages.Initiation(routes[number].Mac1, 0xC1)).Slot;
            Assert.Equal((routes[number], ids[number]), (driver.Relay.RouteOf(slot), driver.Log[^1].Route));
        }

        // Those between go; the others are found where they are.
        for (int number = 0; number < routes.Length; number += 3)
        {
            Assert.True(list.Remove(ids[number]));
            driver.Relay.RouteChanged(ids[number]);
        }

        driver.Pass(0);
        for (int number = 0; number < routes.Length; number++)
        {
            Decision decision = driver.FromClient(RelayDriver.Client(2_000), WireMessages.Initiation(routes[number].Mac1, (uint)number));
            Assert.Equal(number % 3 == 0, decision.Verdict == Verdict.BadMac1);
            if (decision.Verdict == Verdict.Open)
            {
                Assert.Same(routes[number], driver.Relay.RouteOf(decision.Slot));
                driver.Relay.OpenFailed(decision.Slot);
                driver.Relay.ClearEvents();
            }
        }
    }

    [Fact]
    public void What_an_initiation_is_compared_with_is_counted()
    {
        RelayDriver driver = new(Settings, routes: 1_000);
        Source source = RelayDriver.Client(1);

        long Steps(byte[] initiation)
        {
            long before = driver.Relay.KeySteps;
            driver.FromClient(source, initiation);
            return driver.Relay.KeySteps - before;
        }

        Assert.Equal(125, Steps(WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 0xC1)));
        Assert.Equal(125, Steps(WireMessages.Initiation(driver.Routes[7].Mac1, 0xC2)));
        Assert.Equal(1, Steps(WireMessages.Initiation(driver.Routes[7].Mac1, 0xC3)));
        Assert.Equal(126, Steps(WireMessages.Initiation(driver.Routes[8].Mac1, 0xC4)));
        RelayDriver few = new(Settings, routes: 2);
        few.FromClient(source, WireMessages.Initiation(driver.Mac1, 0xC1));
        Assert.Equal(2, few.Relay.KeySteps);
    }

    // One client may have a tunnel with each of the servers, by one socket.
    [Fact]
    public void However_many_mappings_a_source_has_few_are_looked_at()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 512, MaxAsked = 256 }, routes: 300);
        Source source = RelayDriver.Client(1);
        int[] slots = [.. driver.Routes.Select((route, i) => driver.Confirm(source, 0xC000 + (uint)i, 0x5000 + (uint)i, route))];

        long Looks(Action action)
        {
            long before = driver.Relay.MappingsLookedAt;
            action();
            return driver.Relay.MappingsLookedAt - before;
        }

        // What no server issued, and what the one issued that the client used longest ago.
        Assert.InRange(Looks(() => driver.FromClient(source, WireMessages.Transport(0x9999))), 1, 16);
        Assert.Equal(1, driver.Relay.Counters.Tolerated(Direction.Uplink));
        Assert.InRange(Looks(() => Assert.Equal(slots[0], driver.FromClient(source, WireMessages.Transport(0x5000)).Slot)), 1, 48);
        Assert.Equal(0, Looks(() => Assert.Equal(slots[0], driver.FromClient(source, WireMessages.Transport(0x5000)).Slot)));
        Assert.InRange(Looks(() => Assert.Equal(slots[1], driver.FromClient(source, WireMessages.Initiation(driver.Routes[1].Mac1, 0xC1)).Slot)), 1, 48);

        // The server asks, and the client answers on a mapping that it has not used for long.
        driver.FromServer(slots[2], WireMessages.Initiation(driver.Routes[2].Mac1, 0x7777));
        byte[] answer = WireMessages.Response(0xC777, 0x7777, driver.Routes[2].Mac1);
        Assert.InRange(Looks(() => Assert.Equal(new Decision(Verdict.Forward, slots[2], answer.Length), driver.FromClient(source, answer))), 1, 48);
        Assert.Equal(1, driver.Relay.Counters.Tolerated(Direction.Uplink));

        // Ends, and one that comes, walk no chain either.
        Assert.InRange(Looks(() => driver.Pass(1_000)), 0, 16);
        Assert.Equal(Verdict.Open, driver.FromClient(source, WireMessages.Initiation(driver.Mac1, 0xC2)).Verdict);
    }

    [Fact]
    public void Deciding_among_a_thousand_routes_allocates_nothing()
    {
        RouteList list = new();
        Route last = RelayDriver.NewRoute();
        foreach (Route route in Enumerable.Range(0, 999).Select(_ => RelayDriver.NewRoute()).Append(last))
        {
            list.Add(route);
        }

        RelayDriver driver = new(Settings, list);
        Source source = RelayDriver.Client(1);
        byte[] mine = WireMessages.Initiation(last.Mac1, 0xC1);
        int slot = driver.FromClient(source, mine).Slot;
        driver.FromServer(slot, WireMessages.Response(0x51, 0xC1));
        byte[] data = WireMessages.Transport(0x51, 100);
        byte[] forged = WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 0xC2);
        byte[] newcomers = WireMessages.Initiation(last.Mac1, 0xC3);
        Source stranger = RelayDriver.Client(2);
        Verdict[] seen = new Verdict[4];
        Assert.Equal(0, Allocated.InBestOf(5, () =>
        {
            seen[0] = driver.Relay.FromClient(mine, 0, source, driver.Now).Verdict;
            seen[1] = driver.Relay.FromClient(forged, 0, stranger, driver.Now).Verdict;
            seen[2] = driver.Relay.FromClient(data, 0, source, driver.Now).Verdict;
            Decision opened = driver.Relay.FromClient(newcomers, 0, stranger, driver.Now);
            seen[3] = opened.Verdict;
            driver.Relay.OpenFailed(opened.Slot);
            driver.Relay.ClearEvents();
        }));
        Assert.Equal([Verdict.Replayed, Verdict.BadMac1, Verdict.Forward, Verdict.Open], seen);
    }
}
