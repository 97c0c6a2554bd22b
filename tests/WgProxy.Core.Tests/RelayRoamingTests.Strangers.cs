using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// A peer of the server's own who claims somebody else's tunnel: the server answers his handshakes, so he is no nobody.
// What he can do to the tunnel must not depend on it.
public sealed partial class RelayRoamingTests
{
    [Fact]
    public void Handshakes_on_a_claims_port_push_nothing_out_of_the_tunnel()
    {
        int home = _driver.Confirm(Home);
        int claim = _driver.FromClient(Mallory, WireMessages.Transport(0x51)).Slot;
        for (uint i = 0; i < 20; i++)
        {
            Handshake(Mallory, claim, 0xD0 + i, 0x90 + i);
            Assert.Equal(Verdict.Forward, _driver.FromServer(claim, WireMessages.Initiation(_driver.Mac1, 0xB0 + i)).Verdict);
            _driver.Pass(1);
        }

        Assert.Equal(Proof.Established, _driver.Relay.ProofOf(claim));
        Assert.Equal(Verdict.Forward, _driver.FromClient(Home, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(home, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal((0, 0), (Tolerated(Direction.Uplink), Tolerated(Direction.Downlink)));
        Decision moved = _driver.FromClient(Mobile, WireMessages.Transport(0x51));
        Assert.Equal(Verdict.Forward, _driver.FromServer(moved.Slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Proof.Confirmed, _driver.Relay.ProofOf(moved.Slot));
        Assert.Equal(0, _driver.Relay.Counters.IndexConflicts);
    }

    [Fact]
    public void Answers_that_come_late_to_a_claims_port_push_nothing_out_of_the_tunnel()
    {
        _driver.Confirm(Home);
        int claim = _driver.FromClient(Mallory, WireMessages.Transport(0x51, 10_000)).Slot;
        for (uint i = 0; i < 20; i++)
        {
            Assert.Equal(Verdict.Forward, _driver.FromServer(claim, WireMessages.Response(0x90 + i, 0xD0 + i)).Verdict);
            Assert.Equal(Verdict.Forward, _driver.FromClient(Mallory, WireMessages.Transport(0x90 + i)).Verdict);
        }

        Assert.Equal(Verdict.Forward, _driver.FromClient(Home, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(0, Tolerated(Direction.Uplink));
    }

    [Fact]
    public void Strangers_whom_the_server_answers_leave_a_tunnel_room_for_its_client()
    {
        int home = _driver.Confirm(Home);
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
        _driver.Confirm(Home);
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

    /// <summary>A handshake of a genuine peer of the server's: asked, answered, used.</summary>
    private void Handshake(Source source, int slot, uint client, uint server)
    {
        Assert.Equal(Verdict.Forward, _driver.FromClient(source, WireMessages.Initiation(_driver.Mac1, client)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Response(server, client)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(source, WireMessages.Transport(server)).Verdict);
    }

    private long Tolerated(Direction direction) => _driver.Relay.Counters.Tolerated(direction);
}
