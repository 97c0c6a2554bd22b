using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Which tunnel an index leads to, and what an unknown one may do.
public sealed partial class RelayRoamingTests
{
    [Fact]
    public void An_index_is_its_routes_own()
    {
        RelayDriver driver = new(routes: 2);
        int first = driver.Establish(Home, client: 0xC1, server: 0x51);
        driver.Answer(RelayDriver.Client(50), 0xC2, 0x51, driver.Routes[1]);
        Assert.Equal(0, driver.Relay.Counters.IndexConflicts);

        Decision claim = driver.FromClient(Mobile, WireMessages.Transport(0x51));
        Assert.Equal((Verdict.Open, driver.Routes[0]), (claim.Verdict, driver.Relay.RouteOf(claim.Slot)));
        Assert.NotEqual(first, claim.Slot);
    }

    [Fact]
    public void One_interface_with_two_servers_roams_with_both()
    {
        RelayDriver driver = new(routes: 2);
        driver.Establish(Home, client: 0xC1, server: 0x51);
        driver.Establish(Home, 0xC2, 0x52, driver.Routes[1]);

        Decision one = driver.FromClient(Mobile, WireMessages.Transport(0x51));
        Decision two = driver.FromClient(Mobile, WireMessages.Transport(0x52));
        Assert.Equal((Verdict.Open, Verdict.Open), (one.Verdict, two.Verdict));
        Assert.Equal((driver.Routes[0], driver.Routes[1]), (driver.Relay.RouteOf(one.Slot), driver.Relay.RouteOf(two.Slot)));
        Assert.Equal(two.Slot, driver.FromClient(Mobile, WireMessages.Transport(0x52)).Slot);
        Assert.Equal(one.Slot, driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot);
    }

    [Fact]
    public void The_first_owner_of_an_index_keeps_it_while_it_lives()
    {
        Scenario home = Scenario.Established(_driver, Home);
        _driver.Answer(Mallory, client: 0xC5, server: 0x51);
        Assert.Equal(1, _driver.Relay.Counters.IndexConflicts);

        Scenario claim = home.ClaimedFrom(Mobile);
        claim.Down();
        Assert.Equal((Proof.Confirmed, Proof.Established), (claim.Proof, home.Proof));
    }

    [Fact]
    public void An_index_nobody_stands_by_any_more_goes_to_the_next_owner()
    {
        Scenario home = Scenario.Established(_driver, Home);
        _driver.Pass(191);
        _driver.Establish(Mallory, client: 0xC5, server: 0x51);
        Assert.Equal(0, _driver.Relay.Counters.IndexConflicts);
        Scenario claim = home.ClaimedFrom(Mobile);
        claim.Down(0xC5);
        Assert.Equal(Proof.Confirmed, claim.Proof);
    }

    [Fact]
    public void Unknown_indices_open_nothing_unless_adoption_is_on()
    {
        Assert.Equal(Verdict.NoMapping, _driver.FromClient(Mobile, WireMessages.Transport(0x99)).Verdict);

        RelayDriver driver = new(new RelaySettings { MaxMappings = 64, Adopt = true });
        Decision adopted = driver.FromClient(Mobile, WireMessages.Transport(0x99));
        Assert.Equal((Verdict.Open, Proof.Claimed), (adopted.Verdict, driver.Relay.ProofOf(adopted.Slot)));
        Assert.Equal(Verdict.Forward, driver.FromServer(adopted.Slot, WireMessages.Transport(0xC9)).Verdict);
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(adopted.Slot));
        Assert.Equal(Verdict.Forward, driver.FromClient(Mobile, WireMessages.Transport(0x99)).Verdict);
        Assert.Equal(0, driver.Relay.Counters.Tolerated(Direction.Uplink));
    }

    [Fact]
    public void Adoption_has_a_small_budget_and_ends_soon()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 4_096, Adopt = true });
        for (int burst = 0; burst < 40; burst++)
        {
            foreach (int stranger in Enumerable.Range(0, 100))
            {
                driver.FromClient(RelayDriver.Client((burst * 100) + stranger), WireMessages.Transport((uint)stranger));
            }

            driver.Pass(1);
            Assert.InRange(driver.Relay.Counters[Proof.Claimed], 1, 256);
        }

        Assert.True(driver.Relay.Counters[Direction.Uplink, Verdict.ClaimRefused] > 1_000);
        driver.Pass(31);
        Assert.Equal(0, driver.Relay.Counters[Proof.Claimed]);
    }
}
