using System.Net;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Runs: neighbours that the kernel coalesced are decided together where they share a fate.</summary>
public sealed class RelayRunTests
{
    private static readonly Source Alice = RelayDriver.Client(1);
    private readonly RelayDriver _driver = new();

    [Fact]
    public void A_run_of_data_is_decided_whole()
    {
        int slot = _driver.Establish(Alice);
        byte[] run = Run(0x51, 1_452, 1_452, 1_452, 200);

        Assert.Equal(new Decision(Verdict.Forward, slot, run.Length), _driver.FromClient(Alice, run, 1_452));
        Assert.Equal(1 + 4, _driver.Relay.Counters[Direction.Uplink, Verdict.Forward]);

        byte[] back = Run(0xC1, 100, 100, 32);
        Assert.Equal(new Decision(Verdict.Forward, slot, back.Length), _driver.FromServer(slot, back, 100));
        Assert.Equal(1 + 3, _driver.Relay.Counters[Direction.Downlink, Verdict.Forward]);
    }

    [Fact]
    public void A_decision_ends_where_fates_differ()
    {
        int slot = _driver.Establish(Alice);
        byte[] run = [.. Run(0x51, 148, 148), .. WireMessages.Initiation(_driver.Mac1, 0xC2), .. WireMessages.New(9, 148), .. Run(0x51, 148)];

        Assert.Equal(
            [
                new Decision(Verdict.Forward, slot, 296),
                new Decision(Verdict.Forward, slot, 148),
                new Decision(Verdict.NotWireGuard, -1, 148),
                new Decision(Verdict.Forward, slot, 148),
            ],
            Walk(run, 148));
    }

    [Fact]
    public void A_run_from_port_0_is_dropped_whole()
    {
        byte[] run = [.. WireMessages.Initiation(_driver.Mac1, 1), .. WireMessages.Initiation(_driver.Mac1, 2), .. Run(0x51, 40)];
        Assert.Equal(new Decision(Verdict.NoPort, -1, run.Length), _driver.FromClient(Source.From(new IPEndPoint(Alice.Address, 0)), run, 148));
        Assert.Equal(3, _driver.Relay.Counters[Direction.Uplink, Verdict.NoPort]);
    }

    [Fact]
    public void The_second_datagram_of_a_run_may_belong_to_the_mapping_that_the_first_opened()
    {
        byte[] run = [.. WireMessages.Initiation(_driver.Mac1, 1), .. WireMessages.Initiation(_driver.Mac1, 2)];
        Assert.Equal([Verdict.Open, Verdict.Forward], Walk(run, 148).Select(decision => decision.Verdict));
    }

    [Fact]
    public void Indices_do_not_hide_behind_their_neighbours()
    {
        _driver.Establish(Alice);
        byte[] run = [.. Run(0x51, 64), .. Run(0x99, 64)];
        Assert.Equal([64, 64], Walk(run, 64).Select(decision => decision.Length));
        Assert.Equal(1, _driver.Relay.Counters.Tolerated(Direction.Uplink));
    }

    [Fact]
    public void A_short_tail_is_judged_by_its_own_length()
    {
        _driver.Establish(Alice);
        byte[] run = [.. Run(0x51, 64), .. WireMessages.New(4, 31)];
        Assert.Equal([Verdict.Forward, Verdict.BadLength], Walk(run, 64).Select(decision => decision.Verdict));
    }

    [Fact]
    public void An_empty_datagram_is_decided_too()
    {
        Assert.Equal(new Decision(Verdict.NotWireGuard, -1, 0), _driver.FromClient(Alice, []));
    }

    [Fact]
    public void A_source_with_two_routes_has_two_mappings_and_indices_choose()
    {
        RelayDriver driver = new(routes: 2);
        int first = driver.Establish(Alice, client: 0xC1, server: 0x51);
        byte[] initiation = WireMessages.Initiation(driver.Routes[1].Mac1, 0xC2);
        int second = driver.FromClient(Alice, initiation).Slot;
        Assert.NotEqual(first, second);
        Assert.Same(driver.Routes[1], driver.Relay.RouteOf(second));
        driver.FromServer(second, WireMessages.Response(0x52, 0xC2));

        Assert.Equal(second, driver.FromClient(Alice, WireMessages.Transport(0x52)).Slot);
        Assert.Equal(first, driver.FromClient(Alice, WireMessages.Transport(0x51)).Slot);
        driver.FromServer(first, WireMessages.Initiation(driver.Mac1, 0x53));
        byte[] response = WireMessages.Response(0xC3, 0x53, driver.Mac1);
        Assert.Equal((Verdict.Forward, first), (driver.FromClient(Alice, response).Verdict, driver.FromClient(Alice, response).Slot));

        driver.Pass(301);
        Assert.Equal(2, driver.Relay.Counters[Proof.Lingering]);
        driver.Pass(181);
        Assert.Equal(Verdict.Open, driver.FromClient(Alice, initiation).Verdict);
    }

    [Fact]
    public void Deciding_allocates_nothing()
    {
        Optimised.SkipUnless(typeof(Relay).Assembly);
        int slot = _driver.Confirm(Alice);
        byte[] up = Run(0x51, 1_452, 1_452, 1_452);
        byte[] down = Run(0xC1, 1_452, 1_452, 1_452);
        byte[] stranger = WireMessages.Initiation(RelayDriver.NewRoute().Mac1, 1);
        byte[] newcomer = WireMessages.Initiation(_driver.Mac1, 5);
        Source[] sources = [.. Enumerable.Range(100, 50).Select(RelayDriver.Client)];
        Relay relay = _driver.Relay;
        Tick now = _driver.Now;
        Decide();
        Assert.Equal(0, Allocated.InBestOf(3, Decide));
        Assert.Equal(Verdict.Forward, relay.FromClient(up, 1_452, Alice, now).Verdict);

        void Decide()
        {
            for (int i = 0; i < 20_000; i++)
            {
                now += 1;
                relay.FromClient(up, 1_452, Alice, now);
                relay.FromServer(slot, down, 1_452, now);
                relay.FromClient(stranger, stranger.Length, sources[i % 50], now);
                Decision decision = relay.FromClient(newcomer, newcomer.Length, sources[i % 50], now);
                if (decision.Verdict == Verdict.Open)
                {
                    relay.Opened(decision.Slot, 1);
                }

                relay.Advance(now);
                foreach (RelayEvent change in relay.Events)
                {
                    if (change.EndsMapping)
                    {
                        relay.Release(change.Slot);
                    }
                }

                relay.ClearEvents();
            }
        }
    }

    private static byte[] Run(uint receiver, params int[] lengths) =>
        [.. lengths.SelectMany((length, i) => WireMessages.Transport(receiver, length, (ulong)i))];

    private List<Decision> Walk(byte[] run, int stride)
    {
        List<Decision> decisions = [];
        for (int at = 0; at < run.Length; at += decisions[^1].Length)
        {
            decisions.Add(_driver.FromClient(Alice, run[at..], stride));
        }

        return decisions;
    }
}
