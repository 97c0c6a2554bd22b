using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Which of its server's addresses a mapping uses, and what shows that the server does not answer there.</summary>
public sealed class RelayServersTests
{
    private static readonly IPEndPoint Elsewhere = new(IPAddress.Parse("198.51.100.9"), 51_820);

    private readonly RelayDriver _driver = new(new RelaySettings { MaxMappings = 512, MaxAsked = 128 });

    private Route Route => _driver.Routes[0];

    [Fact]
    public void Data_that_go_unanswered_for_11_seconds_are_a_sign_and_then_every_5_seconds()
    {
        int slot = _driver.Confirm(RelayDriver.Client(1));
        Send(100);
        _driver.Pass(10.999);
        Send(100);
        Assert.Equal(0, Signs);
        _driver.Pass(0.001);
        Send(100);
        Assert.Equal(1, Signs);
        _driver.Pass(4.999);
        Send(100);
        Assert.Equal(1, Signs);
        _driver.Pass(0.001);
        Send(100);
        Assert.Equal(2, Signs);
        Assert.Equal(RelayEventKind.Unanswered, _driver.Log[^1].Kind);
        Assert.Equal(slot, _driver.Log[^1].Slot);
    }

    [Fact]
    public void Whatever_comes_from_the_server_with_a_live_index_begins_the_silence_anew()
    {
        int slot = _driver.Confirm(RelayDriver.Client(1));
        for (int round = 0; round < 5; round++)
        {
            Send(100);
            _driver.Pass(10.9);
            Assert.Equal(Verdict.Forward, _driver.FromServer(slot, WireMessages.Transport(0xC1)).Verdict);
        }

        Send(100);
        _driver.Pass(10.9);

        // What anybody could have sent under the server's address is no answer.
        _driver.FromServer(slot, WireMessages.Transport(0xBAD, 200));
        _driver.FromServer(slot, WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 0x99));
        _driver.Pass(0.2);
        Assert.Equal(0, Signs);
        Send(100);
        Assert.Equal(1, Signs);
    }

    [Fact]
    public void Keepalives_are_owed_no_answer()
    {
        _driver.Confirm(RelayDriver.Client(1));
        for (int i = 0; i < 10; i++)
        {
            Send(WireMessages.KeepaliveLength);
            _driver.Pass(20);
        }

        Assert.Equal(0, Signs);
    }

    [Fact]
    public void A_second_initiation_is_a_sign_if_the_first_is_unanswered()
    {
        int slot = _driver.Confirm(RelayDriver.Client(1));
        Ask(0xC2);
        _driver.FromServer(slot, WireMessages.Response(0x52, 0xC2));
        _driver.Pass(120);
        Ask(0xC3);
        Assert.Equal(0, Signs);
        _driver.Pass(5);
        Ask(0xC4);
        Assert.Equal(1, Signs);
        _driver.Pass(1);
        Ask(0xC5);
        Assert.Equal(1, Signs);
    }

    [Fact]
    public void Strangers_who_go_unanswered_are_no_sign()
    {
        _driver.Ask(RelayDriver.Client(1), 0xC1);
        for (uint i = 2; i < 5; i++)
        {
            _driver.Pass(5);
            Ask(0xC0 + i);
        }

        Assert.Equal(0, Signs);
    }

    [Fact]
    public void A_mapping_keeps_the_address_it_began_with_while_it_is_answered_there()
    {
        int slot = _driver.Confirm(RelayDriver.Client(1));
        IPEndPoint began = Route.Server!;
        Assert.Equal(began, _driver.Relay.ServerOf(slot));
        Move(Elsewhere);
        for (int i = 0; i < 30; i++)
        {
            Send(100);
            _driver.FromServer(slot, WireMessages.Transport(0xC1));
            _driver.Pass(5);
        }

        Assert.Equal(began, _driver.Relay.ServerOf(slot));
        Assert.Equal(Elsewhere, _driver.Relay.ServerOf(_driver.Ask(RelayDriver.Client(2), 0xC2)));
    }

    [Fact]
    public void A_mapping_that_goes_unanswered_follows_whether_the_sign_or_the_new_address_comes_first()
    {
        int slot = _driver.Confirm(RelayDriver.Client(1));
        Move(Elsewhere);
        Send(100);
        _driver.Pass(11);
        Send(100);
        Assert.Equal(Elsewhere, _driver.Relay.ServerOf(slot));
        Assert.Equal([RelayEventKind.Redirected, RelayEventKind.Unanswered], _driver.Log.TakeLast(2).Select(change => change.Kind));

        Send(100);
        _driver.Pass(11);
        Send(100);
        IPEndPoint third = new(Elsewhere.Address, 7);
        Move(third);
        Assert.Equal(third, _driver.Relay.ServerOf(slot));
        Assert.Equal(2, _driver.Relay.Counters[RelayEventKind.Redirected]);
    }

    [Fact]
    public void A_mapping_at_an_address_that_is_still_listed_stays()
    {
        int slot = _driver.Confirm(RelayDriver.Client(1));
        IPEndPoint began = Route.Server!;
        Send(100);
        _driver.Pass(11);
        Send(100);
        Assert.Equal(1, Signs);
        Move(Elsewhere, began);
        Assert.Equal(began, _driver.Relay.ServerOf(slot));
    }

    [Fact]
    public void Many_mappings_move_so_many_in_each_call()
    {
        const int clients = 300;
        for (uint i = 1; i <= clients; i++)
        {
            _driver.Confirm(RelayDriver.Client((int)i), 0xC000 + i, 0x5000 + i);
        }

        for (int round = 0; round < 2; round++)
        {
            for (uint i = 1; i <= clients; i++)
            {
                _driver.FromClient(RelayDriver.Client((int)i), WireMessages.Transport(0x5000 + i, 100));
            }

            _driver.Pass(round == 0 ? 11 : 0);
        }

        Assert.Equal(clients, Signs);
        Route.Publish([Elsewhere]);
        _driver.Relay.RouteChanged(new RouteId(0, 1));
        List<int> perCall = [];
        for (Tick next = _driver.Now; next <= _driver.Now;)
        {
            next = _driver.Relay.Advance(_driver.Now);
            perCall.Add(_driver.Relay.Events.Length);
            _driver.Relay.ClearEvents();
        }

        Assert.Equal(clients, perCall.Sum());
        Assert.All(perCall, count => Assert.InRange(count, 0, 64));
        Assert.Equal(clients, _driver.Relay.Counters[RelayEventKind.Redirected]);
    }

    [Fact]
    public void A_mapping_on_another_port_is_new_to_the_server()
    {
        int slot = _driver.Confirm(RelayDriver.Client(1));
        _driver.Relay.PortChanged(slot, 777);
        _driver.Relay.Rerouted(slot);
        Assert.Equal((RelayEventKind.Rerouted, (ushort)777, false), _driver.Relay.Events.ToArray().Select(change => (change.Kind, change.Port, change.ServerUsedPort)).Single());
    }

    private long Signs => _driver.Relay.Counters[RelayEventKind.Unanswered];

    private void Send(int length) =>
        Assert.Equal(Verdict.Forward, _driver.FromClient(RelayDriver.Client(1), WireMessages.Transport(0x51, length)).Verdict);

    private void Ask(uint index) =>
        Assert.Equal(Verdict.Forward, _driver.FromClient(RelayDriver.Client(1), WireMessages.Initiation(_driver.Mac1, index)).Verdict);

    private void Move(params IPEndPoint[] addresses)
    {
        Route.Publish(addresses);
        _driver.Relay.RouteChanged(new RouteId(0, 1));
        _driver.Pass(0);
    }
}
