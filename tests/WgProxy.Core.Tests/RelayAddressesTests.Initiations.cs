using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// What initiations alone show, and what a path that was lost, or a wait that was cut short, leave behind.
public sealed partial class RelayAddressesTests
{
    [Fact]
    public void Initiations_that_come_back_to_back_are_no_sign_and_move_nobody()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        for (int second = 0; second < 120; second++)
        {
            // Somebody forges two at once, and the client is served all the while.
            _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 0xF000 + (uint)second));
            _driver.FromClient(Alice, WireMessages.Initiation(_driver.Mac1, 0xFF00 + (uint)second));
            _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
            _driver.FromServer(slot, WireMessages.Transport(0xC1));
            _driver.Pass(1);
        }

        Assert.Equal((0, 0, First), (Relay.Counters[RelayEventKind.Unanswered], Relay.Counters[RelayEventKind.Redirected], Relay.ServerOf(slot)));
    }

    [Fact]
    public void A_forged_initiation_does_not_make_a_quiet_clients_own_the_one_that_moves_it()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        AskAfter(0, 0xF1);
        AskAfter(3.9, 0xF2);
        Assert.Equal(0, Relay.Counters[RelayEventKind.Unanswered]);
        AskAfter(0.1, 0xC2);
        Assert.Equal((1, First), (Relay.Counters[RelayEventKind.Unanswered], Relay.ServerOf(slot)));
        _driver.FromServer(slot, WireMessages.Response(0x52, 0xC2));

        // What was asked long ago belongs to no attempt of the client's.
        foreach (double seconds in (double[])[0, 21, 21, 21])
        {
            AskAfter(seconds, (uint)_driver.Now.Milliseconds);
        }

        Assert.Equal((1, First), (Relay.Counters[RelayEventKind.Unanswered], Relay.ServerOf(slot)));
    }

    [Fact]
    public void Who_sends_keepalives_only_is_moved_when_it_has_asked_three_times_in_ten_seconds()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        AskAfter(25, 0xC2);
        AskAfter(5, 0xC3);
        Assert.Equal((1, First), (Relay.Counters[RelayEventKind.Unanswered], Relay.ServerOf(slot)));
        AskAfter(5, 0xC4);
        Assert.Equal((2, Second), (Relay.Counters[RelayEventKind.Unanswered], Relay.ServerOf(slot)));

        // At the next address it has as much time.
        AskAfter(5, 0xC5);
        AskAfter(5, 0xC6);
        Assert.Equal(Second, Relay.ServerOf(slot));
        AskAfter(5, 0xC7);
        Assert.Equal(First, Relay.ServerOf(slot));
    }

    [Fact]
    public void Initiations_move_a_mapping_the_second_time_if_its_address_is_listed_no_more_or_cannot_be_reached()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        Relay.Unreachable(slot, ordered: false, _driver.Now);
        AskAfter(0, 0xC2);
        AskAfter(4, 0xC3);
        Assert.Equal(Second, Relay.ServerOf(slot));
        Move(Third);
        AskAfter(0, 0xC4);
        Assert.Equal(Second, Relay.ServerOf(slot));
        AskAfter(5, 0xC5);
        Assert.Equal(Third, Relay.ServerOf(slot));
    }

    [Fact]
    public void A_path_that_is_back_gives_a_client_its_time_back()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        Relay.Unreachable(slot, ordered: false, _driver.Now);
        Relay.Reachable(slot);
        _driver.Pass(60);
        SendUnanswered(0x51, seconds: 5);
        Assert.Equal(First, Relay.ServerOf(slot));

        // Also if it went away and came back while the client waited.
        Relay.Unreachable(slot, ordered: false, _driver.Now);
        Relay.Reachable(slot);
        SendUnanswered(0x51, seconds: 5.9);
        Assert.Equal(First, Relay.ServerOf(slot));
        _driver.Pass(0.1);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        Assert.Equal(Second, Relay.ServerOf(slot));
    }

    [Fact]
    public void Who_could_not_be_moved_shows_nobody_the_way_before_its_socket_is_there()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        _driver.Pass(10.5);
        Relay.Unreachable(slot, ordered: false, _driver.Now);
        SendUnanswered(0x51, seconds: 0.5);
        Assert.Equal(Second, Relay.ServerOf(slot));
        Relay.Unreachable(slot, ordered: true, _driver.Now);
        Assert.Equal(Second, Relay.ServerOf(slot));

        // The socket is still where it was, and is answered there.
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        _driver.Pass(10);
        Assert.Equal(First, Relay.ServerOf(_driver.Ask(Bob, 0xC8)));

        Relay.Reachable(slot);
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        Assert.Equal(Second, Relay.ServerOf(_driver.Ask(RelayDriver.Client(3), 0xC9)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_was_answered_late_is_not_taken_for_prompt_because_its_wait_was_cut_short(bool afterSign)
    {
        Publish(First);
        int slot = Prove(Alice, 0xC1, 0x51);
        if (afterSign)
        {
            Relay.Unreachable(slot, ordered: false, _driver.Now);
            SendUnanswered(0x51, seconds: 1);
            Assert.Equal(1, Relay.Counters[RelayEventKind.Unanswered]);
            _driver.Pass(5);
        }
        else
        {
            _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
            _driver.Pass(5);
            Relay.Unreachable(slot, ordered: false, _driver.Now);
            _driver.Pass(0.5);
        }

        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        Move(Third);
        SendUnanswered(0x51, seconds: 10.9);
        Assert.Equal(First, Relay.ServerOf(slot));
        _driver.Pass(0.1);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        Assert.Equal(Third, Relay.ServerOf(slot));
    }
}
