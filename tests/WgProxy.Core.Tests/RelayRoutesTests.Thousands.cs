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
