using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Rates of peers: all tunnels of one share it, on whichever relay they are.
public sealed partial class RelayRatesTests
{
    private readonly Peer[] _peers = Peer.Some(3);

    [Fact]
    public void All_tunnels_of_a_peer_share_its_rate_and_no_other_has_it()
    {
        Rate(new Rate(100_000, 0), RouteSettings.Default);
        Scenario home = Named(_driver, RelayDriver.Client(1), _peers[0], 0x51);
        Scenario away = Named(_driver, RelayDriver.Client(2), _peers[0], 0x52);
        Scenario other = Named(_driver, RelayDriver.Client(3), _peers[1], 0x53);
        Scenario stranger = Scenario.Confirmed(_driver, RelayDriver.Client(4), 0xC4, 0x54);
        Assert.Equal(60 * Each, Send(home, Run(0x51, 60)).Length);
        Assert.False(_last.IsCongested);
        Assert.Equal(60 * Each, Send(away, Run(0x52, 60)).Length);
        Assert.True(_last.IsCongested);
        Assert.Equal((8 * Each, Verdict.OverRate), (Send(home, Run(0x51, 60)).Length, Send(away, Run(0x52, 60)).Verdict));
        Assert.Equal((600, 600), (Count(other, 0x53), Count(stranger, 0x54)));
        Assert.Equal(Verdict.Forward, home.Down(length: 1_000));

        // What keeps the tunnel alive passes, and in a second as much as the rate says.
        Assert.Equal((Verdict.Forward, Verdict.Forward), (home.Up(0x51), home.ClientAsks(0xD1)));
        _driver.Pass(1);
        Assert.Equal(100_000 / Each, Count(away, 0x52));
    }

    [Fact]
    public void A_peer_that_moves_to_a_neighbour_goes_on_with_what_is_left()
    {
        Rate(new Rate(100_000, 0), RouteSettings.Default);
        RelayDriver second = new(_driver.Routes);
        Relay.ConnectNeighbours([_driver.Relay, second.Relay]);
        Scenario home = Named(_driver, RelayDriver.Client(1), _peers[0], 0x51);
        Scenario away = Named(second, RelayDriver.Client(2), _peers[0], 0x52);
        Assert.Equal(62 * Each, Send(home, Run(0x51, 62)).Length);
        Assert.Equal(128 - 62, Enumerable.Range(0, 100).Count(_ => second.FromClient(away.Source, Run(0x52, 1)).Verdict == Verdict.Forward));
        Assert.Equal(Verdict.OverRate, Send(home, Run(0x51, 1)).Verdict);
    }

    [Fact]
    public void What_the_servers_rate_drops_costs_the_peer_nothing()
    {
        Rate(new Rate(100_000, 0), new RouteSettings { Rate = new Rate(8_000, 0) });
        Scenario other = Named(_driver, RelayDriver.Client(2), _peers[1], 0x52);
        Scenario client = Named(_driver, RelayDriver.Client(1), _peers[0], 0x51);
        Assert.Equal(128, Count(other, 0x52));
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(Verdict.OverRate, Send(client, Run(0x51, 60)).Verdict);
        }

        // Of what the peer may, the server lets a part pass.
        _driver.Pass(10);
        Assert.Equal(60, Send(client, Run(0x51, 60)).Length / Each);
        Assert.Equal((80_000 / Each) - 60, Send(client, Run(0x51, 60)).Length / Each);
        Rate(new Rate(100_000, 0), RouteSettings.Default);
        Assert.Equal(128 - (80_000 / Each), Count(client, 0x51));
    }

    [Fact]
    public void A_peers_rate_holds_from_when_it_is_told_and_ends_so()
    {
        Rate(default, RouteSettings.Default);
        Scenario client = Named(_driver, RelayDriver.Client(1), _peers[0], 0x51);
        Assert.Equal(600, Count(client, 0x51));
        Rate(new Rate(100_000, 0), RouteSettings.Default);
        Assert.Equal(128, Count(client, 0x51));

        // The next begins with what the former owed.
        Rate(new Rate(100_001, 0), RouteSettings.Default);
        Assert.InRange(Count(client, 0x51), 0, 1);
        Rate(default, RouteSettings.Default);
        Assert.Equal(600, Count(client, 0x51));
    }

    [Fact]
    public void A_claim_takes_nothing_of_a_peers_rate()
    {
        Rate(new Rate(100_000, 0), RouteSettings.Default);
        Scenario client = Named(_driver, RelayDriver.Client(1), _peers[0], 0x51);
        Decision claim = _driver.FromClient(RelayDriver.Client(7), WireMessages.Transport(0x51));
        Assert.Equal((Verdict.Open, _peers[0].In(_driver)), (claim.Verdict, _driver.Relay.PeerOf(claim.Slot)));
        while (_driver.FromClient(RelayDriver.Client(7), Run(0x51, 60), Each).Verdict == Verdict.Forward)
        {
        }

        Assert.Equal(128, Count(client, 0x51));
    }

    [Fact]
    public void A_peers_rate_allocates_nothing()
    {
        Optimised.SkipUnless(typeof(Relay).Assembly);
        Rate(new Rate(10_000_000, 0), new RouteSettings { Rate = new Rate(9_000_000, 0) });
        Scenario client = Named(_driver, RelayDriver.Client(1), _peers[0], 0x51);
        byte[] run = Run(0x51, 40);
        Tick now = _driver.Now;
        long passed = 0;
        Decide();
        Assert.Equal(0, Allocated.InBestOf(3, Decide));
        Assert.InRange(passed, 1, 4L * 5_000 * run.Length);

        void Decide()
        {
            for (int i = 0; i < 5_000; i++)
            {
                now += 1;
                Decision decision = _driver.Relay.FromClient(run, Each, client.Source, now);
                passed += decision.Verdict == Verdict.Forward ? decision.Length : 0;
            }
        }
    }

    /// <summary>A client that is confirmed, and whose tunnel has the peer's name.</summary>
    private static Scenario Named(RelayDriver driver, Source source, Peer peer, uint server)
    {
        Scenario client = Scenario.Asked(driver, source, server + 0x80, server);
        Assert.Equal(Verdict.Forward, driver.FromServer(client.Slot, peer.Answer(server, server + 0x80)).Verdict);
        Assert.Equal((Verdict.Forward, Verdict.Forward), (client.Up(), client.Down()));
        Assert.Equal(peer.In(driver), driver.Relay.PeerOf(client.Slot));
        return client;
    }

    /// <summary>The first peer has a rate, and the others none.</summary>
    private void Rate(Rate rate, RouteSettings settings)
    {
        PeerList peers = _driver.Routes[0].Settings.Peers;
        Limit(settings with { Peers = peers.With(_peers.Select((peer, i) => new ListedPeer(peer.Key, i == 0 ? rate : default))) });
    }
}
