using System.Net;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// What a route has for itself: its settings, its counters, and what it knows of its server.
public sealed partial class RelayRoutesTests
{
    [Fact]
    public void What_a_route_was_told_of_its_server_is_forgotten_with_it()
    {
        RouteList list = new(capacity: 1);
        RelayDriver driver = new(Settings, list);
        RouteId former = list.Add(_first);
        driver.Relay.RouteChanged(former);
        int slot = driver.FromClient(RelayDriver.Client(1), WireMessages.Initiation(_first.Mac1, 0xC1)).Slot;
        Assert.Equal(Verdict.Forward, driver.FromServer(slot, WireMessages.CookieReply(0xC1)).Verdict);
        Assert.Equal(Verdict.Reply, driver.FromClient(RelayDriver.Client(2), WireMessages.Initiation(_first.Mac1, 0xC2)).Verdict);
        Assert.True(list.Remove(former));
        driver.Relay.RouteChanged(former);
        driver.Pass(0);
        driver.Relay.RouteChanged(list.Add(_second));
        Assert.Equal(Verdict.Open, driver.FromClient(RelayDriver.Client(2), WireMessages.Initiation(_second.Mac1, 0xC3)).Verdict);
    }

    [Fact]
    public void Lists_and_timeout_of_a_route_are_its_own()
    {
        Tell(_list.Add(_second));
        _first.Settings = new RouteSettings
        {
            Deny = new AddressList([IPNetwork.Parse("192.0.2.0/24")]),
            IdleTimeout = TimeSpan.FromSeconds(20),
        };
        int before = Establish(1, _first, 0x51);
        Tell(_id);
        Assert.Equal(Verdict.Denied, Ask(2, _first).Verdict);
        Assert.Equal(Verdict.Open, Ask(2, _second).Verdict);
        int other = Establish(3, _second, 0x53);

        // The one that was there stays, but for its timeout.
        Assert.Equal(Verdict.Forward, _driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51)).Verdict);
        _driver.Pass(19.9);
        Assert.Equal(Proof.Established, Relay.ProofOf(before));
        _driver.Pass(0.1);
        Assert.Equal(Proof.Lingering, Relay.ProofOf(before));
        Assert.Equal(Proof.Established, Relay.ProofOf(other));
        Assert.Equal(Verdict.Denied, _driver.FromClient(RelayDriver.Client(9), WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(2, Relay.CountersOf(_id)![Direction.Uplink, Verdict.Denied]);
    }

    [Fact]
    public void What_is_counted_for_routes_adds_up()
    {
        RouteId second = _list.Add(_second);
        Tell(second);
        int slot = Establish(1, _first, 0x51);
        Establish(2, _second, 0x52);
        _driver.FromServer(slot, WireMessages.Transport(0xC1, 1_000));
        _driver.FromServer(slot, WireMessages.Response(9, 9));
        RouteCounters one = Relay.CountersOf(_id)!;
        RouteCounters two = Relay.CountersOf(second)!;
        Assert.All(Enum.GetValues<Proof>(), proof => Assert.Equal(Relay.Counters[proof], one[proof] + two[proof]));
        Assert.Equal((1, 1), (one[Proof.Confirmed] + one[Proof.Established], two[Proof.Established]));
        foreach (Verdict verdict in Enum.GetValues<Verdict>())
        {
            foreach (Direction direction in Enum.GetValues<Direction>())
            {
                Assert.Equal(Relay.Counters[direction, verdict], one[direction, verdict] + two[direction, verdict]);
            }
        }

        Assert.Equal(Relay.Counters.ForwardedBytes(Direction.Uplink), one.ForwardedBytes(Direction.Uplink) + two.ForwardedBytes(Direction.Uplink));
        Assert.Equal(Relay.Counters.ForwardedBytes(Direction.Downlink), one.ForwardedBytes(Direction.Downlink) + two.ForwardedBytes(Direction.Downlink));
        Assert.Equal((1, 1), (one.Handshakes, two.Handshakes));
        Assert.Equal((1, 1), (one[RelayEventKind.Established], two[RelayEventKind.Established]));
        Assert.Equal(0, two[Direction.Downlink, Verdict.Unsolicited]);
        one.Add(two);
        Assert.Equal(2, one.Handshakes);
    }
}
