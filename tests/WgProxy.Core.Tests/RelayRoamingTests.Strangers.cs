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
        int home = _driver.Confirm(DefaultLocalAddress);
        int claim = _driver.FromClient(Mallory, WireMessages.Transport(0x51)).Slot;
        for (uint i = 0; i < 20; i++)
        {
            Handshake(Mallory, claim, 0xD0 + i, 0x90 + i);
            Assert.Equal(Verdict.Forward, _driver.FromServer(claim, WireMessages.Initiation(_driver.Mac1, 0xB0 + i)).Verdict);
            _driver.Pass(1);
        }

        Assert.Equal(Proof.Established, _driver.Relay.ProofOf(claim));
        Assert.Equal(Verdict.Forward, _driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));
        Decision moved = _driver.FromClient(Mobile, WireMessages.Transport(0x51));
        Assert.Equal(Verdict.Forward, _driver.FromServer(moved.Slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(moved.Slot));
        Assert.Equal(0, _driver.Relay.Counters.IndexConflicts);
    }

    [Fact]
    public void Strangers_whom_the_server_answers_leave_a_tunnel_room_for_its_client()
    {
        int home = _driver.Confirm(DefaultLocalAddress);
        foreach (int stranger in Enumerable.Range(10, 20))
        {
            int claim = Claim(stranger).Slot;
            Handshake(RelayDriver.Client(stranger), claim, 0xD0 + (uint)stranger, 0x90 + (uint)stranger);
            Assert.Equal(Proof.Established, _driver.Relay.ProofOf(claim));
        }

        Decision moved = _driver.FromClient(Mobile, WireMessages.Transport(0x51));
        Assert.Equal(Verdict.Open, moved.Verdict);
        _driver.FromServer(moved.Slot, WireMessages.Transport(0xC1));
        Assert.Equal((Proof.Confirmed, Proof.Confirmed), (_driver.Relay.ProofOf(moved.Slot), _driver.Relay.ProofOf(home)));
    }

    [Fact]
    public void A_client_that_renews_its_keys_before_the_server_has_followed_it_keeps_the_old_ones()
    {
        _driver.Confirm(DefaultLocalAddress);
        int claim = _driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot;
        Assert.Equal(Verdict.Forward, _driver.FromClient(Mobile, WireMessages.Initiation(_driver.Mac1, 0xC9)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(claim, WireMessages.Response(0x59, 0xC9)).Verdict);
        Assert.Equal(Proof.Answered, _driver.Relay.ProofOf(claim));

        Assert.Equal(Verdict.Forward, _driver.FromServer(claim, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(claim));
        Assert.Equal(Verdict.Forward, _driver.FromClient(Mobile, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Mobile, WireMessages.Transport(0x59)).Verdict);
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
        int home = _driver.Confirm(DefaultLocalAddress);
        for (uint i = 0; i < 40; i++)
        {
            Assert.Equal(Verdict.Forward, _driver.FromClient(DefaultLocalAddress, WireMessages.Initiation(_driver.Mac1, 0xD0 + i)).Verdict);
            Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Response(0x90 + i, 0xD0 + i)).Verdict);
            _driver.Pass(1);
        }

        Assert.Equal(Verdict.Forward, _driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));
        Assert.Equal(Verdict.Open, _driver.FromClient(Mobile, WireMessages.Transport(0x51)).Verdict);
    }

    // A peer who writes the client's address, and whom the server answers there: its own indices are genuine.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_was_taken_for_a_client_at_its_address_is_gone_from_there_with_its_handshake(bool lingers)
    {
        int home = -1;
        if (lingers)
        {
            home = _driver.Confirm(DefaultLocalAddress);
            _driver.Pass(301);
        }

        int his = _driver.Confirm(Mallory, 0xCA, 0x5A);
        Decision forged = _driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x5A));
        home = lingers ? home : forged.Slot;
        Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Transport(0xCA)).Verdict);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(home));

        // The client itself, on the same port.
        Handshake(DefaultLocalAddress, home, 0xC2, 0x52);
        Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Transport(0xC2)).Verdict);
        int[] claims = [.. Enumerable.Range(70, 4).Select(number => _driver.FromClient(RelayDriver.Client(number), WireMessages.Transport(0x5A)).Slot)];
        foreach (int slot in (int[])[his, .. claims, his])
        {
            _driver.FromServer(slot, WireMessages.Transport(0xCA));
        }

        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(home));
        long tolerated = Tolerated(Direction.Uplink) + Tolerated(Direction.Downlink);
        Assert.Equal(Verdict.Forward, _driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x52)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Transport(0xC2)).Verdict);
        Assert.Equal(tolerated, Tolerated(Direction.Uplink) + Tolerated(Direction.Downlink));
        Assert.Equal(Verdict.Open, _driver.FromClient(Mobile, WireMessages.Transport(0x52)).Verdict);
    }

    // Where it handshook, its keys are known; where it was before, they pass as unknown ones do until it comes back with a
    // handshake, and what it has there lives on.
    [Fact]
    public void A_client_that_moved_renewed_its_keys_and_came_back_is_served_at_once()
    {
        int home = _driver.Confirm(DefaultLocalAddress);
        int away = _driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot;
        _driver.FromServer(away, WireMessages.Transport(0xC1));
        Handshake(Mobile, away, 0xC2, 0x52);
        Assert.Equal((Verdict.Forward, home), (_driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x52)).Verdict, _driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x52)).Slot));
        Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Transport(0xC2)).Verdict);
        Handshake(DefaultLocalAddress, home, 0xC3, 0x53);
        long tolerated = Tolerated(Direction.Uplink);
        Assert.Equal(Verdict.Forward, _driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x53)).Verdict);
        Assert.Equal(tolerated, Tolerated(Direction.Uplink));
    }

    // The last claim there may be makes no room for itself.
    [Fact]
    public void The_only_claim_there_may_be_moves_on_to_another_tunnel()
    {
        RelayDriver driver = new(new RelaySettings { MaxClaimed = 1 });
        driver.Confirm(DefaultLocalAddress);
        driver.Confirm(Mallory, 0xCA, 0x5A);
        int claim = driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot;
        Decision moved = driver.FromClient(Mobile, WireMessages.Transport(0x5A));
        Assert.Equal((Verdict.Forward, claim), (moved.Verdict, moved.Slot));
        Assert.Equal(Proof.Claimed, driver.Relay.ProofOf(claim));
    }

    [Fact]
    public void A_client_that_renewed_its_keys_and_comes_back_to_a_claim_is_served_there()
    {
        _driver.Confirm(DefaultLocalAddress);
        Source elsewhere = RelayDriver.Client(9);
        int claim = _driver.FromClient(elsewhere, WireMessages.Transport(0x51)).Slot;
        int away = _driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot;
        _driver.FromServer(away, WireMessages.Transport(0xC1));
        Handshake(Mobile, away, 0xC2, 0x52);
        Assert.Equal((Verdict.Forward, claim), (_driver.FromClient(elsewhere, WireMessages.Transport(0x52)).Verdict, _driver.FromClient(elsewhere, WireMessages.Transport(0x52)).Slot));
        Assert.Equal(Verdict.Forward, _driver.FromServer(claim, WireMessages.Transport(0xC2)).Verdict);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(claim));
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));
    }

    [Fact]
    public void A_client_of_two_servers_that_renewed_ones_keys_elsewhere_sends_the_other_nothing_of_it()
    {
        RelayDriver driver = new(routes: 2);
        int first = driver.Confirm(DefaultLocalAddress);
        int second = Confirm(driver, DefaultLocalAddress, route: 1, 0xC7, 0x57);
        driver.Pass(1);
        driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x57));
        int away = driver.FromClient(Mobile, WireMessages.Transport(0x51)).Slot;
        driver.FromServer(away, WireMessages.Transport(0xC1));
        driver.FromClient(Mobile, WireMessages.Initiation(driver.Mac1, 0xC2));
        driver.FromServer(away, WireMessages.Response(0x52, 0xC2));
        driver.FromClient(Mobile, WireMessages.Transport(0x52));
        Assert.Equal(first, driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x52)).Slot);
        Assert.Equal(second, driver.FromClient(DefaultLocalAddress, WireMessages.Transport(0x99)).Slot);
    }

    private static int Confirm(RelayDriver driver, Source source, int route, uint client, uint server)
    {
        int slot = driver.FromClient(source, WireMessages.Initiation(driver.Routes[route].Mac1, client)).Slot;
        driver.FromServer(slot, WireMessages.Response(server, client));
        driver.FromClient(source, WireMessages.Transport(server));
        driver.FromServer(slot, WireMessages.Transport(client));
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(slot));
        return slot;
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

    /// <summary>A handshake of a genuine peer of the server's: asked, answered, used.</summary>
    private void Handshake(Source source, int slot, uint client, uint server)
    {
        Assert.Equal(Verdict.Forward, _driver.FromClient(source, WireMessages.Initiation(_driver.Mac1, client)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Response(server, client)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(source, WireMessages.Transport(server)).Verdict);
    }

    private long Tolerated(Direction direction) => _driver.Relay.Counters.Tolerated(direction);
}
