using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Relays behind one address: a client that roams from one's sources to another's keeps its tunnel.</summary>
public sealed class RelayNeighbourTests
{
    private static readonly Source Home = RelayDriver.Client(1);
    private static readonly Source Away = RelayDriver.Client(2);

    private readonly RelayDriver _first = new();
    private readonly RelayDriver _second;

    public RelayNeighbourTests()
    {
        _second = new RelayDriver(_first.Routes);
        Relay.ConnectNeighbours([_first.Relay, _second.Relay]);
    }

    [Fact]
    public void A_client_that_roams_to_a_neighbour_claims_its_tunnel_there()
    {
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        Decision claim = _second.FromClient(Away, WireMessages.Transport(0x51));
        Assert.Equal(Verdict.Open, claim.Verdict);
        Assert.Equal(Proof.Claimed, _second.Relay.ProofOf(claim.Slot));
        Assert.Equal(Verdict.Forward, _second.FromClient(Away, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Forward, _second.FromServer(claim.Slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(Proof.Confirmed, _second.Relay.ProofOf(claim.Slot));
        Assert.Equal(0, _second.Relay.Counters.Tolerated(Direction.Uplink) + _second.Relay.Counters.Tolerated(Direction.Downlink));
    }

    [Fact]
    public void A_stranger_who_handshakes_on_a_borrowed_tunnel_has_it_for_himself()
    {
        Source mallory = RelayDriver.Client(66);
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        int claim = _second.FromClient(mallory, WireMessages.Transport(0x51)).Slot;
        Renew(0);

        // The client moves to the second relay, and his handshakes go on.
        Decision moved = _second.FromClient(Away, WireMessages.Transport(0x51));
        Assert.Equal(Verdict.Open, moved.Verdict);
        _second.FromServer(moved.Slot, WireMessages.Transport(0xC1));
        for (uint i = 1; i < 20; i++)
        {
            Renew(i);
        }

        Assert.Equal(Verdict.Forward, _second.FromClient(Away, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Verdict.Forward, _second.FromServer(moved.Slot, WireMessages.Transport(0xC1)).Verdict);
        Assert.Equal(0, _second.Relay.Counters.Tolerated(Direction.Uplink) + _second.Relay.Counters.Tolerated(Direction.Downlink));
        Assert.Equal(Verdict.Open, _second.FromClient(RelayDriver.Client(3), WireMessages.Transport(0x51)).Verdict);

        void Renew(uint i)
        {
            Assert.Equal(Verdict.Forward, _second.FromClient(mallory, WireMessages.Initiation(_second.Mac1, 0xD0 + i)).Verdict);
            Assert.Equal(Verdict.Forward, _second.FromServer(claim, WireMessages.Response(0x90 + i, 0xD0 + i)).Verdict);
            Assert.Equal(Verdict.Forward, _second.FromClient(mallory, WireMessages.Transport(0x90 + i)).Verdict);
            _second.Pass(1);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(32)]
    public void Hardly_anybody_is_asked_for_an_index_that_nobody_knows(int workers)
    {
        const int unknown = 20_000;
        Source stranger = RelayDriver.Client(50_000);
        IReadOnlyList<Route> routes = [RelayDriver.NewRoute()];
        RelayDriver[] drivers = [.. Enumerable.Range(0, workers).Select(_ => new RelayDriver(routes, new RelaySettings { MaxMappings = 2_048 / workers }))];
        Relay.ConnectNeighbours([.. drivers.Select(driver => driver.Relay)]);
        for (int tunnel = 0; tunnel < 1_024; tunnel++)
        {
            drivers[tunnel % workers].Establish(RelayDriver.Client(tunnel), 0x1_0000 + (uint)tunnel, 0x2_0000 + (uint)tunnel);
        }

        byte[] datagram = WireMessages.Transport(0);
        for (uint i = 0; i < unknown; i++)
        {
            BitConverter.TryWriteBytes(datagram.AsSpan(4), 0x8000_0000 + i);
            Assert.Equal(Verdict.NoMapping, drivers[0].FromClient(stranger, datagram).Verdict);
        }

        // A row is not empty for one index in eight, and then one worker is asked; before, each of the others for each.
        Assert.InRange(drivers[0].Relay.NeighboursAsked, 1, unknown / 4);
        Assert.Equal(0, Allocated.InBestOf(3, () => drivers[0].Relay.FromClient(datagram, datagram.Length, stranger, drivers[0].Now)));

        // And whoever knows an index is found.
        for (int tunnel = 0; tunnel < 1_024; tunnel += 31)
        {
            Decision claim = drivers[0].FromClient(RelayDriver.Client(10_000 + tunnel), WireMessages.Transport(0x2_0000 + (uint)tunnel));
            Assert.Equal(Verdict.Open, claim.Verdict);
        }
    }

    [Fact]
    public void A_run_of_an_index_that_nobody_knows_is_judged_once()
    {
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        byte[] run = [.. Enumerable.Repeat(WireMessages.Transport(0x99, 1_452), 44).SelectMany(bytes => bytes)];
        Assert.Equal(new Decision(Verdict.NoMapping, -1, run.Length), _second.FromClient(Away, run, 1_452));
        Assert.Equal(44, _second.Relay.Counters[Direction.Uplink, Verdict.NoMapping]);
    }

    [Fact]
    public void Relays_that_have_learned_something_are_introduced_no_more()
    {
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        Assert.Throws<InvalidOperationException>(() => Relay.ConnectNeighbours([_first.Relay, _second.Relay]));
    }

    [Fact]
    public void An_unknown_index_is_unknown_to_all()
    {
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        Assert.Equal(Verdict.NoMapping, _second.FromClient(Away, WireMessages.Transport(0x52)).Verdict);
        Assert.Equal(Verdict.NoMapping, _second.FromClient(Away, WireMessages.Response(1, 0x51)).Verdict);
        Assert.Equal(0, _second.Relay.Counters[Proof.Claimed]);
    }

    [Fact]
    public void Both_paths_may_be_used_in_turn_across_new_keys()
    {
        int home = _first.Confirm(Home, client: 0xC1, server: 0x51);
        int away = _second.FromClient(Away, WireMessages.Transport(0x51)).Slot;
        _second.FromServer(away, WireMessages.Transport(0xC1));

        // New keys by way of the second relay; the first learns of them when the client uses them there.
        Assert.Equal(Verdict.Forward, _second.FromClient(Away, WireMessages.Initiation(_second.Mac1, 0xC2)).Verdict);
        Assert.Equal(Verdict.Forward, _second.FromServer(away, WireMessages.Response(0x52, 0xC2)).Verdict);
        Assert.Equal(Verdict.Forward, _first.FromClient(Home, WireMessages.Transport(0x52)).Verdict);
        Assert.Equal(Verdict.Forward, _first.FromServer(home, WireMessages.Transport(0xC2)).Verdict);
        Assert.Equal(0, _first.Relay.Counters.Tolerated(Direction.Uplink) + _first.Relay.Counters.Tolerated(Direction.Downlink));
        Assert.Equal(1, _first.Relay.Counters[Proof.Confirmed]);
    }

    [Fact]
    public void An_index_of_another_session_mixes_with_nothing()
    {
        int own = _first.Confirm(Home, client: 0xC1, server: 0x51);
        _second.Confirm(Away, client: 0xC7, server: 0x57);
        Assert.Equal(Verdict.Forward, _first.FromClient(Home, WireMessages.Transport(0x57)).Verdict);
        Assert.Equal(1, _first.Relay.Counters.Tolerated(Direction.Uplink));

        // Had the sessions mixed, the other's client index would count as known here.
        Assert.Equal(Verdict.Forward, _first.FromServer(own, WireMessages.Transport(0xC7)).Verdict);
        Assert.Equal(1, _first.Relay.Counters.Tolerated(Direction.Downlink));
    }

    [Fact]
    public void A_client_that_asks_and_roams_at_once_joins_its_tunnel()
    {
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        int slot = _second.Ask(Away, client: 0xC2);
        Assert.Equal(Verdict.Forward, _second.FromClient(Away, WireMessages.Transport(0x51)).Verdict);
        Assert.Equal(Proof.Claimed, _second.Relay.ProofOf(slot));
    }

    [Fact]
    public void An_answer_to_the_server_may_come_by_way_of_a_neighbour()
    {
        int home = _first.Confirm(Home, client: 0xC1, server: 0x51);
        _first.FromServer(home, WireMessages.Initiation(_first.Mac1, 0x61));
        Decision answer = _second.FromClient(Away, WireMessages.Response(0xC9, 0x61, _second.Mac1));
        Assert.Equal(Verdict.Open, answer.Verdict);
        Assert.Equal(Verdict.Forward, _second.FromServer(answer.Slot, WireMessages.Transport(0xC9)).Verdict);
        Assert.Equal(Proof.Confirmed, _second.Relay.ProofOf(answer.Slot));
    }

    [Fact]
    public void A_claim_that_is_refused_leaves_nothing_behind()
    {
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        _second.Routes[0].Server = null;
        for (int i = 0; i < 1_000; i++)
        {
            Assert.Equal(Verdict.NoServer, _second.FromClient(Away, WireMessages.Transport(0x51)).Verdict);
        }

        _second.Routes[0].Server = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 1);
        Assert.Equal(Verdict.Open, _second.FromClient(Away, WireMessages.Transport(0x51)).Verdict);
    }

    [Fact]
    public void An_expired_index_is_not_borrowed()
    {
        _first.Confirm(Home, client: 0xC1, server: 0x51);
        _first.Pass(200);
        _second.Pass(200);
        Assert.Equal(Verdict.NoMapping, _second.FromClient(Away, WireMessages.Transport(0x51)).Verdict);
    }

    [Fact]
    public async Task A_copy_made_during_changes_is_whole_or_none()
    {
        // Every pair has client = ~server: a torn copy would show another.
        MappingTable mappings = new(8, (1, 2));
        TunnelTable tunnels = new(new RouteTable([RelayDriver.NewRoute()], _ => { }), mappings, new RelayCounters(), (3, 4));
        int slot = mappings.Add(Home);
        tunnels.Add(slot, route: 0);
        Tick now = new(1);
        Tick until = new(long.MaxValue);
        using CancellationTokenSource stop = new();
        Task writer = Task.Run(
            () =>
            {
                for (uint index = 1; !stop.IsCancellationRequested; index = (index % 16) + 1)
                {
                    tunnels.Learn(slot, index, ~index, now, until);
                }
            },
            TestContext.Current.CancellationToken);
        int copies = 0;
        long start = Environment.TickCount64;

        // Other suites may leave this one no processor for a while, so the first copy has more time than the rest.
        for (uint index = 1; copies < 2_000 && Environment.TickCount64 - start < (copies == 0 ? 300_000 : 10_000); index = (index % 16) + 1)
        {
            if (tunnels.TryCopy(index, behind: -1, now, out TunnelCopy copy, out _, out _))
            {
                copies++;
                for (int position = 0; position < Tunnel.MaxPairs; position++)
                {
                    Assert.True(!copy.Row.TryGetServerIndex(position, out uint server) || copy.Row.HasClient(~server, now), $"torn at {position}");
                }
            }
        }

        await stop.CancelAsync();
        await writer;
        Assert.InRange(copies, 1, 2_000);
    }
}
