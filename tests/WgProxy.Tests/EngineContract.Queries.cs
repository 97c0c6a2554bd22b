using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

// What an engine says when it is asked.
public abstract partial class EngineContract
{
    [Fact]
    public void A_query_is_told_each_mapping_and_all_that_was_counted()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        EngineContractCounts.Tunnel().AssertMoved(Wire);
        EngineQuery answer = Engine.Ask(room: 8);
        Assert.Equal((QueryOutcome.Answered, -1), (answer.Outcome, answer.Next));
        MappingStatus mapping = Assert.Single(answer.Mappings.ToArray());
        Assert.Equal(tunnel.Client.EndPoint, new IPEndPoint(mapping.Source.Address, mapping.Source.Port));
        Assert.Equal((tunnel.Upstream.Port, tunnel.Server.EndPoint), (mapping.Port, mapping.Server));
        Assert.Equal((Proof.Confirmed, false), (mapping.Proof, mapping.IsUnanswered));
        Assert.Equal(WireMessages.InitiationLength + WireMessages.KeepaliveLength, mapping.UplinkBytes);
        Assert.Equal(WireMessages.ResponseLength + WireMessages.KeepaliveLength, mapping.DownlinkBytes);
        Assert.True(mapping.LastValid <= answer.Now && answer.Now < mapping.Expires);
        Assert.Equal(1, answer.Counters[Proof.Confirmed]);
        Assert.Equal(2, answer.Counters.Passed(Direction.Uplink));
        Assert.Equal(mapping.UplinkBytes, answer.Counters.ForwardedBytes(Direction.Uplink));
        Assert.InRange(answer.Counters.Turns, 1, long.MaxValue);
        Assert.InRange(answer.Counters.LongestTurn, TimeSpan.FromTicks(1), answer.Counters.LongestTurnOfAll);
    }

    [Fact]
    public void A_query_with_little_room_goes_on_where_it_stopped()
    {
        Start();
        EngineContractPeer server = NewServer();
        EngineContractTunnel[] tunnels = [.. Enumerable.Range(1, 7).Select(number => NewTunnel(server, number: (uint)number).Establish())];
        List<MappingStatus> all = [];
        int pages = 0;
        for (int from = 0; from >= 0; pages++)
        {
            EngineQuery page = Engine.Ask(room: 2, from);
            Assert.Equal(7, page.Counters[Proof.Confirmed]);
            all.AddRange(page.Mappings);
            from = page.Next;
        }

        Assert.InRange(pages, 4, 5);
        Assert.Equal(all.Select(each => each.Slot).Order(), all.Select(each => each.Slot));
        Assert.Equal(tunnels.Select(each => each.Upstream.Port).Order(), all.Select(each => (int)each.Port).Order());
    }

    [Fact]
    public void A_query_for_a_route_has_its_counters_too()
    {
        Start();
        NewTunnel(NewServer()).Establish();
        EngineContractCounts.Tunnel().AssertMoved(Wire);
        MappingStatus mapping = Assert.Single(Engine.Ask(room: 8).Mappings.ToArray());
        using ManualResetEventSlim answered = new();
        EngineQuery query = new(_ => answered.Set()) { Route = mapping.Route };
        Engine.Query(query);
        Assert.True(answered.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
        Assert.Equal(mapping.UplinkBytes, query.OfRoute.ForwardedBytes(Direction.Uplink));
        Assert.Equal(1, query.OfRoute.Handshakes);
    }

    [Fact]
    public void A_mapping_that_has_ended_is_told_no_more()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer());
        tunnel.Ask();
        Assert.Equal(Proof.Asked, Assert.Single(Engine.Ask(room: 8).Mappings.ToArray()).Proof);
        Wire.Advance(TimeSpan.FromSeconds(16));
        EngineContractWire.Await(() => Engine.Ask(room: 8).Mappings.IsEmpty, () => "the mapping is told for ever");
    }

    [Fact]
    public void Each_of_many_queries_is_answered_or_told_at_once_that_it_is_too_many()
    {
        Start();
        NewTunnel(NewServer()).Establish();
        const int askers = 4;
        const int each = 50;
        int called = 0;
        int answered = 0;
        int refused = 0;
        Thread[] threads = [.. Enumerable.Range(0, askers).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < each; i++)
            {
                Engine.Query(new EngineQuery(
                    query =>
                    {
                        // Last what is awaited.
                        Interlocked.Add(ref answered, query.Outcome == QueryOutcome.Answered ? 1 : 0);
                        Interlocked.Add(ref refused, query.Outcome == QueryOutcome.NotRunning ? 1 : 0);
                        Interlocked.Increment(ref called);
                    },
                    room: 4));
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        EngineContractWire.Await(() => Volatile.Read(ref called) == askers * each, () => $"{called} of {askers * each} queries ended");
        Assert.InRange(answered, 1, askers * each);
        Assert.Equal(0, refused);
        Assert.Equal(QueryOutcome.Answered, Engine.Ask(room: 4).Outcome);
        Assert.Equal(askers * each, called);
    }

    [Fact]
    public void An_engine_that_has_stopped_says_so_at_once_with_the_counters_of_its_end()
    {
        Start();
        NewTunnel(NewServer()).Establish();
        EngineContractCounts.Tunnel().AssertMoved(Wire);
        Engine.Stop();
        bool said = false;
        EngineQuery query = new(_ => said = true, room: 8);
        Engine.Query(query);
        Assert.True(said);
        Assert.Equal((QueryOutcome.NotRunning, 0), (query.Outcome, query.Mappings.Length));
        Assert.Equal(1, query.Counters[Proof.Confirmed]);
        Assert.Equal(2, query.Counters.Passed(Direction.Downlink));
    }

    [Fact]
    public void Queries_that_a_stop_overtakes_end_too()
    {
        Start();
        int called = 0;
        Thread asker = new(() =>
        {
            for (int i = 0; i < 2_000; i++)
            {
                Engine.Query(new EngineQuery(_ => Interlocked.Increment(ref called), room: 4));
            }
        });
        asker.Start();
        Engine.Stop();
        asker.Join();
        EngineContractWire.Await(() => Volatile.Read(ref called) == 2_000, () => $"{called} of 2,000 queries ended");
    }
}
