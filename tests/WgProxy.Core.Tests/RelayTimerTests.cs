using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Every timer, on a clock of the test's own.</summary>
public sealed partial class RelayTimerTests
{
    private static readonly Source Alice = RelayDriver.Client(1);
    private readonly RelayDriver _driver = new();

    private RelayEventKind Last => _driver.Log[^1].Kind;

    [Fact]
    public void An_unanswered_mapping_ends_15_seconds_after_its_last_initiation()
    {
        int slot = _driver.Ask(Alice);
        _driver.Pass(10);
        Initiate(0xC2);
        _driver.Pass(14.9);
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(slot));
        _driver.Pass(0.2);
        Assert.Equal((Proof.None, RelayEventKind.Expired), (_driver.Relay.ProofOf(slot), Last));
    }

    [Fact]
    public void An_initiation_beyond_the_bucket_does_not_prolong()
    {
        _driver.Ask(Alice);
        for (uint i = 0; i < 5; i++)
        {
            Initiate(i);
        }

        _driver.Pass(14.9);
        Assert.Equal(1, _driver.Relay.Counters[Proof.Asked]);
        _driver.Pass(0.2);
        Assert.Equal(0, _driver.Relay.Counters[Proof.Asked]);
    }

    [Fact]
    public void A_mapping_asks_for_100_seconds_at_most()
    {
        _driver.Ask(Alice);
        for (uint i = 0; i < 19; i++)
        {
            _driver.Pass(5);
            Initiate(i);
        }

        Assert.Equal(1, _driver.Relay.Counters[Proof.Asked]);
        _driver.Pass(5.1);
        Assert.Equal((0, RelayEventKind.Expired), (_driver.Relay.Counters[Proof.Asked], Last));
    }

    [Fact]
    public void A_cookie_of_the_server_keeps_the_port_for_130_seconds()
    {
        int slot = _driver.Ask(Alice, client: 0xC1);
        _driver.Pass(14);
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.CookieReply(0xC1)).Verdict);
        _driver.Pass(5);
        Initiate(0xC2);
        _driver.Pass(124.9);
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(slot));
        _driver.Pass(0.2);
        Assert.Equal(Proof.None, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_cookie_that_nobody_asked_for_keeps_nothing()
    {
        int slot = _driver.Ask(Alice);
        _driver.FromServer(slot, WireMessages.CookieReply(0xBAD));
        _driver.Pass(15.1);
        Assert.Equal(Proof.None, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void An_answer_not_used_lingers_after_30_seconds()
    {
        int slot = _driver.Answer(Alice);
        _driver.Pass(29.9);
        Assert.Equal(Proof.Answered, _driver.Relay.ProofOf(slot));
        _driver.Pass(0.2);
        Assert.Equal((Proof.Lingering, RelayEventKind.Lingered), (_driver.Relay.ProofOf(slot), Last));
    }

    [Fact]
    public void A_second_answer_gives_30_seconds_more()
    {
        int slot = _driver.Answer(Alice);
        _driver.Pass(20);
        Initiate(0xC2);
        _driver.FromServer(slot, WireMessages.Response(0x52, 0xC2));
        _driver.Pass(20);
        Assert.Equal(Proof.Answered, _driver.Relay.ProofOf(slot));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Either_direction_alone_keeps_a_tunnel_alive(bool client)
    {
        int slot = _driver.Confirm(Alice);
        for (int i = 0; i < 7; i++)
        {
            _driver.Pass(25);
            Assert.Equal(
                Verdict.Forward,
                client
                    ? _driver.FromClient(Alice, WireMessages.Transport(0x51)).Verdict
                    : _driver.FromServer(slot, WireMessages.Transport(0xC1)).Verdict);
        }

        _driver.Pass(299.9);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));
        _driver.Pass(0.2);
        Assert.Equal((Proof.Lingering, RelayEventKind.Lingered), (_driver.Relay.ProofOf(slot), Last));
    }

    [Fact]
    public void What_carries_no_live_index_keeps_nothing_alive()
    {
        int slot = _driver.Confirm(Alice);
        _driver.Pass(200);
        Initiate(0xC2);
        _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53));
        _driver.FromServer(slot, WireMessages.Response(0x54, 0xBAD));
        _driver.FromServer(slot, WireMessages.CookieReply(0xC2));
        _driver.FromClient(Alice, WireMessages.Transport(0x99));
        _driver.FromServer(slot, WireMessages.Transport(0x99));
        _driver.Pass(100.1);
        Assert.Equal(Proof.Lingering, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_pair_is_believed_for_190_seconds()
    {
        int slot = _driver.Confirm(Alice);
        RelayCounters counters = _driver.Relay.Counters;
        _driver.Pass(189.9);
        _driver.FromClient(Alice, WireMessages.Transport(0x51));
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        Assert.Equal((0, 0), (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink)));
        _driver.Pass(0.2);
        _driver.FromClient(Alice, WireMessages.Transport(0x51));
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        Assert.Equal((1, 1), (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink)));
    }

    [Fact]
    public void A_lingering_mapping_closes_after_180_seconds()
    {
        int slot = _driver.Confirm(Alice);
        _driver.Pass(300.1);
        _driver.Pass(179.8);
        Assert.Equal(Proof.Lingering, _driver.Relay.ProofOf(slot));
        _driver.Pass(0.2);
        Assert.Equal((Proof.None, RelayEventKind.Expired), (_driver.Relay.ProofOf(slot), Last));
    }

    [Fact]
    public void A_handshake_by_the_server_revives_and_completes()
    {
        int slot = _driver.Confirm(Alice);
        _driver.Pass(400);
        Assert.Equal(Proof.Lingering, _driver.Relay.ProofOf(slot));

        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53)).Verdict);
        Assert.Equal((Proof.Confirmed, RelayEventKind.Revived), (_driver.Relay.ProofOf(slot), Last));
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Response(0xC3, 0x53, _driver.Mac1)).Verdict);
        _driver.Pass(299);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_handshake_by_the_client_revives_on_the_same_port_when_the_server_answers()
    {
        int slot = _driver.Confirm(Alice);
        _driver.Pass(400);

        Assert.Equal((Verdict.Forward, slot), (Initiate(0xC2).Verdict, Initiate(0xC3).Slot));
        Assert.Equal(Proof.Lingering, _driver.Relay.ProofOf(slot));
        _driver.FromServer(slot, WireMessages.Response(0x52, 0xC3));
        Assert.Equal((Proof.Confirmed, RelayEventKind.Revived), (_driver.Relay.ProofOf(slot), Last));
        _driver.FromClient(Alice, WireMessages.Transport(0x52));
        _driver.Pass(299);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_revived_mapping_of_which_one_end_is_silent_lingers_again_after_30_seconds()
    {
        int slot = _driver.Confirm(Alice);
        _driver.Pass(400);
        _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53));
        _driver.Pass(15);
        _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x54));
        _driver.Pass(14.9);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));
        _driver.Pass(0.2);
        Assert.Equal(Proof.Lingering, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void Data_revives_only_with_a_live_index()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 8, IdleTimeout = TimeSpan.FromSeconds(60) });
        int slot = driver.Confirm(Alice);
        driver.Pass(61);
        Assert.Equal(Proof.Lingering, driver.Relay.ProofOf(slot));

        Assert.Equal(Verdict.UnknownIndex, driver.FromClient(Alice, WireMessages.Transport(0x99)).Verdict);
        Assert.Equal(Verdict.Unsolicited, driver.FromServer(slot, WireMessages.Transport(0x99)).Verdict);
        Assert.Equal(Verdict.Unsolicited, driver.FromServer(slot, WireMessages.Response(1, 0x99)).Verdict);
        Assert.Equal(Proof.Lingering, driver.Relay.ProofOf(slot));

        Assert.Equal(Verdict.Forward, driver.FromServer(slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(slot));
        Assert.Equal(Verdict.Forward, driver.FromClient(Alice, WireMessages.Transport(0x51)).Verdict);
        driver.Pass(59);
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_revived_answer_that_the_client_uses_at_last_still_needs_the_server()
    {
        int slot = _driver.Answer(Alice);
        _driver.Pass(40);
        Assert.Equal(Proof.Lingering, _driver.Relay.ProofOf(slot));
        _driver.FromClient(Alice, WireMessages.Transport(0x51));
        Assert.Equal(Proof.Established, _driver.Relay.ProofOf(slot));
        _driver.Pass(30.1);
        Assert.Equal(Proof.Lingering, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void An_idle_client_on_keepalives_stays_reachable_across_rekeys()
    {
        int slot = _driver.Establish(Alice, client: 0, server: 1_000);
        for (uint rekey = 1; rekey < 10; rekey++)
        {
            for (int keepalive = 0; keepalive < 5; keepalive++)
            {
                _driver.Pass(25);
                _driver.FromClient(Alice, WireMessages.Transport(1_000 + rekey - 1));
                Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Transport(rekey - 1)).Verdict);
            }

            Initiate(rekey);
            _driver.FromServer(slot, WireMessages.Response(1_000 + rekey, rekey));
        }

        Assert.Equal(0, _driver.Relay.Counters.Tolerated(Direction.Downlink));
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_server_that_asks_after_200_silent_seconds_is_heard()
    {
        int slot = _driver.Confirm(Alice);
        _driver.Pass(200);
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53)).Verdict);
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

    private Decision Initiate(uint sender) => _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, sender));
}
