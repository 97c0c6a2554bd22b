using System.Net;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Routes that come, change and go while a relay has mappings.</summary>
public sealed partial class RelayRoutesTests
{
    private static readonly RelaySettings Settings = new() { MaxMappings = 1_024, MaxAsked = 512, LoadedAsked = 512, PrefixShare = 512 };

    private readonly RouteList _list = new(capacity: 2);
    private readonly Route _first = RelayDriver.NewRoute();
    private readonly Route _second = RelayDriver.NewRoute();
    private readonly RouteId _id;
    private readonly RelayDriver _driver;

    public RelayRoutesTests()
    {
        _id = _list.Add(_first);
        _driver = new RelayDriver(Settings, _list);
    }

    private Relay Relay => _driver.Relay;

    [Fact]
    public void An_added_route_admits_as_soon_as_the_relay_is_told_and_not_before()
    {
        RouteId id = _list.Add(_second);
        Assert.Equal(Verdict.BadMac1, Ask(1, _second).Verdict);
        Relay.RouteChanged(id);
        Decision decision = Ask(1, _second);
        Assert.Equal(Verdict.Open, decision.Verdict);
        Assert.Same(_second, Relay.RouteOf(decision.Slot));
        Assert.Equal(id, _driver.Log[^1].Route);
    }

    [Fact]
    public void A_removed_route_admits_nobody_and_its_mappings_end()
    {
        Tell(_list.Add(_second));
        int slot = Establish(1, _first, 0x51);
        int other = Establish(2, _second, 0x52);
        Tell(_id, removes: true);
        Assert.Equal(Proof.None, Relay.ProofOf(slot));
        Assert.Equal(Proof.Established, Relay.ProofOf(other));
        Assert.Equal((RelayEventKind.RouteRemoved, slot, _id), (_driver.Log[^1].Kind, _driver.Log[^1].Slot, _driver.Log[^1].Route));
        Assert.Equal(Verdict.BadMac1, Ask(1, _first).Verdict);
        Assert.Equal(Verdict.NoMapping, _driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Closed, _driver.FromServer(slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromClient(RelayDriver.Client(2), WireMessages.Transport(0x52)).Verdict);
        Assert.Null(Relay.CountersOf(_id));
    }

    [Fact]
    public void Many_mappings_end_so_many_by_each_call_and_meanwhile_nothing_new_comes_to_their_route()
    {
        for (int client = 0; client < 200; client++)
        {
            Assert.Equal(Verdict.Open, Ask(client, _first).Verdict);
        }

        int proven = Establish(500, _first, 0x77);
        Assert.True(_list.Remove(_id));
        Relay.RouteChanged(_id);
        Assert.Equal(Verdict.BadMac1, Ask(300, _first).Verdict);
        Assert.Equal(Verdict.BadMac1, Ask(500, _first, 0xC7).Verdict);
        Assert.Equal(Verdict.NoMapping, _driver.FromClient(RelayDriver.Client(600), WireMessages.Transport(0x77)).Verdict);
        Assert.Equal(Verdict.Forward, _driver.FromServer(proven, WireMessages.Transport(0xC1)).Verdict);
        List<int> ended = [];
        int calls = 0;
        for (bool goesOn = true; goesOn; calls++)
        {
            goesOn = Relay.Advance(_driver.Now) <= _driver.Now;
            ended.Add(Relay.Events.Length);
            foreach (RelayEvent change in Relay.Events)
            {
                Assert.Equal(RelayEventKind.RouteRemoved, change.Kind);
                Relay.Release(change.Slot);
            }

            Relay.ClearEvents();
        }

        Assert.Equal([64, 64, 64, 9], ended);
    }

    [Fact]
    public void An_index_serves_the_next_route_once_the_last_mapping_has_ended()
    {
        RouteList list = new(capacity: 1);
        RelayDriver driver = new(Settings, list);
        RouteId former = list.Add(_first);
        driver.Relay.RouteChanged(former);
        int slot = driver.FromClient(RelayDriver.Client(1), WireMessages.Initiation(_first.Mac1, 0xC1)).Slot;
        Assert.True(list.Remove(former));
        RouteId next = list.Add(_second);
        Assert.Equal(former.Index, next.Index);
        driver.Relay.RouteChanged(next);
        byte[] initiation = WireMessages.Initiation(_second.Mac1, 0xC2);
        Assert.Equal(Verdict.BadMac1, driver.FromClient(RelayDriver.Client(2), initiation).Verdict);
        Assert.Same(_first, driver.Relay.RouteOf(slot));
        driver.Pass(0);
        Assert.Equal(former, driver.Log[^1].Route);
        int second = driver.FromClient(RelayDriver.Client(2), initiation).Slot;
        Assert.Same(_second, driver.Relay.RouteOf(second));
        Assert.Equal(next, driver.Log[^1].Route);

        // The old id does nothing to the new route, whatever is done with it.
        Assert.False(list.Remove(former));
        driver.Relay.RouteChanged(former);
        driver.Pass(0);
        Assert.Equal(Proof.Asked, driver.Relay.ProofOf(second));
        Assert.Null(driver.Relay.CountersOf(former));
        Assert.Equal(1, driver.Relay.CountersOf(next)![Direction.Uplink, Verdict.Open]);
    }

    [Fact]
    public void An_old_id_does_not_even_look_at_the_mappings()
    {
        _first.Publish([new IPEndPoint(IPAddress.Parse("fe80::1%6"), 51_820)]);
        Establish(1, _first, 0x51);

        // Its zone has been made anew: what looks at the mapping moves it.
        _first.Publish([new IPEndPoint(IPAddress.Parse("fe80::1%7"), 51_820)]);
        Move(new RouteId(_id.Index, (ushort)(_id.Generation + 1)));
        Assert.Equal(0, Relay.Counters[RelayEventKind.Redirected]);
        Move(_id);
        Assert.Equal(1, Relay.Counters[RelayEventKind.Redirected]);

        void Move(RouteId told)
        {
            Relay.RouteChanged(told);
            _driver.Pass(0);
        }
    }

    [Fact]
    public void A_neighbour_that_has_heard_of_another_route_at_the_index_lends_nothing()
    {
        RouteList list = new(capacity: 1);
        Relay[] relays = [new Relay(Settings, list), new Relay(Settings, list)];
        Relay.ConnectNeighbours(relays);
        RouteId former = list.Add(_first);
        Array.ForEach(relays, relay => relay.RouteChanged(former));
        Tick now = new(1_000);
        int slot = relays[0].FromClient(WireMessages.Initiation(_first.Mac1, 0xC1), 0, RelayDriver.Client(1), now).Slot;
        relays[0].Opened(slot, 1);
        relays[0].FromServer(slot, WireMessages.Response(0x51, 0xC1), 0, now);
        Assert.True(list.Remove(former));
        RouteId next = list.Add(_second);
        relays[1].RouteChanged(next);
        relays[1].Advance(now);
        Assert.Equal(Verdict.NoMapping, relays[1].FromClient(WireMessages.Transport(0x51), 0, RelayDriver.Client(2), now).Verdict);
    }

    private Decision Ask(int client, Route route, uint index = 0xC1) =>
        _driver.FromClient(RelayDriver.Client(client), WireMessages.Initiation(route.Mac1, index + ((uint)client << 8)));

    private int Establish(int client, Route route, uint server) =>
        _driver.Establish(RelayDriver.Client(client), server: server, route: route);

    private void Tell(RouteId id, bool removes = false)
    {
        Assert.Equal(removes, removes && _list.Remove(id));
        Relay.RouteChanged(id);
        _driver.Pass(0);
    }
}
