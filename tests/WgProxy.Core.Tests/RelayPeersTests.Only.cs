using WgProxy.Core.Journal;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Routes that serve listed peers only, lists that change, and what it costs to find one.
public sealed partial class RelayPeersTests
{
    [Fact]
    public void Where_only_peers_have_tunnels_nobody_else_is_answered()
    {
        RelayDriver driver = Peer.Driver(_peers, only: true);
        Scenario stranger = Scenario.Asked(driver);
        Assert.Equal(Verdict.NotAPeer, stranger.ServerAnswers(Client, Server));
        Assert.Equal(Verdict.NotAPeer, driver.FromServer(stranger.Slot, new Peer().Answer(Server, Client)).Verdict);
        Assert.Equal(Verdict.NotAPeer, stranger.ServerAsks(0x60));
        Assert.Equal(Proof.Asked, stranger.Proof);
        Assert.Equal(Verdict.NotProven, stranger.Up());
        stranger.AssertIs(Proof.Asked, 15, Proof.None);
        Assert.Equal(3, driver.Relay.Counters[Direction.Downlink, Verdict.NotAPeer]);

        Scenario peer = Scenario.Asked(driver, RelayDriver.Client(2), 0xC2);
        Assert.Equal(Verdict.Forward, driver.FromServer(peer.Slot, _peers[19].Answer(0x52, 0xC2)).Verdict);
        Assert.Equal(Verdict.Forward, peer.Up(0x52));
        Assert.Equal(Proof.Established, peer.Proof);
        Assert.Equal(Verdict.Forward, driver.FromServer(peer.Slot, _peers[19].Asked(0x61)).Verdict);
    }

    [Fact]
    public void A_denied_peer_gets_no_handshake_any_more_and_everybody_else_does()
    {
        RelayDriver driver = Peer.Driver(_peers, only: false);
        int rekeys = Tunnel(driver, 3);
        Route route = driver.Routes[0];
        route.Settings = route.Settings with { DeniedPeers = [_peers[3].In(driver), _peers[19].In(driver)] };
        driver.Relay.RouteChanged(new RouteId(0, 1));
        driver.Pass(0);
        Assert.Equal(Proof.Established, driver.Relay.ProofOf(rekeys));
        Assert.Equal(Verdict.NotAPeer, driver.FromServer(rekeys, _peers[3].Asked(0x61)).Verdict);
        Scenario denied = Scenario.Asked(driver, RelayDriver.Client(92), 0xC2);
        Assert.Equal(Verdict.NotAPeer, driver.FromServer(denied.Slot, _peers[19].Answer(0x52, 0xC2)).Verdict);
        Scenario stranger = Scenario.Asked(driver, RelayDriver.Client(93), 0xC4);
        Assert.Equal(Verdict.Forward, driver.FromServer(stranger.Slot, new Peer().Answer(0x53, 0xC4)).Verdict);
        Scenario peer = Scenario.Asked(driver, RelayDriver.Client(94), 0xC5);
        Assert.Equal(Verdict.Forward, driver.FromServer(peer.Slot, _peers[18].Answer(0x54, 0xC5)).Verdict);
    }

    [Fact]
    public void A_route_that_serves_peers_only_and_lists_none_serves_nobody()
    {
        RelayDriver driver = Peer.Driver([], only: true);
        Assert.Equal(Verdict.NotAPeer, Scenario.Asked(driver).ServerAnswers(Client, Server));
    }

    [Fact]
    public void Where_only_peers_have_tunnels_unknown_indices_open_none()
    {
        RelayDriver driver = Peer.Driver(_peers, only: true, new RelaySettings { MaxMappings = 64, MaxAsked = 16, Adopt = true });
        Assert.Equal(Verdict.NotAPeer, driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x77)).Verdict);
    }

    [Fact]
    public void A_removed_peer_loses_its_name_or_its_mappings_where_only_peers_have_them()
    {
        foreach (bool only in (bool[])[false, true])
        {
            RelayDriver driver = Peer.Driver(_peers, only);
            int[] slots = [.. Enumerable.Range(0, 4).Select(number => Tunnel(driver, number))];
            Scenario asking = Scenario.Asked(driver, RelayDriver.Client(90), 0xCC);
            Route route = driver.Routes[0];
            route.Settings = route.Settings with { Peers = route.Settings.Peers.With(_peers.Where((_, number) => number != 2).Select(peer => peer.Key)) };
            Assert.NotEqual(default, driver.Relay.PeerOf(slots[2]));
            driver.Relay.RouteChanged(new RouteId(0, 1));
            driver.Pass(0);
            Assert.Equal(only ? Proof.None : Proof.Established, driver.Relay.ProofOf(slots[2]));
            Assert.Equal(only ? [slots[2]] : [], driver.Log.Where(change => change.Kind == RelayEventKind.Unlisted).Select(change => change.Slot));
            Assert.Equal(Proof.Asked, asking.Proof);
            foreach (int number in (int[])[0, 1, 3])
            {
                Assert.Equal((Proof.Established, _peers[number].In(driver)), (driver.Relay.ProofOf(slots[number]), driver.Relay.PeerOf(slots[number])));
                Assert.Equal(1, Of(driver, _peers[number]).Handshakes);
            }

            // Listed again it is another peer, and begins anew.
            route.Settings = route.Settings with { Peers = route.Settings.Peers.With(_peers.Select(peer => peer.Key)) };
            driver.Relay.RouteChanged(new RouteId(0, 1));
            driver.Pass(0);
            Assert.Equal((21, 0), ((int)_peers[2].In(driver).Value, Of(driver, _peers[2]).Handshakes));
        }
    }

    /// <summary>A thousand mappings of removed peers end at a pace.</summary>
    [Fact]
    public void Mappings_of_removed_peers_end_a_bounded_number_in_each_call()
    {
        RelayDriver driver = Peer.Driver(_peers[..1], only: true, RelaySettings.ForMappings(2_000));
        for (int number = 0; number < 1_000; number++)
        {
            _ = Tunnel(driver, number, _peers[0]);
        }

        driver.Routes[0].Settings = driver.Routes[0].Settings with { Peers = PeerList.Empty };
        driver.Relay.RouteChanged(new RouteId(0, 1));
        int calls = 0;
        for (int left = 1_000; left > 0; calls++)
        {
            driver.Relay.ClearEvents();
            Tick next = driver.Relay.Advance(driver.Now);
            Assert.InRange(driver.Relay.Events.Length, 1, Limits.OrdersPerCall);
            left -= driver.Relay.Events.Length;
            Assert.True(left == 0 || next <= driver.Now);
        }

        Assert.Equal(1_000 / Limits.OrdersPerCall + 1, calls);
    }

    [Fact]
    public void A_restored_tunnel_has_its_name_and_none_is_restored_for_who_is_no_longer_listed()
    {
        RelayDriver driver = Peer.Driver(_peers, only: true);
        int slot = Tunnel(driver, 5);
        byte[] bytes = new byte[MappingRecord.Size];
        (driver.Relay.RecordOf(slot, driver.Now) with { Written = new JournalInstant(1, 0, 0) }).Write(bytes);
        Assert.True(bytes.AsSpan().IndexOf(_peers[5].Key.Bytes[..9]) < 0, "a record tells more of the key than it must");
        Assert.True(MappingRecord.TryRead(bytes, out MappingRecord record));

        // Another process, whose list is another and in another order.
        Route route = driver.Routes[0];
        route.Settings = new RouteSettings { Peers = PeerList.Of(_peers.Reverse().Select(peer => peer.Key)), PeersOnly = true };
        RelayDriver next = new([route]);
        Assert.Equal(RestoreVerdict.Restored, next.Relay.Restore(record, new JournalInstant(1, 0, 0), next.Now, out int again));
        next.Relay.Restored(again, record.UpstreamPort, record.UpstreamPort);
        Assert.Equal(new PeerId(15), next.Relay.PeerOf(again));
        Assert.Equal(new PeerId(15), next.Relay.Events[^1].Peer);

        route.Settings = new RouteSettings { Peers = PeerList.Of(_peers[6..].Select(peer => peer.Key)), PeersOnly = true };
        Assert.Equal(RestoreVerdict.Denied, new RelayDriver([route]).Relay.Restore(record, new JournalInstant(1, 0, 0), next.Now, out _));
        route.Settings = route.Settings with { PeersOnly = false };
        Assert.Equal(RestoreVerdict.Restored, new RelayDriver([route]).Relay.Restore(record, new JournalInstant(1, 0, 0), next.Now, out _));
    }

    [Fact]
    public void A_known_tunnel_costs_one_hash_and_a_look_at_all_keys_one_step_for_each_group()
    {
        Peer[] peers = Peer.Some(1_000);
        RelayDriver driver = Peer.Driver(peers);
        const int all = 1_000 / 8;
        int slot = Tunnel(driver, 1, peers[999]);
        Assert.Equal((0, all), Compared(driver));
        driver.Pass(5);
        Named(driver, slot, peers[999], 0xC2, 0x52);
        Assert.Equal((1, all), Compared(driver));
        driver.FromServer(slot, peers[999].Asked(0x60));
        Assert.Equal((2, all), Compared(driver));
        driver.Pass(5);
        Named(driver, slot, peers[0], 0xC3, 0x53);
        Assert.Equal((3, 2 * all), Compared(driver));
    }

    /// <summary>Who forges the server's address, and knows an open question or has asked one, makes each message cost a look at all keys.</summary>
    [Fact]
    public void Forged_handshakes_cost_a_bounded_share_of_time_and_no_known_tunnel_its_name()
    {
        Peer[] peers = Peer.Some(1_000);
        foreach (bool only in (bool[])[false, true])
        {
            RelayDriver driver = Peer.Driver(peers, only);
            int known = Tunnel(driver, 1, peers[3]);
            Scenario attacker = Scenario.Asked(driver, RelayDriver.Client(9), 0xEE);
            (_, long before) = Compared(driver);
            for (int turn = 0; turn < 20_000; turn++)
            {
                if (turn % 20 == 0)
                {
                    driver.Pass(0.001);
                }

                Verdict verdict = driver.FromServer(known, WireMessages.Initiation(driver.Mac1, (uint)turn)).Verdict;
                Assert.Contains(verdict, only ? [Verdict.NotAPeer, Verdict.OverBudget] : (Verdict[])[Verdict.Forward]);
            }

            // A second has passed. An initiation counts twice.
            (_, long after) = Compared(driver);
            Assert.InRange(2 * (after - before), Limits.PeerStepsPerSecond, Limits.PeerStepsPerSecond + Limits.PeerStepsBurst);
            Assert.Equal(only, driver.Relay.Counters[Direction.Downlink, Verdict.OverBudget] > 10_000);
            Named(driver, known, peers[3], 0xC7, 0x57);
            Assert.Equal(peers[3].In(driver), driver.Relay.PeerOf(known));
            Assert.Equal(Proof.Asked, attacker.Proof);
        }
    }

    [Fact]
    public void To_name_a_tunnel_allocates_nothing()
    {
        RelayDriver driver = Peer.Driver(Peer.Some(100));
        Peer[] peers = [new(), new()];
        driver.Routes[0].Settings = new RouteSettings { Peers = driver.Routes[0].Settings.Peers.With(peers.Select(peer => peer.Key)) };
        driver.Relay.RouteChanged(new RouteId(0, 1));
        Scenario client = Scenario.Established(driver);
        uint index = 0x1000;
        byte[][] messages = [.. Enumerable.Range(0, 200).Select(turn => peers[turn % 2].Asked(index + (uint)turn))];
        Tick now = driver.Now;
        int next = 0;
        Assert.Equal(0, Allocated.InBestOf(3, () =>
        {
            for (int turn = 0; turn < 50; turn++)
            {
                byte[] message = messages[next++];
                _ = driver.Relay.FromServer(client.Slot, message, message.Length, now);
            }
        }));
    }

    private int Tunnel(RelayDriver driver, int number) => Tunnel(driver, number, _peers[number]);

    private static int Tunnel(RelayDriver driver, int number, Peer peer)
    {
        (uint client, uint server) = (0x1_0000 + (uint)number, 0x5_0000 + (uint)number);
        Scenario scenario = Scenario.Asked(driver, RelayDriver.Client(100 + number), client);
        Assert.Equal(Verdict.Forward, driver.FromServer(scenario.Slot, peer.Answer(server, client)).Verdict);
        Assert.Equal(Verdict.Forward, scenario.Up(server));
        return scenario.Slot;
    }
}
