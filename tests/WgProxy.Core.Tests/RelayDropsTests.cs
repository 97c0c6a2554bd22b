using System.Net;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>What an operator ends, and whom he denies.</summary>
public sealed class RelayDropsTests
{
    private static readonly Source Home = RelayDriver.Client(1);
    private static readonly Source Mobile = RelayDriver.Client(2);

    [Fact]
    public void With_a_client_goes_every_address_that_it_has_used()
    {
        RelayDriver driver = new();
        Scenario home = Scenario.Confirmed(driver, Home);
        Scenario mobile = home.ClaimedFrom(Mobile);
        Scenario other = Scenario.Asked(driver, RelayDriver.Client(3), 0xC3);
        int slot = 0;
        Assert.Equal(2, driver.Relay.Drop(Only(Mobile), ref slot, driver.Relay.Slots));
        Assert.Equal(driver.Relay.Slots, slot);
        driver.Pass(0);
        Assert.Equal((Proof.None, Proof.None, Proof.Asked), (home.Proof, mobile.Proof, other.Proof));

        // Its index opens nothing any more.
        Assert.Equal(Verdict.NoMapping, driver.FromClient(RelayDriver.Client(4), WireMessages.Transport(0x51)).Verdict);
        slot = 0;
        Assert.Equal(1, driver.Relay.Drop(new DropRule(), ref slot, driver.Relay.Slots));
    }

    [Fact]
    public void A_call_ends_a_bounded_number()
    {
        RelayDriver driver = new(RelaySettings.ForMappings(2_000));
        for (int number = 0; number < 100; number++)
        {
            _ = Scenario.Asked(driver, RelayDriver.Client(number + 1), (uint)(0x1000 + number));
        }

        int left = 100;
        for (int slot = 0; slot < driver.Relay.Slots;)
        {
            driver.Relay.ClearEvents();
            int dropped = driver.Relay.Drop(new DropRule(), ref slot, driver.Relay.Slots);
            Assert.InRange(dropped, 0, Limits.OrdersPerCall);
            Assert.Equal(dropped, driver.Relay.Events.Length);
            left -= dropped;
        }

        Assert.Equal(0, left);
    }

    private static DropRule Only(Source source) => new()
    {
        Clients = new AddressList([new IPNetwork(source.Address, 8 * source.Address.GetAddressBytes().Length)]),
        Port = source.Port,
    };
}
