using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>What a relay keeps so that an operator can be told why a client has no tunnel.</summary>
public sealed class RelayEvidenceTests
{
    private readonly RelayDriver _driver = new();

    [Fact]
    public void A_mapping_tells_since_when_it_asks()
    {
        Tick start = _driver.Now;
        Scenario alice = Scenario.Asked(_driver);
        alice.Wait(6);
        Assert.Equal(start, StatusOf(alice).AskedSince);
        Assert.Equal(start + 6_000, _driver.Now);
    }

    [Fact]
    public void A_large_datagram_is_remembered_for_its_direction()
    {
        Scenario alice = Scenario.Confirmed(_driver);
        Assert.Equal((false, false), Large(alice));
        Assert.Equal(Verdict.Forward, alice.Up(length: Limits.LargeDatagram));
        Assert.Equal((false, false), Large(alice));
        Assert.Equal(Verdict.Forward, alice.Up(length: Limits.LargeDatagram + 16));
        Assert.Equal((true, false), Large(alice));
        Assert.Equal(Verdict.Forward, alice.Down(length: Limits.LargeDatagram + 16));
        Assert.Equal((true, true), Large(alice));
    }

    [Fact]
    public void A_refused_initiation_is_told_with_its_reason()
    {
        Source mallory = RelayDriver.Client(2);
        _ = _driver.FromClient(mallory, WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 1));
        StrangerStatus row = Assert.Single(_driver.Relay.Strangers.ToArray(), stranger => stranger.Times > 0);
        Assert.Equal((mallory, Verdict.BadMac1, default(RouteId), 1), (row.Source, row.Verdict, row.Route, row.Times));
    }

    private (bool Sent, bool Received) Large(Scenario scenario)
    {
        MappingStatus status = StatusOf(scenario);
        return (status.HasSentLarge, status.HasReceivedLarge);
    }

    private MappingStatus StatusOf(Scenario scenario)
    {
        MappingStatus[] room = new MappingStatus[1];
        int slot = scenario.Slot;
        Assert.Equal(1, _driver.Relay.Describe(ref slot, slot + 1, 0, room));
        return room[0];
    }
}
