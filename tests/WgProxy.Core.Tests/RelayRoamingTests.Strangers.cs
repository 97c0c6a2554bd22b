using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// A peer of the server's own who claims somebody else's tunnel: the server answers his handshakes, so he is no nobody.
// What he can do to the tunnel must not depend on it.
public sealed partial class RelayRoamingTests
{
    [Fact]
    public void Handshakes_on_a_claims_port_push_nothing_out_of_the_tunnel()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        Scenario claim = home.ClaimedFrom(Mallory);
        for (uint i = 0; i < 20; i++)
        {
            claim.Handshake(0xD0 + i, 0x90 + i);
            Assert.Equal(Verdict.Forward, claim.ServerAsks(0xB0 + i));
            _driver.Pass(1);
        }

        Assert.Equal(Proof.Established, claim.Proof);
        Assert.Equal(Verdict.Forward, home.Up());
        Assert.Equal(Verdict.Forward, home.Down());
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));
        Scenario moved = home.ClaimedFrom(Mobile);
        Assert.Equal(Verdict.Forward, moved.Down());
        Assert.Equal(Proof.Confirmed, moved.Proof);
        Assert.Equal(0, _driver.Relay.Counters.IndexConflicts);
    }

    [Fact]
    public void Strangers_whom_the_server_answers_leave_a_tunnel_room_for_its_client()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        foreach (int stranger in Enumerable.Range(10, 20))
        {
            Scenario claim = home.ClaimedFrom(RelayDriver.Client(stranger));
            claim.Handshake(0xD0 + (uint)stranger, 0x90 + (uint)stranger);
            Assert.Equal(Proof.Established, claim.Proof);
        }

        Scenario moved = home.ClaimedFrom(Mobile);
        moved.Down();
        Assert.Equal((Proof.Confirmed, Proof.Confirmed), (moved.Proof, home.Proof));
    }

    [Fact]
    public void A_client_that_renews_its_keys_before_the_server_has_followed_it_keeps_the_old_ones()
    {
        Scenario claim = Scenario.Confirmed(_driver, Home).ClaimedFrom(Mobile);
        Assert.Equal(Verdict.Forward, claim.ClientAsks(0xC9));
        Assert.Equal(Verdict.Forward, claim.ServerAnswers(0xC9, 0x59));
        Assert.Equal(Proof.Answered, claim.Proof);

        Assert.Equal(Verdict.Forward, claim.Down());
        Assert.Equal(Proof.Confirmed, claim.Proof);
        Assert.Equal(Verdict.Forward, claim.Up());
        Assert.Equal(Verdict.Forward, claim.Up(0x59));
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));

        // And moves on with either.
        foreach ((int next, uint index) in ((int, uint)[])[(30, 0x51), (31, 0x59)])
        {
            Assert.Equal(Verdict.Open, _driver.FromClient(RelayDriver.Client(next), WireMessages.Transport(index)).Verdict);
        }
    }

    // The server answers him, to the client's address: he sees nothing of it.
    [Fact]
    public void Handshakes_under_the_clients_forged_address_push_out_nothing_that_is_in_use()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        for (uint i = 0; i < 40; i++)
        {
            Assert.Equal(Verdict.Forward, home.ClientAsks(0xD0 + i));
            Assert.Equal(Verdict.Forward, home.ServerAnswers(0xD0 + i, 0x90 + i));
            _driver.Pass(1);
        }

        Assert.Equal(Verdict.Forward, home.Up());
        Assert.Equal(Verdict.Forward, home.Down());
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));
        Assert.Equal(Verdict.Open, _driver.FromClient(Mobile, WireMessages.Transport(0x51)).Verdict);
    }

    // A peer who writes the client's address, and whom the server answers there: its own indices are genuine.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_was_taken_for_a_client_at_its_address_is_gone_from_there_with_its_handshake(bool lingers)
    {
        Scenario? home = lingers ? Scenario.Lingering(_driver, Home) : null;
        Scenario his = Scenario.Confirmed(_driver, Mallory, 0xCA, 0x5A);
        home?.Up(0x5A);
        home ??= his.ClaimedFrom(Home);
        Assert.Equal(Verdict.Forward, home.Down(0xCA));
        Assert.Equal(Proof.Confirmed, home.Proof);

        // The client itself, on the same port.
        home.Handshake(0xC2, 0x52);
        Assert.Equal(Verdict.Forward, home.Down(0xC2));
        int[] claims = [.. Enumerable.Range(70, 4).Select(number => _driver.FromClient(RelayDriver.Client(number), WireMessages.Transport(0x5A)).Slot)];
        foreach (int slot in (int[])[his.Slot, .. claims, his.Slot])
        {
            _driver.FromServer(slot, WireMessages.Transport(0xCA));
        }

        Assert.Equal(Proof.Confirmed, home.Proof);
        long tolerated = Tolerated(Direction.Uplink) + Tolerated(Direction.Downlink);
        Assert.Equal(Verdict.Forward, home.Up(0x52));
        Assert.Equal(Verdict.Forward, home.Down(0xC2));
        Assert.Equal(tolerated, Tolerated(Direction.Uplink) + Tolerated(Direction.Downlink));
        Assert.Equal(Verdict.Open, _driver.FromClient(Mobile, WireMessages.Transport(0x52)).Verdict);
    }

    // Where it handshook, its keys are known; where it was before, they pass as unknown ones do until it comes back with a
    // handshake, and what it has there lives on.
    [Fact]
    public void A_client_that_moved_renewed_its_keys_and_came_back_is_served_at_once()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        Scenario away = home.ClaimedFrom(Mobile);
        away.Down();
        away.Handshake(0xC2, 0x52);
        Assert.Equal((Verdict.Forward, home.Slot), (home.Up(0x52), _driver.FromClient(Home, WireMessages.Transport(0x52)).Slot));
        Assert.Equal(Verdict.Forward, home.Down(0xC2));
        home.Handshake(0xC3, 0x53);
        long tolerated = Tolerated(Direction.Uplink);
        Assert.Equal(Verdict.Forward, home.Up(0x53));
        Assert.Equal(tolerated, Tolerated(Direction.Uplink));
    }

    // The last claim there may be makes no room for itself.
    [Fact]
    public void The_only_claim_there_may_be_moves_on_to_another_tunnel()
    {
        RelayDriver driver = new(new RelaySettings { MaxClaimed = 1 });
        driver.Confirm(Home);
        driver.Confirm(Mallory, 0xCA, 0x5A);
        int claim = driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot;
        Decision moved = driver.FromClient(Mobile, WireMessages.Transport(0x5A));
        Assert.Equal((Verdict.Forward, claim), (moved.Verdict, moved.Slot));
        Assert.Equal(Proof.Claimed, driver.Relay.ProofOf(claim));
    }

    [Fact]
    public void A_client_that_renewed_its_keys_and_comes_back_to_a_claim_is_served_there()
    {
        Scenario home = Scenario.Confirmed(_driver, Home);
        Source elsewhere = RelayDriver.Client(9);
        Scenario claim = home.ClaimedFrom(elsewhere);
        Scenario away = home.ClaimedFrom(Mobile);
        away.Down();
        away.Handshake(0xC2, 0x52);
        Assert.Equal((Verdict.Forward, claim.Slot), (claim.Up(0x52), _driver.FromClient(elsewhere, WireMessages.Transport(0x52)).Slot));
        Assert.Equal(Verdict.Forward, claim.Down(0xC2));
        Assert.Equal(Proof.Confirmed, claim.Proof);
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));
    }

    [Fact]
    public void A_client_of_two_servers_that_renewed_ones_keys_elsewhere_sends_the_other_nothing_of_it()
    {
        RelayDriver driver = new(routes: 2);
        int first = driver.Confirm(Home);
        int second = driver.Confirm(Home, 0xC7, 0x57, driver.Routes[1]);
        driver.Pass(1);
        driver.FromClient(Home, WireMessages.Transport(0x57));
        int away = driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot;
        driver.FromServer(away, WireMessages.Transport(0xC1));
        driver.FromClient(Mobile, WireMessages.Initiation(driver.Mac1, 0xC2));
        driver.FromServer(away, WireMessages.Response(0x52, 0xC2));
        driver.FromClient(Mobile, WireMessages.Transport(0x52));
        Assert.Equal(first, driver.FromClient(Home, WireMessages.Transport(0x52)).Slot);
        Assert.Equal(second, driver.FromClient(Home, WireMessages.Transport(0x99)).Slot);
    }

    // His tunnels are many, and the addresses from which they are claimed may be any.
    [Fact]
    public void A_peer_with_many_tunnels_takes_half_of_the_claims_and_none_of_anothers()
    {
        const int claims = 64;
        RelayDriver driver = new(new RelaySettings { MaxClaimed = claims, PrefixShare = 8 });
        driver.Confirm(At("198.51.100.1", 1));
        int moved = driver.FromClient(At("198.51.100.2", 1), WireMessages.Transport(0x51)).Slot;
        Assert.Equal(Proof.Claimed, driver.Relay.ProofOf(moved));
        for (int i = 0; i < 40; i++)
        {
            driver.Establish(At("203.0.113.1", 1_000 + i), 0x1000 + (uint)i, 0x2000 + (uint)i);
            for (int port = 0; port < 4; port++)
            {
                driver.FromClient(At($"10.0.{i}.{port}", 1), WireMessages.Transport(0x2000 + (uint)i));
            }
        }

        Assert.Equal(claims / 2, driver.Relay.Counters[Proof.Claimed]);
        Assert.True(driver.Relay.Counters[Direction.Uplink, Verdict.OverShare] >= 100);
        Assert.Equal(Proof.Claimed, driver.Relay.ProofOf(moved));

        // Nor by coming to ports where he has asked before.
        for (int i = 0; i < 8; i++)
        {
            Source asked = At("203.0.113.9", 1 + i);
            driver.Ask(asked, 0x3000 + (uint)i);
            Assert.Equal(Verdict.OverShare, driver.FromClient(asked, WireMessages.Transport(0x2000)).Verdict);
        }

        driver.Confirm(At("192.0.2.200", 1), 0xC7, 0x57);
        Assert.Equal(Verdict.Open, driver.FromClient(At("192.0.2.201", 1), WireMessages.Transport(0x57)).Verdict);
    }

    private static Source At(string address, int port) => Source.From(new IPEndPoint(IPAddress.Parse(address), port));

    private long Tolerated(Direction direction) => _driver.Relay.Counters.Tolerated(direction);
}
