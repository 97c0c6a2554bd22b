using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>The server's handshakes tell whose tunnel it is.</summary>
public sealed partial class RelayPeersTests
{
    private const uint Client = Scenario.FirstClient;
    private const uint Server = Scenario.FirstServer;

    private readonly Peer[] _peers = Peer.Some(20);

    [Fact]
    public void A_tunnel_is_named_by_the_servers_answer_and_its_events_and_status_say_so()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario client = Scenario.Asked(driver);
        Assert.Equal(default, driver.Relay.PeerOf(client.Slot));
        Assert.Equal(Verdict.Forward, driver.FromServer(client.Slot, _peers[13].Answer(Server, Client)).Verdict);
        Assert.Equal(_peers[13].In(driver), driver.Relay.PeerOf(client.Slot));
        Assert.Equal(Verdict.Forward, client.Up());
        client.Wait(1_000);
        Assert.Equal(
            [RelayEventKind.Opened, RelayEventKind.Answered, RelayEventKind.Established, RelayEventKind.Lingered, RelayEventKind.Expired],
            driver.Log.Select(change => change.Kind));
        Assert.Equal([default, .. Enumerable.Repeat(_peers[13].In(driver), 4)], driver.Log.Select(change => change.Peer));

        int other = driver.Answer(RelayDriver.Client(2));
        Named(driver, other, _peers[2], 0xC2, 0x52);
        Assert.Equal([_peers[2].In(driver)], Statuses(driver).Select(status => status.Peer));
    }

    [Fact]
    public void An_answer_to_a_client_that_is_not_listed_names_nobody_and_passes()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario client = Scenario.Confirmed(driver);
        Assert.Equal(default, driver.Relay.PeerOf(client.Slot));
        client.Handshake(0xC2, 0x52);
        Assert.Equal(default, driver.Relay.PeerOf(client.Slot));
    }

    /// <summary>A message that nothing asked for names nobody, whoever it is made for.</summary>
    [Fact]
    public void Only_an_answer_to_an_open_question_names_a_tunnel()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario client = Scenario.Asked(driver);
        Assert.Equal(Verdict.Unsolicited, driver.FromServer(client.Slot, _peers[1].Answer(Server, Client + 1)).Verdict);
        Assert.Equal(default, driver.Relay.PeerOf(client.Slot));
        Assert.Equal((0, 0), Compared(driver));
    }

    [Fact]
    public void A_tunnel_is_named_by_the_servers_initiation_too()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario client = Scenario.Answered(driver);
        Assert.Equal(default, driver.Relay.PeerOf(client.Slot));
        Assert.Equal(Verdict.Forward, driver.FromServer(client.Slot, _peers[7].Asked(0x60)).Verdict);
        Assert.Equal(_peers[7].In(driver), driver.Relay.PeerOf(client.Slot));
        Assert.Equal(Verdict.Forward, client.ClientAnswers(0x60, 0xC6));
        Assert.Equal((Proof.Established, _peers[7].In(driver)), (client.Proof, driver.Log[^1].Peer));
    }

    /// <summary>Another peer can ask under the client's address if it forges that. The server answers it there, and it never sees the answer.
    /// </summary>
    [Fact]
    public void A_peer_who_asks_under_anothers_address_takes_neither_its_name_nor_its_traffic()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario client = Scenario.Asked(driver);
        driver.FromServer(client.Slot, _peers[0].Answer(Server, Client));
        client.Up();
        for (uint i = 0; i < 20; i++)
        {
            client.Wait(1);
            Assert.Equal(Verdict.Forward, client.ClientAsks(0xE0 + i));
            Assert.Equal(Verdict.Forward, driver.FromServer(client.Slot, _peers[1].Answer(0x90 + i, 0xE0 + i)).Verdict);
            Assert.Equal(Verdict.Forward, client.Up(length: 100));
        }

        Assert.Equal(_peers[0].In(driver), driver.Relay.PeerOf(client.Slot));
        Assert.Equal((21 * 32 + 20 * 68 + (20 * 148), 0L), (Of(driver, _peers[0]).UplinkBytes, Of(driver, _peers[1]).UplinkBytes));
        Assert.Equal((1, 20), (Of(driver, _peers[0]).Handshakes, Of(driver, _peers[1]).Handshakes));
    }

    /// <summary>A NAT gives the port to another client: it shows that by using what the server made for it.</summary>
    [Fact]
    public void A_tunnel_is_another_peers_once_that_uses_what_the_server_made_for_it()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario client = Scenario.Asked(driver);
        driver.FromServer(client.Slot, _peers[0].Answer(Server, Client));
        client.Up();
        client.Down(length: 500);
        client.ClientAsks(0xC2);
        driver.FromServer(client.Slot, _peers[1].Answer(0x52, 0xC2));
        Assert.Equal(_peers[0].In(driver), driver.Relay.PeerOf(client.Slot));
        client.Up(0x52, length: 200);
        Assert.Equal(_peers[1].In(driver), driver.Relay.PeerOf(client.Slot));
        client.Down(0xC2, length: 300);
        Assert.Equal((32 + 148, 500 + 92), (Of(driver, _peers[0]).UplinkBytes, Of(driver, _peers[0]).DownlinkBytes));
        Assert.Equal((200, 300), (Of(driver, _peers[1]).UplinkBytes, Of(driver, _peers[1]).DownlinkBytes));

        // And one who is not listed takes the name away.
        client.Wait(1);
        client.Rekey(0xC3, 0x53);
        Assert.Equal(_peers[1].In(driver), driver.Relay.PeerOf(client.Slot));
        client.Up(0x53);
        Assert.Equal(default, driver.Relay.PeerOf(client.Slot));
    }

    [Fact]
    public void A_client_that_moves_keeps_its_name()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario home = Scenario.Asked(driver);
        driver.FromServer(home.Slot, _peers[4].Answer(Server, Client));
        home.Up();
        Scenario away = home.ClaimedFrom(RelayDriver.Client(2));
        Assert.Equal(_peers[4].In(driver), driver.Relay.PeerOf(away.Slot));
        away.Down();
        Assert.Equal((RelayEventKind.Confirmed, _peers[4].In(driver)), (driver.Log[^1].Kind, driver.Log[^1].Peer));

        // It handshakes there, and the tunnel it came to is left behind.
        away.ClientAsks(0xC2);
        driver.FromServer(away.Slot, _peers[4].Answer(0x52, 0xC2));
        away.Up(0x52);
        Assert.Equal(_peers[4].In(driver), driver.Relay.PeerOf(away.Slot));
        Assert.Equal(2, Of(driver, _peers[4]).Mappings);
    }

    [Fact]
    public void Traffic_counts_from_established_on_and_is_there_after_the_mapping()
    {
        RelayDriver driver = Peer.Driver(_peers);
        Scenario client = Scenario.Asked(driver);
        driver.FromServer(client.Slot, _peers[3].Answer(Server, Client));
        Assert.Equal((1, 0, 0), (Of(driver, _peers[3]).Handshakes, Of(driver, _peers[3]).UplinkBytes, Of(driver, _peers[3]).DownlinkBytes));
        byte[] run = [.. WireMessages.Transport(Server, 1_000), .. WireMessages.Transport(Server, 1_000), .. WireMessages.Transport(Server, 40)];
        driver.FromClient(client.Source, run, 1_000);
        Tick seen = driver.Now;
        driver.FromServer(client.Slot, WireMessages.Transport(Client, 60));
        for (int asked = 0; asked < 2; asked++)
        {
            PeerStatus peer = Of(driver, _peers[3]);
            Assert.Equal((3, 2_040, 1, 60), (peer.UplinkDatagrams, peer.UplinkBytes, peer.DownlinkDatagrams, peer.DownlinkBytes));
            Assert.Equal((1, seen, 1 - asked), (peer.Handshakes, peer.LastSeen, peer.Mappings));
            client.Wait(1_000);
        }
    }

    [Fact]
    public void Of_two_servers_behind_one_source_each_names_its_own()
    {
        Route[] routes = [RelayDriver.NewRoute(), RelayDriver.NewRoute()];
        Array.ForEach(routes, route => route.Settings = new RouteSettings { Peers = PeerList.Of(_peers.Select(peer => peer.Key)) });
        RelayDriver driver = new(routes);
        Scenario first = Scenario.Asked(driver, route: routes[0]);
        Scenario second = Scenario.Asked(driver, route: routes[1]);
        driver.FromServer(second.Slot, _peers[9].Answer(Server, Client));
        Assert.Equal((default, new PeerId(10)), (driver.Relay.PeerOf(first.Slot), driver.Relay.PeerOf(second.Slot)));
    }

    private static void Named(RelayDriver driver, int slot, Peer peer, uint client, uint server)
    {
        Source source = driver.Relay.SourceOf(slot);
        driver.FromClient(source, WireMessages.Initiation(driver.Mac1, client));
        Assert.Equal(Verdict.Forward, driver.FromServer(slot, peer.Answer(server, client)).Verdict);
        Assert.Equal(Verdict.Forward, driver.FromClient(source, WireMessages.Transport(server)).Verdict);
    }

    private static (long Alone, long Steps) Compared(RelayDriver driver) => driver.Relay.PeersCompared(new RouteId(0, 1));

    private static MappingStatus[] Statuses(RelayDriver driver)
    {
        MappingStatus[] statuses = new MappingStatus[driver.Relay.Slots];
        int slot = 0;
        return statuses[..driver.Relay.Describe(ref slot, driver.Relay.Slots, 0, statuses)];
    }

    /// <summary>What a query is told of a peer.</summary>
    private static PeerStatus Of(RelayDriver driver, Peer peer)
    {
        PeerList list = driver.Routes[0].Settings.Peers;
        PeerStatus[] peers = new PeerStatus[list.Count];
        int slot = 0;
        driver.Relay.FoldPeers(new RouteId(0, 1), ref slot, driver.Relay.Slots, peers, list);
        int position = list.PositionOf(peer.In(driver));
        peers[position].Add(driver.Relay.OfPeer(new RouteId(0, 1), peer.In(driver)));
        return peers[position];
    }
}
