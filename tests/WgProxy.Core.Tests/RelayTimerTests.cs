using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Every timer, on a clock of the test's own.</summary>
public sealed partial class RelayTimerTests
{
    private readonly RelayDriver _driver = new();

    private RelayEventKind Last => _driver.Log[^1].Kind;

    [Fact]
    public void An_unanswered_mapping_ends_15_seconds_after_its_last_initiation()
    {
        Scenario alice = Scenario.Asked(_driver);
        alice.Wait(10);
        alice.ClientAsks(0xC2);
        alice.AssertIs(Proof.Asked, 15, then: Proof.None);
    }

    [Fact]
    public void An_initiation_beyond_the_bucket_does_not_prolong()
    {
        Scenario alice = Scenario.Asked(_driver);
        for (uint i = 0; i < 5; i++)
        {
            alice.ClientAsks(i);
        }

        alice.Wait(14.9);
        Assert.Equal(1, _driver.Relay.Counters[Proof.Asked]);
        alice.Wait(0.2);
        Assert.Equal(0, _driver.Relay.Counters[Proof.Asked]);
    }

    [Fact]
    public void A_mapping_asks_for_100_seconds_at_most()
    {
        Scenario alice = Scenario.Asked(_driver);
        for (uint i = 0; i < 19; i++)
        {
            alice.Wait(5);
            alice.ClientAsks(i);
        }

        Assert.Equal(1, _driver.Relay.Counters[Proof.Asked]);
        alice.Wait(5.1);
        Assert.Equal((0, RelayEventKind.Expired), (_driver.Relay.Counters[Proof.Asked], Last));
    }

    [Fact]
    public void A_cookie_of_the_server_keeps_the_port_for_130_seconds()
    {
        Scenario alice = Scenario.Asked(_driver);
        alice.Wait(14);
        Assert.Equal(Verdict.Forward, alice.ServerDeclines(0xC1));
        alice.Wait(5);
        alice.ClientAsks(0xC2);
        alice.AssertIs(Proof.Asked, 125, then: Proof.None);
    }

    [Fact]
    public void A_cookie_that_nobody_asked_for_keeps_nothing()
    {
        Scenario alice = Scenario.Asked(_driver);
        alice.ServerDeclines(0xBAD);
        alice.Wait(15.1);
        Assert.Equal(Proof.None, alice.Proof);
    }

    [Fact]
    public void An_answer_not_used_lingers_after_30_seconds()
    {
        Scenario alice = Scenario.Answered(_driver);
        alice.AssertIs(Proof.Answered, 30, then: Proof.Lingering);
    }

    [Fact]
    public void A_second_answer_gives_30_seconds_more()
    {
        Scenario alice = Scenario.Answered(_driver);
        alice.Wait(20);
        alice.Rekey(0xC2, 0x52);
        alice.Wait(20);
        Assert.Equal(Proof.Answered, alice.Proof);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Either_direction_alone_keeps_a_tunnel_alive(bool client)
    {
        Scenario alice = Scenario.Confirmed(_driver);
        for (int i = 0; i < 7; i++)
        {
            alice.Wait(25);
            Assert.Equal(Verdict.Forward, client ? alice.Up() : alice.Down());
        }

        alice.AssertIs(Proof.Confirmed, 300, then: Proof.Lingering);
    }

    [Fact]
    public void What_carries_no_live_index_keeps_nothing_alive()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        alice.Wait(200);
        alice.ClientAsks(0xC2);
        alice.ServerAsks(0x53);
        alice.ServerAnswers(0xBAD, 0x54);
        alice.ServerDeclines(0xC2);
        alice.Up(0x99);
        alice.Down(0x99);
        alice.Wait(100.1);
        Assert.Equal(Proof.Lingering, alice.Proof);
    }

    [Fact]
    public void A_pair_is_believed_for_190_seconds()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        RelayCounters counters = _driver.Relay.Counters;
        alice.Wait(189.9);
        alice.Up();
        alice.Down();
        Assert.Equal((0, 0), (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink)));
        alice.Wait(0.2);
        alice.Up();
        alice.Down();
        Assert.Equal((1, 1), (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink)));
    }

    [Fact]
    public void A_lingering_mapping_closes_after_180_seconds()
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.AssertIs(Proof.Lingering, 180, then: Proof.None);
    }

    [Fact]
    public void A_handshake_by_the_server_revives_and_completes()
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.Wait(100);

        Assert.Equal(Verdict.Forward, alice.ServerAsks(0x53));
        Assert.Equal((Proof.Confirmed, RelayEventKind.Revived), (alice.Proof, Last));
        Assert.Equal(Verdict.Forward, alice.ClientAnswers(0x53, 0xC3));
        alice.Wait(299);
        Assert.Equal(Proof.Confirmed, alice.Proof);
    }

    [Fact]
    public void A_handshake_by_the_client_revives_on_the_same_port_when_the_server_answers()
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.Wait(100);

        Assert.Equal((Verdict.Forward, alice.Slot), (alice.ClientAsks(0xC2), _driver.FromClient(alice.Source, WireMessages.Initiation(_driver.Mac1, 0xC3)).Slot));
        Assert.Equal(Proof.Lingering, alice.Proof);
        alice.ServerAnswers(0xC3, 0x52);
        Assert.Equal((Proof.Confirmed, RelayEventKind.Revived), (alice.Proof, Last));
        alice.Up(0x52);
        alice.Wait(299);
        Assert.Equal(Proof.Confirmed, alice.Proof);
    }

    [Fact]
    public void A_revived_mapping_of_which_one_end_is_silent_lingers_again_after_30_seconds()
    {
        Scenario alice = Scenario.Lingering(_driver);
        alice.Wait(100);
        alice.ServerAsks(0x53);
        alice.Wait(15);
        alice.ServerAsks(0x54);
        alice.AssertIs(Proof.Confirmed, 15, then: Proof.Lingering);
    }

    [Fact]
    public void Data_revives_only_with_a_live_index()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 8, IdleTimeout = TimeSpan.FromSeconds(60) });
        Scenario alice = Scenario.Lingering(driver);
        alice.Wait(1);

        Assert.Equal(Verdict.UnknownIndex, alice.Up(0x99));
        Assert.Equal(Verdict.Unsolicited, alice.Down(0x99));
        Assert.Equal(Verdict.Unsolicited, alice.ServerAnswers(0x99, 1));
        Assert.Equal(Proof.Lingering, alice.Proof);

        Assert.Equal(Verdict.Forward, alice.Down());
        Assert.Equal(Proof.Confirmed, alice.Proof);
        Assert.Equal(Verdict.Forward, alice.Up());
        alice.Wait(59);
        Assert.Equal(Proof.Confirmed, alice.Proof);
    }

    [Fact]
    public void A_revived_answer_that_the_client_uses_at_last_still_needs_the_server()
    {
        Scenario alice = Scenario.Answered(_driver);
        alice.Wait(40);
        Assert.Equal(Proof.Lingering, alice.Proof);
        alice.Up();
        Assert.Equal(Proof.Established, alice.Proof);
        alice.Wait(30.1);
        Assert.Equal(Proof.Lingering, alice.Proof);
    }

    [Fact]
    public void An_idle_client_on_keepalives_stays_reachable_across_rekeys()
    {
        Scenario alice = Scenario.Established(_driver, client: 0, server: 1_000);
        for (uint rekey = 1; rekey < 10; rekey++)
        {
            for (int keepalive = 0; keepalive < 5; keepalive++)
            {
                alice.Wait(25);
                alice.Up(1_000 + rekey - 1);
                Assert.Equal(Verdict.Forward, alice.Down(rekey - 1));
            }

            alice.Rekey(rekey, 1_000 + rekey);
        }

        Assert.Equal(0, _driver.Relay.Counters.Tolerated(Direction.Downlink));
        Assert.Equal(Proof.Confirmed, alice.Proof);
    }

    [Fact]
    public void A_server_that_asks_after_200_silent_seconds_is_heard()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        alice.Wait(200);
        Assert.Equal(Verdict.Forward, alice.ServerAsks(0x53));
    }

    [Fact]
    public void Every_mapping_has_exactly_one_deadline()
    {
        foreach (int client in Enumerable.Range(0, 40))
        {
            _driver.Pass(0.1);
            if (client % 2 == 0)
            {
                _driver.Confirm(RelayDriver.Client(client));
            }
            else
            {
                _driver.FromClient(RelayDriver.Client(client), WireMessages.Initiation(_driver.Mac1, 1));
            }
        }

        _driver.Pass(1_000);
        Assert.Equal(Tick.Never, _driver.Relay.Advance(_driver.Now));
        Assert.All(Enum.GetValues<Proof>(), proof => Assert.Equal(0, _driver.Relay.Counters[proof]));
    }
}
