using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Clients send to several addresses and ports of the relay, and servers are served at some of them.</summary>
public sealed class RelayListenTests
{
    private const ushort Here = 51_820;
    private const ushort There = 443;

    private static readonly RelaySettings Settings = new() { MaxMappings = 64, MaxAsked = 32, LoadedAsked = 32, PrefixShare = 32 };
    private static readonly ListenList OnlyHere = new([new IPEndPoint(IPAddress.Any, Here)]);

    private readonly RouteList _list = new(capacity: Limits.MostRoutes);
    private readonly Route _first = RelayDriver.NewRoute();
    private readonly Route _second = RelayDriver.NewRoute();
    private readonly RouteId _firstId;
    private readonly RelayDriver _driver;

    public RelayListenTests()
    {
        _firstId = _list.Add(_first);
        _list.Add(_second);
        _driver = new RelayDriver(Settings, _list);
    }

    private Relay Relay => _driver.Relay;

    [Fact]
    public void One_client_socket_has_a_mapping_for_each_port_that_it_sends_to()
    {
        int here = Ask(1, Here, _first).Slot;
        Decision other = Ask(1, There, _first);
        Assert.Equal(Verdict.Open, other.Verdict);
        Assert.NotEqual(here, other.Slot);
        Assert.Equal((Here, There), (Relay.SourceOf(here).LocalPort, Relay.SourceOf(other.Slot).LocalPort));
    }

    [Fact]
    public void Data_at_another_port_are_a_move_like_any()
    {
        _driver.Confirm(Client(1, Here), 0xC1, 0x51);
        Decision moved = _driver.FromClient(Client(1, There), WireMessages.Transport(0x51));
        Assert.Equal((Verdict.Open, Proof.Claimed), (moved.Verdict, Relay.ProofOf(moved.Slot)));
        Assert.Equal(Verdict.Forward, _driver.FromServer(moved.Slot, WireMessages.Transport(0xC1, 100)).Verdict);
        Assert.Equal(Proof.Confirmed, Relay.ProofOf(moved.Slot));
    }

    [Fact]
    public void A_server_that_is_served_at_one_port_is_not_at_another()
    {
        Confine(_first, _firstId);
        Assert.Equal(Verdict.NotServedHere, Ask(1, There, _first).Verdict);
        Assert.Equal(Verdict.Open, Ask(1, Here, _first).Verdict);
        Assert.Equal(Verdict.Open, Ask(2, There, _second).Verdict);
        Assert.Equal(Verdict.BadMac1, Ask(3, There, RelayDriver.NewRoute()).Verdict);
        Assert.Equal(1, Relay.CountersOf(_firstId)![Direction.Uplink, Verdict.NotServedHere]);
    }

    [Fact]
    public void Nobody_moves_to_where_the_server_is_not_served()
    {
        Confine(_first, _firstId);
        _driver.Confirm(Client(1, Here), 0xC1, 0x51);
        Assert.Equal(Verdict.NotServedHere, _driver.FromClient(Client(1, There), WireMessages.Transport(0x51)).Verdict);
    }

    [Fact]
    public void What_is_adopted_has_come_to_where_the_only_server_is_served()
    {
        Route only = RelayDriver.NewRoute();
        only.Settings = new RouteSettings { Listen = OnlyHere };
        RelayDriver driver = new(Settings with { Adopt = true }, [only]);
        Assert.Equal(Verdict.NotServedHere, driver.FromClient(Client(1, There), WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Open, driver.FromClient(Client(1, Here), WireMessages.Transport(0x51)).Verdict);
    }

    [Fact]
    public void Mappings_end_where_their_server_is_served_no_longer_and_others_stay()
    {
        int gone = _driver.Confirm(Client(1, There), 0xC1, 0x51);
        int stays = _driver.Confirm(Client(2, Here), 0xC2, 0x52);
        Confine(_first, _firstId);
        _driver.Pass(0);
        Assert.Equal((Proof.None, Proof.Confirmed), (Relay.ProofOf(gone), Relay.ProofOf(stays)));
        Assert.Equal((RelayEventKind.NotServedHere, gone), (_driver.Log[^1].Kind, _driver.Log[^1].Slot));
    }

    [Fact]
    public void A_server_is_served_everywhere_again()
    {
        Confine(_first, _firstId);
        _first.Settings = RouteSettings.Default;
        Relay.RouteChanged(_firstId);
        Assert.Equal(Verdict.Open, Ask(1, There, _first).Verdict);
        Assert.True(_list.Remove(_firstId));
        Relay.RouteChanged(_firstId);
        _driver.Pass(0);
        Assert.Equal(Verdict.BadMac1, Ask(2, There, _first).Verdict);
    }

    // 400 servers at one port cost those at another nothing, once so many were looked up as a second allows.
    [Fact]
    public void Only_the_keys_of_servers_that_are_served_there_are_tried()
    {
        for (int i = 0; i < 400; i++)
        {
            Route route = RelayDriver.NewRoute();
            route.Settings = new RouteSettings { Listen = OnlyHere };
            Relay.RouteChanged(_list.Add(route));
        }

        long steps = Relay.KeySteps;
        Assert.Equal(Verdict.Open, Ask(1, There, _second).Verdict);
        Assert.Equal(2, Relay.KeySteps - steps);
        Route stranger = RelayDriver.NewRoute();
        for (int i = 0; i < 1_000; i++)
        {
            Assert.Equal(Verdict.BadMac1, Ask(100 + i, There, stranger).Verdict);
        }

        // For a thousand of them two steps each at the port, and fifty for each of the twenty that were looked up elsewhere.
        Assert.Equal(2 + 2_000 + (20 * 50), Relay.KeySteps - steps);
        steps = Relay.KeySteps;
        Assert.Equal(Verdict.BadMac1, Ask(1, Here, stranger).Verdict);
        Assert.Equal(2 + 50, Relay.KeySteps - steps);
    }

    [Fact]
    public void A_record_is_restored_only_where_its_server_is_served()
    {
        int slot = _driver.Confirm(Client(1, There), 0xC1, 0x51);
        MappingRecord record = Relay.RecordOf(slot, _driver.Now) with { Written = new JournalInstant(1, 2, 3) };
        Assert.Equal(There, record.Source.LocalPort);
        Assert.Equal(RestoreVerdict.Restored, new Relay(Settings, _list).Restore(record, record.Written, default, out _));
        _first.Settings = new RouteSettings { Listen = OnlyHere };
        Assert.Equal(RestoreVerdict.Denied, new Relay(Settings, _list).Restore(record, record.Written, default, out _));
    }

    [Fact]
    public void A_cookie_holds_for_the_port_where_it_was_given()
    {
        RelayDriver driver = new(Settings with { LoadedAsked = 0 }, _list);
        byte[] first = WireMessages.Initiation(_first.Mac1, 0xC0);
        Assert.Equal(Verdict.Open, driver.FromClient(Client(9, Here), first).Verdict);
        byte[] asked = WireMessages.Initiation(_first.Mac1, 0xC1);
        Assert.Equal(Verdict.Reply, driver.FromClient(Client(1, Here), asked).Verdict);
        byte[] cookie = new byte[WireGuard.CookieSize];
        Assert.True(new CookieSealer(_first.Key).TryOpen(driver.Relay.Reply, asked.AsSpan(WireGuard.InitiationMac1Offset, WireGuard.MacSize), cookie));
        byte[] shown = [.. asked];
        Blake2s.Mac(cookie, shown.AsSpan(0, 132), shown.AsSpan(132));
        Assert.Equal(Verdict.Reply, driver.FromClient(Client(1, There), shown).Verdict);
        Assert.Equal(Verdict.Open, driver.FromClient(Client(1, Here), shown).Verdict);
    }

    private static Source Client(int number, ushort port) => RelayDriver.Client(number).To([192, 0, 2, 99], port);

    private Decision Ask(int client, ushort port, Route route) =>
        _driver.FromClient(Client(client, port), WireMessages.Initiation(route.Mac1, 0xC000 + (uint)client));

    private void Confine(Route route, RouteId id)
    {
        route.Settings = new RouteSettings { Listen = OnlyHere };
        Relay.RouteChanged(id);
    }
}
