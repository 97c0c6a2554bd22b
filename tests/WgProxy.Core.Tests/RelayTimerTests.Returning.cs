using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// What a returning client gains because its lingering mapping is revived, and not only forwarded for (decision 65).
public sealed partial class RelayTimerTests
{
    // One end is heard 0.1 s before the lingering ends, the other a round trip later.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_handshake_begun_in_the_last_moments_completes(bool clientAsks)
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.Wait(179.9);
        if (clientAsks)
        {
            alice.Rekey(0xC9, 0x59);
        }
        else
        {
            Assert.Equal(Verdict.Forward, alice.ServerAsks(0x59));
        }

        alice.Wait(0.2);
        Assert.Equal(Verdict.Forward, clientAsks ? alice.Up(0x59) : alice.ClientAnswers(0x59, 0xC9));
        Assert.Equal(Verdict.Forward, alice.Down(0xC9));
        alice.AssertIs(Proof.Confirmed, 300, then: Proof.Lingering);
    }

    [Fact]
    public void A_returning_client_is_safe_from_newcomers_once_it_is_answered()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 3 });
        Scenario[] tunnels =
            [.. Enumerable.Range(1, 3).Select(client => Scenario.Confirmed(driver, RelayDriver.Client(client), 0xC0 + (uint)client, 0x50 + (uint)client))];
        driver.Pass(300);
        Assert.All(tunnels, tunnel => Assert.Equal(Proof.Lingering, tunnel.Proof));
        Scenario alice = tunnels[0];
        alice.Rekey(0xC9, 0x59);
        for (uint newcomer = 4; newcomer < 7; newcomer++)
        {
            driver.Answer(RelayDriver.Client((int)newcomer), 0xD0 + newcomer, 0x60 + newcomer);
        }

        Assert.Equal(Verdict.Forward, alice.Up(0x59));
        Assert.Equal(Proof.Confirmed, alice.Proof);
        Assert.DoesNotContain(driver.Log, change => change.Kind == RelayEventKind.Evicted && change.Source == alice.Source);
    }

    // With a timeout below 180 s the keys outlive the silence. No handshake follows it, and the next may be two minutes away.
    [Fact]
    public void A_tunnel_whose_keys_outlived_its_silence_is_proven_again_by_its_next_exchange()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 1, IdleTimeout = TimeSpan.FromSeconds(60) });
        Scenario alice = Scenario.Lingering(driver);
        Assert.Equal((Verdict.Forward, Verdict.Forward), (alice.Up(), alice.Down()));
        Assert.Equal(Proof.Confirmed, alice.Proof);
        Assert.Equal(Verdict.TableFull, driver.FromClient(RelayDriver.Client(2), WireMessages.Initiation(driver.Mac1, 0xD2)).Verdict);

        // Nor is it held to what a claim may send: 4 MiB at once.
        Assert.All(Enumerable.Range(0, 6_000), _ => Assert.Equal(Verdict.Forward, alice.Up(length: 1_456)));
        alice.AssertIs(Proof.Confirmed, 60, then: Proof.Lingering);
    }

    // Until it is confirmed, a claim is sent no more than it sent. The server's data must confirm it even where it lingers.
    [Fact]
    public void A_claim_that_lingered_is_confirmed_by_the_data_that_the_server_sends_there()
    {
        Scenario moved = Scenario.Confirmed(_driver).ClaimedFrom(RelayDriver.Client(2));
        moved.Up(length: 160);
        Assert.Equal(Verdict.Forward, moved.ServerAsks(0x53));
        moved.AssertIs(Proof.Claimed, 120, then: Proof.Lingering);
        Assert.Equal(Verdict.Forward, moved.Down(length: 1_456));
        Assert.Equal(Proof.Confirmed, moved.Proof);
    }
}
