using System.Collections.Concurrent;
using System.Net;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

// The journal: what is written about mappings, and mappings that go on from that.
public abstract partial class EngineContract
{
    private static readonly JournalInstant Recorded = new(Boot: 7, SinceBoot: 1_000, Utc: 2_000);

    private readonly ConcurrentQueue<MappingRecord> _written = new();
    private JournalSettings? _journal;

    [Fact]
    public void A_tunnels_record_is_written_when_it_changes_and_its_end_is()
    {
        StartWithJournal();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        EngineContractCounts.Tunnel().AssertMoved(Wire);
        MappingRecord record = Written(written => written.Proof == Proof.Confirmed);
        Assert.True(record.Route.Is(Route.Key));
        Assert.Equal(tunnel.Client.EndPoint, record.Source.ToEndPoint());
        Assert.Equal(tunnel.Server.EndPoint, record.Server);
        Assert.Equal(tunnel.Upstream.Port, record.UpstreamPort);
        Assert.Equal(((UInt128)0xFFFF << 32) | 0x7F00_0001, record.UpstreamLocal);
        Assert.Equal(Recorded, record.Written);
        byte[] bytes = new byte[MappingRecord.Size];
        record.Write(bytes);
        Assert.True(MappingRecord.TryRead(bytes, out _));

        Wire.Advance(Defaults.IdleTimeout);
        Written(written => written.Proof == Proof.Lingering);
        Wire.Advance(Defaults.LingerTimeout);
        MappingRecord end = Written(written => written.IsEnded);
        Assert.Equal((record.Source, record.UpstreamPort), (end.Source, end.UpstreamPort));
        EndedTunnel().AssertMoved(Wire);
    }

    [Fact]
    public void A_live_tunnel_is_written_anew()
    {
        StartWithJournal();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.AssertMoved(Wire);
        Written(written => written.Proof == Proof.Confirmed);
        for (int i = 0; i < 2; i++)
        {
            Wire.Advance(TimeSpan.FromSeconds(50));
            tunnel.Up();
            moved.AddUp();
            moved.AssertMoved(Wire);
            long bytes = WireMessages.InitiationLength + ((2 + i) * WireMessages.KeepaliveLength);
            Wire.Advance(TimeSpan.FromSeconds(50));
            Written(written => written.UplinkBytes == bytes);
        }
    }

    [Fact]
    public void A_stranger_is_not_written()
    {
        StartWithJournal();
        EngineContractTunnel stranger = NewTunnel(NewServer(), V4, 1);
        stranger.Ask();
        EngineContractTunnel tunnel = NewTunnel(stranger.Server, V4, 2).Establish();
        Written(written => written.Proof == Proof.Confirmed);
        Assert.All(_written, written => Assert.Equal(tunnel.Client.EndPoint, written.Source.ToEndPoint()));
        EngineContractCounts moved = EngineContractCounts.Asked();
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
    }

    // The record of a release that had one port does not say it.
    [Fact]
    public void A_record_that_does_not_say_its_port_goes_on_where_its_server_is_served()
    {
        _listen = [new IPEndPoint(IPAddress.Loopback, 0)];
        StartWithJournal();
        _ = NewTunnel(NewServer()).Establish();
        MappingRecord record = EndAndRecord();
        EngineContractCounts moved = EndedTunnel();
        Engine.ListenOn([Engine.Listening[0], new IPEndPoint(IPAddress.Loopback, FreePort())]);
        Route.Settings = new RouteSettings { Listen = new ListenList([Engine.Listening[1]]) };
        Publish(Route);
        Wire.Advance(TimeSpan.Zero);
        record.Source = record.Source.To(0);
        Assert.Equal([RestoreVerdict.Restored], Restore(record).ToArray());
        Add(moved, restored: 1);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_restored_tunnel_goes_on_by_its_port()
    {
        StartWithJournal();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        MappingRecord record = EndAndRecord();
        EngineContractCounts moved = EndedTunnel();
        Assert.Equal([RestoreVerdict.Restored], Restore(record).ToArray());
        Add(moved, restored: 1);
        moved.AssertMoved(Wire);
        tunnel.Up();
        tunnel.Down();
        AddTraffic(moved);
        moved.AssertMoved(Wire);
        Assert.Equal(RelayEventKind.Restored, Observed()[^1]);
    }

    [Fact]
    public void A_restored_tunnel_of_IPv6_goes_on_too()
    {
        StartWithJournal();
        EngineContractTunnel tunnel = NewTunnel(NewServer(V6), V6).Establish();
        MappingRecord record = EndAndRecord();
        Assert.Equal([RestoreVerdict.Restored], Restore(record).ToArray());
        tunnel.Down();
        tunnel.Up();
        EngineContractCounts moved = EndedTunnel();
        Add(moved, restored: 1);
        AddTraffic(moved);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_restored_tunnel_whose_port_is_taken_goes_on_by_another()
    {
        StartWithJournal();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        ushort port = (ushort)tunnel.Upstream.Port;
        MappingRecord record = EndAndRecord();
        using EngineContractPeer other = Wire.NewPeer(V4, port);
        Assert.Equal([RestoreVerdict.Restored], Restore(record).ToArray());
        (byte[] up, byte[] down) = (tunnel.FromClient(), tunnel.FromServer());
        tunnel.Client.Send(up, Wire.RelayFor(tunnel.Client));
        IPEndPoint upstream = tunnel.Server.Expect(up);
        Assert.NotEqual(port, upstream.Port);
        tunnel.Server.Send(down, upstream);
        tunnel.Client.Expect(down);
        EngineContractCounts moved = EndedTunnel();
        Add(moved, restored: 1);
        AddTraffic(moved);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void Records_that_cannot_be_restored_are_refused_one_by_one()
    {
        StartWithJournal();
        NewTunnel(NewServer()).Establish();
        MappingRecord record = EndAndRecord();
        ReadOnlySpan<RestoreVerdict> verdicts = Restore(
            record with { Proof = Proof.None },
            record with { Route = RouteKey.From(NewRoute().Key) },
            record with { Written = Recorded with { SinceBoot = -10_000_000 } },
            record,
            record);
        Assert.Equal(
            [RestoreVerdict.Ended, RestoreVerdict.UnknownRoute, RestoreVerdict.Expired, RestoreVerdict.Restored, RestoreVerdict.Duplicate],
            verdicts.ToArray());
        EngineContractCounts moved = EndedTunnel();
        Add(moved, restored: 1);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void More_records_than_a_turn_restores_are_restored_in_several()
    {
        StartWithJournal();
        NewTunnel(NewServer()).Establish();
        MappingRecord record = EndAndRecord();
        IEnumerable<MappingRecord> many = Enumerable.Range(1, 150).Select(i => record with
        {
            Source = Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), i)),
            UpstreamPort = (ushort)(20_000 + i),
            Tunnel = default,
        });
        Assert.Equal(Enumerable.Repeat(RestoreVerdict.Restored, 150), Restore([.. many]).ToArray());
        EngineContractCounts moved = EndedTunnel();
        Add(moved, restored: 150);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void An_engine_that_does_not_run_restores_nothing()
    {
        StartWithJournal();
        NewTunnel(NewServer()).Establish();
        MappingRecord record = EndAndRecord();
        Engine.Stop();
        RestoreBatch batch = Lend(record);
        Assert.Equal(RestoreOutcome.NotRunning, batch.Outcome);
        Assert.Equal([RestoreVerdict.Waiting], batch.Verdicts.ToArray());
        EndedTunnel().AssertMoved(Wire);
    }

    private static EngineContractCounts EndedTunnel()
    {
        EngineContractCounts moved = EngineContractCounts.Tunnel();
        moved.Add("event.Lingered", 1);
        return Ended(moved, "mappings.Confirmed", "event.Expired");
    }

    private static void Add(EngineContractCounts moved, int restored)
    {
        moved.Add("event.Restored", restored);
        moved.Add("mappings.Confirmed", restored);
    }

    private static void AddTraffic(EngineContractCounts moved)
    {
        moved.AddUp();
        moved.AddDown();
    }

    private void StartWithJournal(params IEnumerable<IPNetwork> sources)
    {
        _journal = new JournalSettings { Clock = () => Recorded, Write = Keep };
        Start(new UpstreamBinding { Addresses = [.. sources] });
    }

    private bool Keep(in MappingRecord record)
    {
        _written.Enqueue(record);
        return true;
    }

    /// <summary>The record of the test's confirmed tunnel, which then ends, so that nothing of it is left.</summary>
    private MappingRecord EndAndRecord()
    {
        MappingRecord record = Written(written => written.Proof == Proof.Confirmed);
        Wire.Advance(Defaults.IdleTimeout);
        Written(written => written.Proof == Proof.Lingering);
        Wire.Advance(Defaults.LingerTimeout);
        Written(written => written.IsEnded);
        return record;
    }

    private MappingRecord Written(Func<MappingRecord, bool> which)
    {
        EngineContractWire.Await(() => _written.Any(which), () => $"not written; but {string.Join(", ", _written.Select(written => written.Proof))}");
        return _written.First(which);
    }

    private ReadOnlySpan<RestoreVerdict> Restore(params MappingRecord[] records)
    {
        RestoreBatch batch = Lend(records);
        Assert.Equal(RestoreOutcome.Done, batch.Outcome);
        return batch.Verdicts;
    }

    private RestoreBatch Lend(params MappingRecord[] records)
    {
        using ManualResetEventSlim done = new();
        RestoreBatch batch = new(records, () => Recorded, _ => done.Set());
        Engine.Restore(batch);
        Assert.True(done.Wait(TimeSpan.FromSeconds(10)));
        return batch;
    }
}
