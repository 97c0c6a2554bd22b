using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Tunnels that move: who may claim, what proves a claim, and what a claim can never do.</summary>
public sealed partial class RelayRoamingTests
{
    private static readonly Source Home = RelayDriver.Client(1);
    private static readonly Source Mobile = RelayDriver.Client(2);
    private static readonly Source Mallory = RelayDriver.Client(3);
    private readonly RelayDriver _driver = new();

    [Fact]
    public void Data_with_a_live_index_from_a_new_source_claims_and_the_server_proves_it()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        Scenario claim = home.ClaimedFrom(Mobile);
        Assert.Equal(Proof.Claimed, claim.Proof);

        Assert.Equal(Verdict.Forward, claim.Down());
        Assert.Equal(Proof.Confirmed, claim.Proof);
        Assert.Equal(Proof.Confirmed, home.Proof);
        Assert.Equal(Mobile, _driver.Relay.SourceOf(claim.Slot));
        Assert.Equal(Home, _driver.Relay.SourceOf(home.Slot));
    }

    [Fact]
    public void Old_and_new_path_may_alternate_per_packet()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        Scenario mobile = home.ClaimedFrom(Mobile);
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal((Verdict.Forward, home.Slot), Pass(Home, home.Slot));
            Assert.Equal((Verdict.Forward, mobile.Slot), Pass(Mobile, mobile.Slot));
            _driver.Pass(5);
        }

        (Verdict Verdict, int Slot) Pass(Source source, int slot)
        {
            Decision up = _driver.FromClient(source, WireMessages.Transport(0x51));
            Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Transport(0xC1)).Verdict);
            return (up.Verdict, up.Slot);
        }
    }

    [Fact]
    public void A_claim_that_sends_keepalives_waits_for_the_server_as_long_as_it_takes()
    {
        Scenario mobile = Scenario.Confirmed(_driver, Home).ClaimedFrom(Mobile);
        for (int i = 0; i < 7; i++)
        {
            _driver.Pass(25);
            mobile.Up();
        }

        Assert.Equal(Proof.Claimed, mobile.Proof);
        Assert.Equal(Verdict.Forward, mobile.Down());
        Assert.Equal(Proof.Confirmed, mobile.Proof);
    }

    [Fact]
    public void A_claim_ends_120_seconds_after_its_last_live_index()
    {
        Scenario mobile = Scenario.Confirmed(_driver, Home).ClaimedFrom(Mobile);
        _driver.Pass(60);
        mobile.Up();
        mobile.Up(0x99);
        mobile.Wait(119.9);
        Assert.Equal(Proof.Claimed, mobile.Proof);
        mobile.Up(0x99);
        mobile.Wait(0.2);
        Assert.Equal(Proof.None, mobile.Proof);
    }

    [Fact]
    public void An_idle_client_that_roamed_and_then_rekeys_is_answered_on_its_claim()
    {
        Scenario mobile = Scenario.Confirmed(_driver, Home).ClaimedFrom(Mobile);
        _driver.Pass(100);
        Assert.Equal((Verdict.Forward, mobile.Slot), Verdicts(_driver.FromClient(Mobile, WireMessages.Initiation(_driver.Mac1, 0xC2))));
        mobile.ServerAnswers(0xC2, 0x52);
        Assert.Equal(Proof.Answered, mobile.Proof);
        mobile.Up(0x52);
        Assert.Equal(Proof.Established, mobile.Proof);
    }

    [Fact]
    public void Another_index_of_the_tunnel_does_not_prove_an_answer_received()
    {
        Scenario mallory = Scenario.Confirmed(_driver, Home).ClaimedFrom(Mallory);
        mallory.Rekey(0xC2, 0x52);
        Assert.Equal(Proof.Answered, mallory.Proof);

        mallory.Up();
        Assert.Equal(Proof.Answered, mallory.Proof);
    }

    [Fact]
    public void A_claim_by_a_response_to_a_handshake_sent_elsewhere_does_not_establish()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        home.ServerAsks(0x53);
        Assert.Equal(Verdict.NoMapping, _driver.FromClient(Mallory, WireMessages.Response(0xC3, 0x53)).Verdict);
        Decision claim = _driver.FromClient(Mobile, WireMessages.Response(0xC3, 0x53, _driver.Mac1));
        Assert.Equal((Verdict.Open, Proof.Claimed), (claim.Verdict, _driver.Relay.ProofOf(claim.Slot)));

        Assert.Equal(Verdict.Forward, _driver.FromServer(claim.Slot, WireMessages.Transport(0xC3)).Verdict);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(claim.Slot));
    }

    [Fact]
    public void A_source_that_has_asked_joins_the_tunnel_whose_index_it_uses()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        int mobile = _driver.Ask(Mobile, client: 0xC9);
        Assert.Equal((Verdict.Forward, mobile), Verdicts(_driver.FromClient(Mobile, WireMessages.Transport(0x51))));
        Assert.Equal(Proof.Claimed, _driver.Relay.ProofOf(mobile));
        _driver.FromServer(mobile, WireMessages.Response(0x59, 0xC9));
        Assert.Equal(Proof.Answered, _driver.Relay.ProofOf(mobile));

        // Whose handshake that was, nobody can tell yet: the pair is the new path's own, and passes on the old one like
        // any index that nobody issued there.
        Assert.Equal(Verdict.Forward, home.Up(0x59));
        Assert.Equal(1, _driver.Relay.Counters.Tolerated(Direction.Uplink));
        Assert.Equal(Verdict.Forward, _driver.FromClient(Mobile, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(1, _driver.Relay.Counters.Tolerated(Direction.Uplink));
    }

    [Fact]
    public void A_tunnel_takes_four_claims_and_evicts_nothing_for_a_fifth()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        int[] claims = [.. Enumerable.Range(10, 4).Select(i => Claim(i).Slot)];
        foreach (int stranger in Enumerable.Range(100, 1_000))
        {
            Assert.Equal(Verdict.ClaimRefused, Claim(stranger).Verdict);
        }

        Assert.Equal(Proof.Confirmed, home.Proof);
        Assert.All(claims, slot => Assert.Equal(Proof.Claimed, _driver.Relay.ProofOf(slot)));
        Assert.Equal(Verdict.Open, _driver.FromClient(Mobile, WireMessages.Initiation(_driver.Mac1, 0xC7)).Verdict);
    }

    [Fact]
    public void A_client_whose_port_flaps_is_followed_however_often()
    {
        Scenario.Confirmed(_driver, Home);
        foreach (int flap in Enumerable.Range(10, 50))
        {
            Decision claim = Claim(flap);
            Assert.Equal(Verdict.Open, claim.Verdict);
            Assert.Equal(Verdict.Forward, _driver.FromServer(claim.Slot, WireMessages.Transport(0xC1)).Verdict);
            _driver.Pass(1);
            Assert.InRange(Enum.GetValues<Proof>().Sum(proof => _driver.Relay.Counters[proof]), 1, 5);
        }
    }

    [Fact]
    public void The_member_silent_longest_makes_room_when_the_server_moves()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        int[] moves = [.. Enumerable.Range(10, 3).Select(i =>
        {
            _driver.Pass(1);
            int slot = Claim(i).Slot;
            _driver.FromServer(slot, WireMessages.Transport(0xC1));
            return slot;
        })];
        _driver.Pass(1);
        home.Up();
        _driver.Pass(1);
        _driver.FromServer(Claim(20).Slot, WireMessages.Transport(0xC1));

        Assert.Equal(Proof.None, _driver.Relay.ProofOf(moves[0]));
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(moves[2]));
        Assert.Equal(Proof.Confirmed, home.Proof);
    }

    [Fact]
    public void All_claims_together_are_limited_and_the_oldest_makes_room()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 64, MaxClaimed = 6 });
        foreach (int tunnel in Enumerable.Range(0, 4))
        {
            driver.Confirm(RelayDriver.Client(tunnel), client: (uint)(0xC0 + tunnel), server: (uint)(0x50 + tunnel));
        }

        List<int> claims = [];
        foreach (int i in Enumerable.Range(0, 8))
        {
            driver.Pass(0.1);
            claims.Add(driver.FromClient(RelayDriver.Client(100 + i), WireMessages.Transport((uint)(0x50 + (i % 4)))).Slot);
        }

        Assert.Equal(6, driver.Relay.Counters[Proof.Claimed]);
        Assert.Equal(4, driver.Relay.Counters[Proof.Confirmed]);
        Assert.Equal(2, driver.Relay.Counters[RelayEventKind.Evicted]);
    }

    [Fact]
    public void Uplink_of_a_claim_has_a_budget_until_the_server_proves_it()
    {
        Scenario mobile = Scenario.Confirmed(_driver, Home).ClaimedFrom(Mobile);
        byte[] large = WireMessages.Transport(0x51, length: 65_000);
        int passed = Enumerable.Range(0, 200).Count(_ => _driver.FromClient(Mobile, large).Verdict == Verdict.Forward);
        Assert.Equal(((4 << 20) - 32) / 65_000, passed);
        Assert.Equal(Verdict.OverBudget, _driver.FromClient(Mobile, large).Verdict);

        mobile.Down();
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(Verdict.Forward, _driver.FromClient(Mobile, large).Verdict));
    }

    [Fact]
    public void A_claim_for_a_tunnel_whose_last_member_makes_room_is_refused()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 1, IdleTimeout = TimeSpan.FromSeconds(10) });
        driver.Confirm(Home);
        driver.Pass(11);
        Assert.Equal(1, driver.Relay.Counters[Proof.Lingering]);
        Assert.Equal(Verdict.ClaimRefused, driver.FromClient(Mobile, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Open, driver.FromClient(Mobile, WireMessages.Initiation(driver.Mac1, 1)).Verdict);
    }

    private static (Verdict Verdict, int Slot) Verdicts(Decision decision) => (decision.Verdict, decision.Slot);

    private Decision Claim(int client) => _driver.FromClient(RelayDriver.Client(client), WireMessages.Transport(0x51));
}
