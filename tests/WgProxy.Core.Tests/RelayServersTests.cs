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
        Scenario alice = Scenario.Confirmed(_driver);
        SendAfter(alice, 0, signs: 0);
        SendAfter(alice, 10.999, signs: 0);
        SendAfter(alice, 0.001, signs: 1);
        SendAfter(alice, 4.999, signs: 1);
        SendAfter(alice, 0.001, signs: 2);
        Assert.Equal((RelayEventKind.Unanswered, alice.Slot), (_driver.Log[^1].Kind, _driver.Log[^1].Slot));
    }

    [Fact]
    public void Whatever_comes_from_the_server_with_a_live_index_begins_the_silence_anew()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        for (int round = 0; round < 5; round++)
        {
            SendAfter(alice, 0, signs: 0);
            alice.Wait(10.9);
            Assert.Equal(Verdict.Forward, alice.Down());
        }

        SendAfter(alice, 0, signs: 0);
        alice.Wait(10.9);

        // What anybody could have sent under the server's address is no answer.
        alice.Down(0xBAD, 200);
        _driver.FromServer(alice.Slot, WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 0x99));
        alice.Wait(0.2);
        Assert.Equal(0, Signs);
        SendAfter(alice, 0, signs: 1);
    }

    [Fact]
    public void Keepalives_are_owed_no_answer()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        for (int i = 0; i < 10; i++)
        {
            Assert.Equal(Verdict.Forward, alice.Up());
            alice.Wait(20);
        }

        Assert.Equal(0, Signs);
    }

    [Fact]
    public void A_second_initiation_is_a_sign_if_the_first_is_unanswered()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        alice.Rekey(0xC2, 0x52);
        AskAfter(alice, 120, 0xC3, signs: 0);
        AskAfter(alice, 5, 0xC4, signs: 1);
        AskAfter(alice, 1, 0xC5, signs: 1);
    }

    [Fact]
    public void Strangers_who_go_unanswered_are_no_sign()
    {
        Scenario alice = Scenario.Asked(_driver);
        for (uint i = 2; i < 5; i++)
        {
            AskAfter(alice, 5, 0xC0 + i, signs: 0);
        }
    }

    [Fact]
    public void A_mapping_keeps_the_address_it_began_with_while_it_is_answered_there()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        IPEndPoint began = Route.Server!;
        Assert.Equal(began, ServerOf(alice));
        Move(Elsewhere);
        for (int i = 0; i < 30; i++)
        {
            SendAfter(alice, 0, signs: 0);
            alice.Down();
            alice.Wait(5);
        }

        Assert.Equal(began, ServerOf(alice));
        Assert.Equal(Elsewhere, _driver.Relay.ServerOf(_driver.Ask(RelayDriver.Client(2), 0xC2)));
    }

    [Fact]
    public void A_mapping_that_goes_unanswered_follows_whether_the_sign_or_the_new_address_comes_first()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        Move(Elsewhere);
        GoUnanswered(alice);
        Assert.Equal(Elsewhere, ServerOf(alice));
        Assert.Equal([RelayEventKind.Redirected, RelayEventKind.Unanswered], _driver.Log.TakeLast(2).Select(change => change.Kind));

        GoUnanswered(alice);
        IPEndPoint third = new(Elsewhere.Address, 7);
        Move(third);
        Assert.Equal(third, ServerOf(alice));
        Assert.Equal(2, _driver.Relay.Counters[RelayEventKind.Redirected]);
    }

    [Fact]
    public void A_mapping_at_an_address_that_is_still_listed_stays()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        IPEndPoint began = Route.Server!;
        GoUnanswered(alice);
        Move(Elsewhere, began);
        Assert.Equal(began, ServerOf(alice));
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

    private IPEndPoint? ServerOf(Scenario scenario) => _driver.Relay.ServerOf(scenario.Slot);

    /// <summary>Data that are owed an answer, after so long; with them there are so many signs.</summary>
    private void SendAfter(Scenario scenario, double seconds, long signs)
    {
        scenario.Wait(seconds);
        Assert.Equal((Verdict.Forward, signs), (scenario.Up(length: 100), Signs));
    }

    /// <summary>An initiation, after so long; with it there are so many signs.</summary>
    private void AskAfter(Scenario scenario, double seconds, uint client, long signs)
    {
        scenario.Wait(seconds);
        Assert.Equal((Verdict.Forward, signs), (scenario.ClientAsks(client), Signs));
    }

    /// <summary>Data, and more when they should have been answered: one sign.</summary>
    private void GoUnanswered(Scenario scenario)
    {
        long signs = Signs;
        SendAfter(scenario, 0, signs);
        SendAfter(scenario, 11, signs + 1);
    }

    private void Move(params IPEndPoint[] addresses)
    {
        Route.Publish(addresses);
        _driver.Relay.RouteChanged(new RouteId(0, 1));
        _driver.Pass(0);
    }
}
