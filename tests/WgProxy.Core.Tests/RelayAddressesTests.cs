using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Servers with several addresses, and servers that move.</summary>
public sealed partial class RelayAddressesTests
{
    private static readonly Source Alice = RelayDriver.Client(1);
    private static readonly Source Bob = RelayDriver.Client(2);
    private static readonly IPEndPoint First = IPEndPoint.Parse("[2001:db8::1]:51820");
    private static readonly IPEndPoint Second = IPEndPoint.Parse("192.0.2.200:51820");
    private static readonly IPEndPoint Third = IPEndPoint.Parse("192.0.2.201:51820");

    private readonly RelayDriver _driver = new();

    public RelayAddressesTests() => Publish(First, Second);

    private Relay Relay => _driver.Relay;

    [Fact]
    public void A_newcomers_second_initiation_goes_to_the_next_address_and_shows_nobody_the_way()
    {
        int slot = _driver.Ask(Alice);
        Assert.Equal(First, Relay.ServerOf(slot));
        _driver.Pass(5);
        _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 0xC2));
        Assert.Equal(Second, Relay.ServerOf(slot));
        _driver.FromServer(slot, WireMessages.Response(0x52, 0xC2));
        _driver.FromClient(Alice, WireMessages.Transport(0x52));
        Assert.Equal(First, Relay.ServerOf(_driver.Ask(Bob, 0xC9)));
        Assert.Equal(0, Relay.Counters[RelayEventKind.Unanswered]);
    }

    [Fact]
    public void Many_who_ask_in_vain_move_nobody_else()
    {
        int proven = Prove(Alice, 0xC1, 0x51);
        for (int stranger = 10; stranger < 20; stranger++)
        {
            _driver.Ask(RelayDriver.Client(stranger), (uint)stranger);
        }

        _driver.Pass(5);
        for (int stranger = 10; stranger < 20; stranger++)
        {
            _driver.FromClient(RelayDriver.Client(stranger), WireMessages.Initiation(_driver.Mac1, (uint)stranger + 100));
        }

        Assert.Equal(10, Relay.Counters[RelayEventKind.Redirected]);
        Assert.Equal(First, Relay.ServerOf(proven));
        Assert.Equal(First, Relay.ServerOf(_driver.Ask(Bob, 0xC9)));
    }

    [Fact]
    public void Who_goes_unanswered_at_one_address_tries_the_next_and_shows_newcomers_the_way()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        SendUnanswered(0x51, seconds: 11);
        Assert.Equal(Second, Relay.ServerOf(slot));
        Assert.Equal(First, Relay.ServerOf(_driver.Ask(Bob, 0xC8)));
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        Assert.Equal(Second, Relay.ServerOf(_driver.Ask(RelayDriver.Client(3), 0xC9)));
        Assert.Equal(1, Relay.Counters[RelayEventKind.Redirected]);
    }

    [Fact]
    public void Where_the_server_answers_elsewhere_promptly_answered_clients_follow_after_three_seconds()
    {
        int alice = Prove(Alice, 0xC1, 0x51);
        int bob = Prove(Bob, 0xC2, 0x52);
        _driver.FromClient(Bob, WireMessages.Transport(0x52, 100));
        _driver.FromServer(bob, WireMessages.Transport(0xC2));
        SendUnanswered(0x51, seconds: 11);
        _driver.FromServer(alice, WireMessages.Transport(0xC1));
        _driver.FromClient(Bob, WireMessages.Transport(0x52, 100));
        _driver.Pass(2.9);
        _driver.FromClient(Bob, WireMessages.Transport(0x52, 100));
        Assert.Equal(First, Relay.ServerOf(bob));
        _driver.Pass(0.1);
        _driver.FromClient(Bob, WireMessages.Transport(0x52, 100));
        Assert.Equal(Second, Relay.ServerOf(bob));
    }

    [Fact]
    public void Who_is_answered_where_the_server_was_stays_until_the_new_address_has_answered_a_mapping_that_moved()
    {
        int alice = Prove(Alice, 0xC1, 0x51);
        int bob = Prove(Bob, 0xC2, 0x52);
        Move(Third);
        Assert.Equal((First, First), (Relay.ServerOf(alice), Relay.ServerOf(bob)));

        // A newcomer at the new address proves nothing: he may be there himself, and a resolver's answer forged.
        int mallory = Prove(RelayDriver.Client(3), 0xC3, 0x53);
        Assert.Equal(Third, Relay.ServerOf(mallory));
        _driver.Pass(1);
        Assert.Equal((First, First), (Relay.ServerOf(alice), Relay.ServerOf(bob)));

        SendUnanswered(0x51, seconds: 11);
        Assert.Equal((Third, First), (Relay.ServerOf(alice), Relay.ServerOf(bob)));
        _driver.FromServer(alice, WireMessages.Transport(0xC1));
        _driver.Pass(0);
        Assert.Equal((Third, Third), (Relay.ServerOf(alice), Relay.ServerOf(bob)));
    }

    [Fact]
    public void An_answer_that_the_client_does_not_use_shows_nobody_the_way()
    {
        int alice = Prove(Alice, 0xC1, 0x51);
        int bob = Prove(Bob, 0xC2, 0x52);
        Move(Third);
        SendUnanswered(0x51, seconds: 11);
        _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 0xC7));
        _driver.FromServer(alice, WireMessages.Response(0x57, 0xC7));
        _driver.FromServer(alice, WireMessages.Transport(0xC7));
        _driver.Pass(0);
        Assert.Equal(First, Relay.ServerOf(bob));
        _driver.FromClient(Alice, WireMessages.Transport(0x57));
        _driver.FromServer(alice, WireMessages.Transport(0xC7));
        _driver.Pass(0);
        Assert.Equal(Third, Relay.ServerOf(bob));
    }

    [Fact]
    public void Who_waits_when_the_server_moves_follows_within_three_seconds()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        _driver.Pass(1);
        Move(Third);
        _driver.Pass(3);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        Assert.Equal(Third, Relay.ServerOf(slot));
    }

    [Fact]
    public void Who_only_sends_waits_for_the_keepalive_that_he_is_owed()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        Move(Third);
        for (int round = 0; round < 6; round++)
        {
            for (int tenth = 0; tenth < 100; tenth++)
            {
                _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
                _driver.Pass(0.1);
            }

            _driver.FromServer(slot, WireMessages.Transport(0xC1));
        }

        Assert.Equal(First, Relay.ServerOf(slot));
        Assert.Equal(0, Relay.Counters[RelayEventKind.Redirected]);
    }

    [Fact]
    public void A_wrong_answer_for_a_minute_moves_nobody()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        Move(Third);
        for (int second = 0; second < 60; second++)
        {
            _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
            _driver.FromServer(slot, WireMessages.Transport(0xC1));
            _driver.Pass(1);
        }

        Publish(First, Second);
        Relay.RouteChanged(new RouteId(0, 1));
        _driver.Pass(1);
        Assert.Equal(First, Relay.ServerOf(slot));
        Assert.Equal(0, Relay.Counters[RelayEventKind.Redirected]);
    }

    [Fact]
    public void An_address_that_cannot_be_reached_gives_way_for_ten_seconds()
    {
        Decision decision = Relay.FromClient(WireMessages.Initiation(_driver.Mac1, 0xC1), 148, Alice, _driver.Now);
        Assert.Equal((Verdict.Open, First), (decision.Verdict, Relay.ServerOf(decision.Slot)));
        Assert.True(Relay.TryNextServer(decision.Slot, _driver.Now));
        Assert.Equal(Second, Relay.ServerOf(decision.Slot));
        Relay.Opened(decision.Slot, 50_000);
        Assert.Equal(1, Relay.Counters[RelayEventKind.PassedOver]);
        _driver.Pass(9.9);
        Assert.Equal(Second, Relay.ServerOf(_driver.Ask(Bob, 0xC2)));
        _driver.Pass(0.1);
        Assert.Equal(First, Relay.ServerOf(_driver.Ask(RelayDriver.Client(3), 0xC3)));
    }

    [Fact]
    public void Where_no_address_can_be_reached_the_opening_fails()
    {
        Decision decision = Relay.FromClient(WireMessages.Initiation(_driver.Mac1, 0xC1), 148, Alice, _driver.Now);
        Assert.True(Relay.TryNextServer(decision.Slot, _driver.Now));
        Assert.False(Relay.TryNextServer(decision.Slot, _driver.Now));
        Relay.OpenFailed(decision.Slot);

        // Never for good: the next is sent to try the first again.
        Assert.Equal(First, Relay.ServerOf(_driver.Ask(Bob, 0xC2)));
    }

    [Fact]
    public void Who_has_no_path_is_moved_a_second_after_it_goes_unanswered()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        Relay.Unreachable(slot, ordered: false, _driver.Now);
        Assert.Equal(First, Relay.ServerOf(slot));
        SendUnanswered(0x51, seconds: 1);
        Assert.Equal(Second, Relay.ServerOf(slot));
    }

    [Fact]
    public void An_order_that_cannot_be_carried_out_goes_to_the_next_address()
    {
        Publish(First, Second, Third);
        int slot = Prove(Alice, 0xC1, 0x51);
        SendUnanswered(0x51, seconds: 11);
        Assert.Equal(Second, Relay.ServerOf(slot));
        Relay.Unreachable(slot, ordered: true, _driver.Now);
        Assert.Equal(Third, Relay.ServerOf(slot));
        Relay.Unreachable(slot, ordered: true, _driver.Now);
        Assert.Equal(First, Relay.ServerOf(slot));
    }

    [Fact]
    public void An_address_that_is_known_to_answer_has_no_mapping_looked_at_when_it_answers_again()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 2_048, MaxAsked = 128 });
        driver.Routes[0].Publish([First, Second]);
        int[] slots = [.. Enumerable.Range(1, 1_100).Select(i => driver.Confirm(RelayDriver.Client(i), 0xC000 + (uint)i, 0x5000 + (uint)i))];
        for (int round = 0; round < 2; round++)
        {
            driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x5001, 100));
            driver.FromClient(RelayDriver.Client(2), WireMessages.Transport(0x5002, 100));
            driver.Pass(11);
        }

        Assert.Equal((Second, Second), (driver.Relay.ServerOf(slots[0]), driver.Relay.ServerOf(slots[1])));
        driver.FromServer(slots[0], WireMessages.Transport(0xC001));
        Assert.Equal(driver.Now, driver.Relay.Advance(driver.Now));
        Assert.True(driver.Relay.Advance(driver.Now) > driver.Now);
        driver.FromServer(slots[1], WireMessages.Transport(0xC002));
        Assert.True(driver.Relay.Advance(driver.Now) > driver.Now);
    }

    [Fact]
    public void An_interface_made_anew_is_followed_at_once()
    {
        IPEndPoint before = new(IPAddress.Parse("fe80::1%7"), 51820);
        IPEndPoint after = new(IPAddress.Parse("fe80::1%9"), 51820);
        Publish(before);
        int slot = Prove(Alice, 0xC1, 0x51);
        Move(after);
        Assert.Equal(after, Relay.ServerOf(slot));
    }

    private void Publish(params IPEndPoint[] addresses) => _driver.Routes[0].Publish(addresses);

    private void Move(IPEndPoint address)
    {
        Publish(address);
        Relay.RouteChanged(new RouteId(0, 1));
        _driver.Pass(0);
    }

    private int Prove(Source source, uint client, uint server) => _driver.Confirm(source, client, server);

    private void AskAfter(double seconds, uint client)
    {
        _driver.Pass(seconds);
        Assert.Equal(Verdict.Forward, _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, client)).Verdict);
    }

    private void SendUnanswered(uint server, double seconds)
    {
        _driver.FromClient(Alice, WireMessages.Transport(server, 100));
        _driver.Pass(seconds);
        _driver.FromClient(Alice, WireMessages.Transport(server, 100));
    }
}
