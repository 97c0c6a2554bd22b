using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// What one prefix may hold.
public sealed partial class RelayGateTests
{
    [Theory]
    [InlineData("2001:db8::{0:x}")]
    [InlineData("192.0.2.7")]
    public void A_prefix_gets_its_share_once_a_quarter_is_in_use(string format)
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 400, MaxAsked = 400, LoadedAsked = 400, PrefixShare = 8 });
        int opened = Enumerable.Range(1, 300).Count(i => driver.FromClient(
            Source.From(new IPEndPoint(IPAddress.Parse(string.Format(null, format, i)), 1_000 + i)),
            WireMessages.Initiation(driver.Mac1, (uint)i)).Verdict == Verdict.Open);
        Assert.Equal(100, opened);
        Assert.Equal(200, driver.Relay.Counters[Direction.Uplink, Verdict.Reply]);

        Assert.Equal(Verdict.Open, Ask(driver, Subnet(7), 0xAA).Verdict);
        driver.Pass(16);
        Assert.Equal(Verdict.Open, driver.FromClient(
            Source.From(new IPEndPoint(IPAddress.Parse(string.Format(null, format, 1)), 7)),
            WireMessages.Initiation(driver.Mac1, 0xAB)).Verdict);
    }

    [Fact]
    public void Who_forges_an_offices_address_keeps_no_newcomer_out_and_no_client_from_moving()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 40, MaxAsked = 40, LoadedAsked = 40, PrefixShare = 8 });
        driver.Confirm(Subnet(0));
        foreach (int forged in Enumerable.Range(0, 40))
        {
            Ask(driver, RelayDriver.Client(forged), (uint)forged);
        }

        foreach (int client in Enumerable.Range(100, 8))
        {
            Assert.Equal(Verdict.Open, Ask(driver, RelayDriver.Client(client), 0xC3, Refused(driver, RelayDriver.Client(client), 0xC2)).Verdict);
        }

        byte[] last = WireMessages.Initiation(driver.Mac1, 0xC4);
        driver.FromClient(RelayDriver.Client(200), last);
        Assert.Equal(
            Verdict.OverShare,
            Ask(driver, RelayDriver.Client(200), 0xC5, Open(driver, last)).Verdict);
        Assert.Equal(Verdict.Open, driver.FromClient(RelayDriver.Client(201), WireMessages.Transport(0x51)).Verdict);
    }

    [Fact]
    public void One_prefix_that_can_be_reached_displaces_nobody()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 1_000, MaxAsked = 100, LoadedAsked = 25, PrefixShare = 8 });
        int honest = driver.Ask(Subnet(1), client: 0xC1);
        foreach (int port in Enumerable.Range(0, 2_000))
        {
            byte[] initiation = WireMessages.Initiation(driver.Mac1, (uint)port);
            if (driver.FromClient(RelayDriver.Client(port), initiation).Verdict == Verdict.Reply)
            {
                Ask(driver, RelayDriver.Client(port), 0x10_0000 + (uint)port, Open(driver, initiation));
            }
        }

        Assert.InRange(driver.Relay.Counters[Proof.Asked], 1, 50);
        Assert.Equal(0, driver.Relay.Counters[RelayEventKind.Evicted]);
        Assert.Equal(Verdict.Forward, driver.FromServer(honest, WireMessages.Response(0x51, 0xC1)).Verdict);
    }

    [Fact]
    public void An_office_behind_one_address_keeps_its_tunnels()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 400, MaxAsked = 100, PrefixShare = 8 });
        foreach (int client in Enumerable.Range(0, 300))
        {
            driver.Establish(RelayDriver.Client(client), client: 0xC000 + (uint)client, server: 0x5000 + (uint)client);
        }

        Assert.Equal(300, driver.Relay.Counters[Proof.Established]);
    }
}
