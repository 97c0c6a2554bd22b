using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Load, tokens and cookies belong to one server.
public sealed partial class RelayGateTests
{
    [Fact]
    public void A_loaded_server_costs_the_clients_of_another_nothing()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 2_000, MaxAsked = 1_000, LoadedAsked = 1_000, PrefixShare = 1_000 }, routes: 2);

        // The first server is loaded, and its tokens are used up by those who show a cookie.
        driver.FromServer(driver.Ask(RelayDriver.Client(2), client: 0xC2), WireMessages.CookieReply(0xC2));
        int passed = 0;
        for (int number = 0; number < 100; number++)
        {
            byte[] refused = WireMessages.Initiation(driver.Mac1, 0x1_0000 + (uint)number);
            Assert.Equal(Verdict.Reply, driver.FromClient(Site(number), refused).Verdict);
            passed += Ask(driver, Site(number), 0x2_0000 + (uint)number, Open(driver, refused)).Verdict == Verdict.Open ? 1 : 0;
        }

        Assert.InRange(passed, 1, 5);

        // The second one's clients need no cookie and no token, from the same sites too.
        Assert.All(Enumerable.Range(0, 100), number => Assert.Equal(
            Verdict.Open, driver.FromClient(Site(number), WireMessages.Initiation(driver.Routes[1].Mac1, 0x3_0000 + (uint)number)).Verdict));
        Assert.Equal(100, driver.Relay.CountersOf(new RouteId(1, 1))![Direction.Uplink, Verdict.Open]);
        Assert.Equal(0, driver.Relay.CountersOf(new RouteId(1, 1))![Direction.Uplink, Verdict.Reply]);
    }

    [Fact]
    public void A_cookie_is_sealed_in_the_name_of_the_server_that_was_asked()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 64, MaxAsked = 16 }, routes: 2);
        for (int route = 0; route < 2; route++)
        {
            Scenario asked = Scenario.Asked(driver, RelayDriver.Client(10 + route), 0xC0 + (uint)route, route: driver.Routes[route]);
            asked.ServerDeclines(0xC0 + (uint)route);
            byte[] initiation = WireMessages.Initiation(driver.Routes[route].Mac1, 0xD0);
            Assert.Equal(Verdict.Reply, driver.FromClient(RelayDriver.Client(20 + route), initiation).Verdict);
            byte[] cookie = new byte[16];
            Assert.True(new CookieSealer(driver.Routes[route].Key).TryOpen(driver.Relay.Reply, initiation.AsSpan(116, 16), cookie));
            Assert.False(new CookieSealer(driver.Routes[1 - route].Key).TryOpen(driver.Relay.Reply, initiation.AsSpan(116, 16), cookie));
        }
    }
}
