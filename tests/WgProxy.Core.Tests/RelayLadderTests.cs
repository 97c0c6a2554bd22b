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
        int slot = _driver.Ask(Alice);

        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(slot));
        Assert.Equal(Alice, _driver.Relay.SourceOf(slot));
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
        int slot = _driver.Confirm(Alice);

        Assert.Equal(
            [RelayEventKind.Opened, RelayEventKind.Answered, RelayEventKind.Established, RelayEventKind.Confirmed],
            _driver.Log.Select(change => change.Kind));
        Assert.All(_driver.Log, change => Assert.Equal((slot, Alice), (change.Slot, change.Source)));
    }

    [Fact]
    public void Data_before_the_answer_is_dropped_both_ways()
    {
        int slot = _driver.Ask(Alice);

        Assert.Equal(Verdict.NotProven, _driver.FromClient(Alice, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Unsolicited, _driver.FromServer(slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void Only_a_response_to_one_of_the_last_eight_initiations_answers()
    {
        int slot = _driver.Ask(Alice, client: 100);
        for (uint sender = 101; sender <= 108; sender++)
        {
            _driver.Pass(1);
            Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, sender)).Verdict);
        }

        _driver.FromServer(slot, WireMessages.Response(0x51, receiver: 100));
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(slot));
        _driver.FromServer(slot, WireMessages.Response(0x52, receiver: 101));
        Assert.Equal(Proof.Answered, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void An_answer_to_no_remembered_initiation_is_dropped_and_makes_no_port_rest()
    {
        int slot = _driver.Ask(Alice);

        Assert.Equal(Verdict.Unsolicited, _driver.FromServer(slot, WireMessages.Response(0x51, receiver: 0xDEAD)).Verdict);
        Assert.Equal(Verdict.NotProven, _driver.FromClient(Alice, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(slot));
        _driver.Pass(16);
        Assert.False(Assert.Single(_driver.Log, change => change.EndsMapping).ServerUsedPort);
    }

    [Fact]
    public void A_source_is_not_sent_more_than_it_sent_before_the_server_answers()
    {
        int slot = _driver.Ask(Alice);

        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 1)).Verdict);
        Assert.Equal(Verdict.Unsolicited, _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 2)).Verdict);
        Assert.Equal(Verdict.Unsolicited, _driver.FromServer(slot, WireMessages.CookieReply(0xC1)).Verdict);
    }

    [Fact]
    public void Data_with_an_unknown_index_passes_but_does_not_prove()
    {
        int slot = _driver.Answer(Alice);

        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Transport(0x99)).Verdict);
        Assert.Equal(1, _driver.Relay.Counters.Tolerated(Direction.Uplink));
        Assert.Equal(Proof.Answered, _driver.Relay.ProofOf(slot));
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Transport(0x99)).Verdict);
        Assert.Equal(Proof.Answered, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void Unknown_indices_have_a_budget_that_is_small_until_established()
    {
        _driver.Answer(Alice);
        byte[] large = WireMessages.Transport(0x99, length: 65_500);
        int passed = Enumerable.Range(0, 100).Count(_ => _driver.FromClient(Alice, large).Verdict == Verdict.Forward);
        Assert.Equal((256 << 10) / 65_500, passed);
        Assert.Equal(Verdict.OverBudget, _driver.FromClient(Alice, large).Verdict);

        _driver.Pass(1.1);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, large).Verdict);

        _driver.FromClient(Alice, WireMessages.Transport(0x51));
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, large).Verdict));
    }

    [Fact]
    public void Live_indices_have_no_budget()
    {
        _driver.Establish(Alice);
        byte[] large = WireMessages.Transport(0x51, length: 65_500);
        Assert.All(Enumerable.Range(0, 5_000), _ => Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, large).Verdict));
    }

    [Fact]
    public void A_rekey_by_the_client_keeps_the_proof_and_both_pairs()
    {
        int slot = _driver.Confirm(Alice, client: 0xC1, server: 0x51);
        _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 0xC2));
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));
        _driver.FromServer(slot, WireMessages.Response(0x52, 0xC2));
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));

        AssertLive(slot, client: 0xC1, server: 0x51);
        AssertLive(slot, client: 0xC2, server: 0x52);
    }

    [Fact]
    public void A_rekey_by_the_server_teaches_both_indices()
    {
        int slot = _driver.Confirm(Alice);
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Response(0xC3, 0x53, _driver.Mac1)).Verdict);

        AssertLive(slot, client: 0xC3, server: 0x53);
        AssertLive(slot, client: 0xC1, server: 0x51);
    }

    [Fact]
    public void Rekeys_from_both_sides_at_once_keep_both()
    {
        int slot = _driver.Confirm(Alice);
        _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53));
        _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 0xC2));
        _driver.FromServer(slot, WireMessages.Response(0x52, 0xC2));
        _driver.FromClient(Alice, WireMessages.Response(0xC3, 0x53, _driver.Mac1));

        AssertLive(slot, client: 0xC2, server: 0x52);
        AssertLive(slot, client: 0xC3, server: 0x53);
    }

    [Fact]
    public void A_handshake_by_the_server_on_a_mapping_that_asked_establishes_it()
    {
        int slot = _driver.Ask(Alice);
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Response(0xC3, 0x53, _driver.Mac1)).Verdict);

        Assert.Equal(Proof.Established, _driver.Relay.ProofOf(slot));
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Transport(0xC3)).Verdict);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_client_answers_only_what_the_server_asked()
    {
        int slot = _driver.Confirm(Alice);
        _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x53));

        Assert.Equal(Verdict.UnknownIndex, _driver.FromClient(Alice, WireMessages.Response(1, 0x99, _driver.Mac1)).Verdict);
        Assert.Equal(Verdict.UnknownIndex, _driver.FromClient(Alice, WireMessages.CookieReply(0x99)).Verdict);
        Assert.Equal(Verdict.BadMac1, _driver.FromClient(Alice, WireMessages.Response(1, 0x53)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.CookieReply(0x53)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Response(1, 0x53, _driver.Mac1)).Verdict);
    }

    [Fact]
    public void Forged_answers_of_a_client_do_not_displace_the_pairs_in_use()
    {
        int slot = _driver.Confirm(Alice);
        for (uint i = 0; i < 50; i++)
        {
            _driver.FromServer(slot, WireMessages.Initiation(_driver.Mac1, 0x1000 + i));
            _driver.FromClient(Alice, WireMessages.Response(0x2000 + i, 0x1000 + i, _driver.Mac1));
        }

        AssertLive(slot, client: 0xC1, server: 0x51);
    }

    [Fact]
    public void Initiations_on_a_mapping_have_a_bucket()
    {
        int slot = _driver.Ask(Alice);
        Verdict[] verdicts = [.. Enumerable.Range(0, 8).Select(i => _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, (uint)i)).Verdict)];
        Assert.Equal(2, verdicts.Count(verdict => verdict == Verdict.Forward));
        Assert.Equal(6, verdicts.Count(verdict => verdict == Verdict.Reply));

        _driver.Pass(1);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 77)).Verdict);
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_replayed_initiation_gets_its_own_mapping_and_disturbs_nobody()
    {
        byte[] captured = WireMessages.Initiation(_driver.Mac1, 0xC1);
        int alice = _driver.FromClient(Alice, captured).Slot;
        _driver.FromServer(alice, WireMessages.Response(0x51, 0xC1));
        _driver.FromClient(Alice, WireMessages.Transport(0x51));

        // While it is fresh in memory it does not even pass.
        Assert.Equal(Verdict.Replayed, _driver.FromClient(Mallory, captured).Verdict);
        foreach (uint rekey in new uint[] { 2, 3 })
        {
            _driver.Pass(125);
            _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 0xC0 + rekey));
            _driver.FromServer(alice, WireMessages.Response(0x50 + rekey, 0xC0 + rekey));
        }

        int mallory = _driver.FromClient(Mallory, captured).Slot;

        Assert.NotEqual(alice, mallory);
        Assert.Equal(Proof.Established, _driver.Relay.ProofOf(alice));
        Assert.Equal(Proof.Asked, _driver.Relay.ProofOf(mallory));
        AssertLive(alice, client: 0xC3, server: 0x53);
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
        _driver.Establish(Alice);
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
        int slot = _driver.Ask(Alice);
        _driver.Pass(16);
        Assert.Equal(Verdict.Closed, _driver.FromServer(slot, WireMessages.Response(0x51, 0xC1)).Verdict);
    }

    private void AssertLive(int slot, uint client, uint server)
    {
        // An index that is not live passes too, but is counted apart.
        RelayCounters counters = _driver.Relay.Counters;
        (long up, long down) = (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink));
        Assert.Equal(Verdict.Forward, _driver.FromClient(_driver.Relay.SourceOf(slot), WireMessages.Transport(server)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Transport(client)).Verdict);
        Assert.Equal((up, down), (counters.Tolerated(Direction.Uplink), counters.Tolerated(Direction.Downlink)));
    }
}
