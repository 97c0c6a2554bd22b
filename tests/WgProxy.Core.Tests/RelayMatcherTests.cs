using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

public sealed class RelayMatcherTests
{
    [Fact]
    public void The_keys_of_many_routes_are_compared_by_what_the_relay_is_given()
    {
        Route[] routes = [.. Enumerable.Range(0, 20).Select(_ => RelayDriver.NewRoute())];
        Counting counting = new();
        Relay relay = new(new RelaySettings { MaxMappings = 64, MaxAsked = 16 }, [.. routes], counting);
        Decision decision = relay.FromClient(WireMessages.Initiation(routes[17].Mac1, 1), 0, RelayDriver.Client(1), new Tick(1_000));
        Assert.Equal(Verdict.Open, decision.Verdict);
        Assert.Same(routes[17], relay.RouteOf(decision.Slot));
        Assert.Equal(1, counting.Asked);

        // A forged one costs all keys, once.
        Assert.Equal(Verdict.BadMac1, relay.FromClient(WireMessages.New(1, WireMessages.InitiationLength), 0, RelayDriver.Client(2), new Tick(1_000)).Verdict);
        Assert.Equal(2, counting.Asked);
    }

    private sealed class Counting : IMac1Matcher
    {
        public int Asked { get; private set; }

        public string Name => nameof(Counting);

        public int KeysPerStep => Mac1Matchers.Best.KeysPerStep;

        public int Match(ReadOnlySpan<uint> groups, int count, ReadOnlySpan<byte> message)
        {
            Asked++;
            return Mac1Matchers.Best.Match(groups, count, message);
        }
    }
}
