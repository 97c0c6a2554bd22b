using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// What adds up until a client is back: WireGuard asks 15 s after the first data that nothing answers, and again each 5 s.
public sealed partial class RelayGateTests
{
    /// <summary>A replayer holds the four claims of a client's tunnel, strangers crowd in, and the client moves.</summary>
    [Theory]
    [InlineData("192.0.2.1", false, 15)]
    [InlineData("198.51.100.7", false, 20)]
    [InlineData("192.0.2.1", true, 25)]
    [InlineData("198.51.100.7", true, 25)]
    public void A_client_that_moves_past_held_claims_and_a_crowd_is_back_after(string address, bool isServerLoaded, int seconds)
    {
        RelayDriver driver = new(new RelaySettings());
        int tunnel = driver.Confirm(Alice);
        WireGuardClient client = new(driver, Source.From(new IPEndPoint(IPAddress.Parse(address), 60_000)), 0, isServerLoaded);
        uint stranger = 0;
        Assert.Equal(seconds, BackAfter(driver, client, () =>
        {
            for (int i = 0; i < 100; i++)
            {
                Ask(driver, Subnet((int)++stranger), 0xA000_0000 + stranger);
            }

            for (int claim = 0; claim < 4; claim++)
            {
                driver.FromClient(Site(claim), WireMessages.Transport(0x51));
            }

            if (isServerLoaded)
            {
                driver.FromServer(tunnel, WireMessages.CookieReply(0xC1));
            }
        }));
        Assert.True(driver.Relay.Counters[Direction.Uplink, Verdict.Reply] > 0);
        Assert.Equal(4, driver.Relay.Counters[Proof.Claimed]);
    }

    /// <summary>The server has forgotten its clients, and somebody asks under one's address a thousand times a second.</summary>
    [Theory]
    [InlineData(false, false, 15)]
    [InlineData(true, false, 20)]
    [InlineData(false, true, 20)]
    [InlineData(true, true, 25)]
    public void A_client_whose_server_restarted_is_back_after(bool isForged, bool isServerLoaded, int seconds)
    {
        RelayDriver driver = new(new RelaySettings());
        driver.Confirm(Alice);
        WireGuardClient client = new(driver, Alice, 0, isServerLoaded);
        uint forged = 0;
        Assert.Equal(seconds, BackAfter(driver, client, () =>
        {
            for (int i = 0; isForged && i < 10; i++)
            {
                Ask(driver, Alice, 0xA000_0000 + ++forged);
            }
        }));
    }

    /// <summary>Seconds until the client is answered, counted from its first data that nobody answers.</summary>
    private static int BackAfter(RelayDriver driver, WireGuardClient client, Action every10Milliseconds)
    {
        for (int tick = -500; tick < 6_000; tick++)
        {
            every10Milliseconds();
            if (tick >= 1_500 && tick % 500 == 0)
            {
                client.Ask();
            }

            if (client.IsAnswered)
            {
                return tick / 100;
            }

            driver.Pass(0.01);
        }

        return int.MaxValue;
    }
}
