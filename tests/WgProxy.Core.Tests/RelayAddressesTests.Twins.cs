using System.Net;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Another server with the same key, which has none of the tunnels: it answers initiations only.
public sealed partial class RelayAddressesTests
{
    private static readonly IPEndPoint Fourth = IPEndPoint.Parse("192.0.2.202:51820");

    [Fact]
    public void Who_leaves_the_address_that_answered_is_at_the_next_when_its_client_asks_there_and_back_again()
    {
        int slot = Prompt();
        Assert.Equal(Second, SilentUntilAsked(slot, 0x51, 0xC2));
        AnswerAfresh(slot, 0x52, 0xC2);
        Assert.Equal(Second, Relay.ServerOf(_driver.Ask(Bob, 0xC9)));

        // The first is there again, and the second is gone.
        Assert.Equal(First, SilentUntilAsked(slot, 0x52, 0xC3));
        AnswerAfresh(slot, 0x53, 0xC3);
        Assert.Equal(First, Relay.ServerOf(_driver.Ask(RelayDriver.Client(3), 0xCA)));
    }

    [Fact]
    public void Where_several_addresses_are_silent_each_further_initiation_goes_to_another()
    {
        Publish(First, Second, Third, Fourth);
        int slot = Prompt();
        Assert.Equal(Second, SilentUntilAsked(slot, 0x51, 0xC2));
        List<IPEndPoint> asked = [];
        for (uint client = 0xC3; client < 0xC6; client++)
        {
            SendFor(0x51, seconds: 5.2);
            AskAfter(0, client);
            asked.Add(Relay.ServerOf(slot));
        }

        Assert.Equal([Third, Fourth, First], asked);
    }

    [Fact]
    public void Who_went_unanswered_at_one_address_follows_another_that_was_answered_elsewhere()
    {
        Publish(First, Second, Third);
        int alice = Prompt();
        int bob = Prove(Bob, 0xB1, 0xA1);
        SendUnanswered(0x51, seconds: 11);
        Assert.Equal(Second, Relay.ServerOf(alice));
        _driver.FromClient(Bob, WireMessages.Transport(0xA1, 100));
        _driver.Pass(11);
        _driver.FromClient(Bob, WireMessages.Transport(0xA1, 100));
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        _driver.Pass(11);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        Assert.Equal((Third, Second), (Relay.ServerOf(alice), Relay.ServerOf(bob)));
        _driver.FromServer(bob, WireMessages.Transport(0xB1));
        _driver.Pass(0);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        _driver.Pass(5);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        Assert.NotEqual(Third, Relay.ServerOf(alice));
    }

    private int Prompt()
    {
        int slot = Prove(Alice, 0xC1, 0x51);
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        _driver.FromClient(Alice, WireMessages.Transport(0x51, 100));
        _driver.FromServer(slot, WireMessages.Transport(0xC1));
        return slot;
    }

    private void SendFor(uint server, double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.1)
        {
            _driver.FromClient(Alice, WireMessages.Transport(server, 100));
            _driver.Pass(0.1);
        }
    }

    /// <summary>The client sends in vain, and asks as WireGuard does after 15 s. Where it is asked.</summary>
    private IPEndPoint SilentUntilAsked(int slot, uint server, uint client)
    {
        SendFor(server, seconds: 15.2);
        AskAfter(0, client);
        return Relay.ServerOf(slot);
    }

    private void AnswerAfresh(int slot, uint server, uint client)
    {
        _driver.FromServer(slot, WireMessages.Response(server, client));
        for (int i = 0; i < 3; i++)
        {
            _driver.FromClient(Alice, WireMessages.Transport(server, 100));
            _driver.FromServer(slot, WireMessages.Transport(client));
        }

        _driver.Pass(0);
    }
}
