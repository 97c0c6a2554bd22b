using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Every step of the ladder, and what does not pass on each.</summary>
public sealed class RelayLadderTests
{
    private static readonly Source Alice = RelayDriver.Client(1);
    private static readonly Source Mallory = RelayDriver.Client(2);
    private readonly RelayDriver _driver = new();

    [Fact]
    public void A_valid_initiation_opens_a_mapping_that_has_asked()
    {
        Scenario alice = Scenario.Asked(_driver);

        Assert.Equal(Proof.Asked, alice.Proof);
        Assert.Equal(Alice, _driver.Relay.SourceOf(alice.Slot));
        Assert.Equal([RelayEventKind.Opened], _driver.Log.Select(change => change.Kind));
    }

    [Fact]
    public void An_initiation_for_another_key_is_dropped()
    {
        byte[] initiation = WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 1);

        Assert.Equal(Verdict.BadMac1, _driver.FromClient(Alice, initiation).Verdict);
        Assert.Empty(_driver.Log);
    }

    [Fact]
    public void Strangers_without_an_initiation_are_dropped()
    {
        Assert.Equal(Verdict.NoMapping, _driver.FromClient(Alice, WireMessages.Transport(7)).Verdict);
        Assert.Equal(Verdict.NoMapping, _driver.FromClient(Alice, WireMessages.Response(7, 8, _driver.Mac1)).Verdict);
        Assert.Equal(Verdict.NoMapping, _driver.FromClient(Alice, WireMessages.CookieReply(7)).Verdict);
        Assert.Empty(_driver.Log);
    }

    [Fact]
    public void The_way_up_is_asked_answered_established_confirmed()
    {
        Scenario alice = Scenario.Confirmed(_driver);

        Assert.Equal(
            [RelayEventKind.Opened, RelayEventKind.Answered, RelayEventKind.Established, RelayEventKind.Confirmed],
            _driver.Log.Select(change => change.Kind));
        Assert.All(_driver.Log, change => Assert.Equal((alice.Slot, Alice), (change.Slot, change.Source)));
    }

    [Fact]
    public void Data_before_the_answer_is_dropped_both_ways()
    {
        Scenario alice = Scenario.Asked(_driver);

        Assert.Equal(Verdict.NotProven, alice.Up());
        Assert.Equal(Verdict.Unsolicited, alice.Down());
        Assert.Equal(Proof.Asked, alice.Proof);
    }

    [Fact]
    public void Only_a_response_to_one_of_the_last_eight_initiations_answers()
    {
        Scenario alice = Scenario.Asked(_driver, client: 100);
        for (uint sender = 101; sender <= 108; sender++)
        {
            alice.Wait(1);
            Assert.Equal(Verdict.Forward, alice.ClientAsks(sender));
        }

        alice.ServerAnswers(100, 0x51);
        Assert.Equal(Proof.Asked, alice.Proof);
        alice.ServerAnswers(101, 0x52);
        Assert.Equal(Proof.Answered, alice.Proof);
    }

    [Fact]
    public void An_answer_to_no_remembered_initiation_is_dropped_and_makes_no_port_rest()
    {
        Scenario alice = Scenario.Asked(_driver);

        Assert.Equal(Verdict.Unsolicited, alice.ServerAnswers(0xDEAD, 0x51));
        Assert.Equal(Verdict.NotProven, alice.Up());
        Assert.Equal(Proof.Asked, alice.Proof);
        alice.Wait(16);
        Assert.False(Assert.Single(_driver.Log, change => change.EndsMapping).ServerUsedPort);
    }

    [Fact]
    public void A_source_is_not_sent_more_than_it_sent_before_the_server_answers()
    {
        Scenario alice = Scenario.Asked(_driver);

        Assert.Equal(Verdict.Forward, alice.ServerAsks(1));
        Assert.Equal(Verdict.Unsolicited, alice.ServerAsks(2));
        Assert.Equal(Verdict.Unsolicited, alice.ServerDeclines(0xC1));
    }

    [Fact]
    public void Data_with_an_unknown_index_passes_but_does_not_prove()
    {
        Scenario alice = Scenario.Answered(_driver);

        Assert.Equal(Verdict.Forward, alice.Up(0x99));
        Assert.Equal(1, _driver.Relay.Counters.Tolerated(Direction.Uplink));
        Assert.Equal(Proof.Answered, alice.Proof);
        Assert.Equal(Verdict.Forward, alice.Down(0x99));
        Assert.Equal(Proof.Answered, alice.Proof);
    }

    [Fact]
    public void Unknown_indices_have_a_budget_that_is_small_until_established()
    {
        Scenario alice = Scenario.Answered(_driver);
        byte[] large = WireMessages.Transport(0x99, length: 65_500);
        int passed = Enumerable.Range(0, 100).Count(_ => _driver.FromClient(Alice, large).Verdict == Verdict.Forward);
        Assert.Equal((256 << 10) / 65_500, passed);
        Assert.Equal(Verdict.OverBudget, _driver.FromClient(Alice, large).Verdict);

        alice.Wait(1.1);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, large).Verdict);

        alice.Up();
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, large).Verdict));
    }

    [Fact]
    public void Live_indices_have_no_budget()
    {
        Scenario alice = Scenario.Established(_driver);
        byte[] large = WireMessages.Transport(0x51, length: 65_500);
        Assert.All(Enumerable.Range(0, 5_000), _ => Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, large).Verdict));
    }

    [Fact]
    public void A_rekey_by_the_client_keeps_the_proof_and_both_pairs()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        alice.ClientAsks(0xC2);
        Assert.Equal(Proof.Confirmed, alice.Proof);
        alice.ServerAnswers(0xC2, 0x52);
        Assert.Equal(Proof.Confirmed, alice.Proof);

        alice.AssertLive();
        alice.AssertLive(client: 0xC2, server: 0x52);
    }

    [Fact]
    public void A_rekey_by_the_server_teaches_both_indices()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        Assert.Equal(Verdict.Forward, alice.ServerAsks(0x53));
        Assert.Equal(Verdict.Forward, alice.ClientAnswers(0x53, 0xC3));

        alice.AssertLive(client: 0xC3, server: 0x53);
        alice.AssertLive();
    }

    [Fact]
    public void Rekeys_from_both_sides_at_once_keep_both()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        alice.ServerAsks(0x53);
        alice.Rekey(0xC2, 0x52);
        alice.ClientAnswers(0x53, 0xC3);

        alice.AssertLive(client: 0xC2, server: 0x52);
        alice.AssertLive(client: 0xC3, server: 0x53);
    }

    [Fact]
    public void A_handshake_by_the_server_on_a_mapping_that_asked_establishes_it()
    {
        Scenario alice = Scenario.Asked(_driver);
        Assert.Equal(Verdict.Forward, alice.ServerAsks(0x53));
        Assert.Equal(Verdict.Forward, alice.ClientAnswers(0x53, 0xC3));

        Assert.Equal(Proof.Established, alice.Proof);
        Assert.Equal(Verdict.Forward, alice.Down(0xC3));
        Assert.Equal(Proof.Confirmed, alice.Proof);
    }

    [Fact]
    public void A_client_answers_only_what_the_server_asked()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        alice.ServerAsks(0x53);

        Assert.Equal(Verdict.UnknownIndex, alice.ClientAnswers(0x99, 1));
        Assert.Equal(Verdict.UnknownIndex, alice.ClientDeclines(0x99));
        Assert.Equal(Verdict.BadMac1, _driver.FromClient(Alice, WireMessages.Response(1, 0x53)).Verdict);
        Assert.Equal(Verdict.Forward, alice.ClientDeclines(0x53));
        Assert.Equal(Verdict.Forward, alice.ClientAnswers(0x53, 1));
    }

    [Fact]
    public void Forged_answers_of_a_client_do_not_displace_the_pairs_in_use()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        for (uint i = 0; i < 50; i++)
        {
            alice.ServerAsks(0x1000 + i);
            alice.ClientAnswers(0x1000 + i, 0x2000 + i);
        }

        alice.AssertLive();
    }

    [Fact]
    public void Initiations_on_a_mapping_have_a_bucket()
    {
        Scenario alice = Scenario.Asked(_driver);
        Verdict[] verdicts = [.. Enumerable.Range(0, 8).Select(i => alice.ClientAsks((uint)i))];
        Assert.Equal(2, verdicts.Count(verdict => verdict == Verdict.Forward));
        Assert.Equal(6, verdicts.Count(verdict => verdict == Verdict.Reply));

        alice.Wait(1);
        Assert.Equal(Verdict.Forward, alice.ClientAsks(77));
        Assert.Equal(Proof.Asked, alice.Proof);
    }

    [Fact]
    public void A_replayed_initiation_gets_its_own_mapping_and_disturbs_nobody()
    {
        Scenario alice = Scenario.Established(_driver);
        byte[] captured = alice.Initiation;

        // While it is fresh in memory it does not even pass.
        Assert.Equal(Verdict.Replayed, _driver.FromClient(Mallory, captured).Verdict);
        foreach (uint rekey in new uint[] { 2, 3 })
        {
            alice.Wait(125);
            alice.Rekey(0xC0 + rekey, 0x50 + rekey);
        }

        int mallory = _driver.FromClient(Mallory, captured).Slot;

        Assert.NotEqual(alice.Slot, mallory);
        Assert.Equal(Proof.Established, alice.Proof);
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(mallory));
        alice.AssertLive(client: 0xC3, server: 0x53);
        Assert.Equal(Verdict.Unsolicited, _driver.FromServer(mallory, WireMessages.Transport(0xC1)).Verdict);
    }

    [Fact]
    public void A_socket_that_cannot_be_opened_leaves_no_mapping()
    {
        _driver.RefuseToOpen = true;
        int slot = _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 1)).Slot;
        Assert.Equal(Proof.None, _driver.Relay.ProofOf(slot));
        Assert.Equal([RelayEventKind.OpenFailed], _driver.Log.Select(change => change.Kind));

        _driver.RefuseToOpen = false;
        Scenario alice = Scenario.Established(_driver);
    }

    [Fact]
    public void Without_a_server_address_nothing_opens()
    {
        Route unresolved = RelayDriver.NewRoute(resolved: false);
        Relay relay = new(new RelaySettings { MaxMappings = 4 }, [unresolved]);
        byte[] initiation = WireMessages.Initiation(unresolved.Mac1, 1);

        Assert.Equal(Verdict.NoServer, relay.FromClient(initiation, initiation.Length, Alice, default).Verdict);
        unresolved.Server = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1);
        Assert.Equal(Verdict.Open, relay.FromClient(initiation, initiation.Length, Alice, default).Verdict);
    }

    [Fact]
    public void A_packet_for_an_ended_mapping_is_closed_to_it()
    {
        Scenario alice = Scenario.Asked(_driver);
        alice.Wait(16);
        Assert.Equal(Verdict.Closed, alice.ServerAnswers(0xC1, 0x51));
    }
}
