using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Core.Tests.Engine;

/// <summary>What an engine does with records between two turns.</summary>
public sealed class RecordLineTests
{
    private static readonly JournalInstant Instant = new(1, 2, 3);

    private readonly RelayDriver _driver = new(new RelaySettings { MaxMappings = 512, MaxAsked = 256 });

    [Fact]
    public void A_turn_writes_so_many_records_and_the_next_ones_the_rest()
    {
        _driver.Relay.KeepJournal();
        Confirm(150);
        List<MappingRecord> written = [];
        int clocks = 0;
        RecordLine line = new(
            new JournalSettings
            {
                Clock = () =>
                {
                    clocks++;
                    return Instant;
                },
                Write = (in MappingRecord record) =>
                {
                    written.Add(record);
                    return true;
                },
            },
            slot => (UInt128)slot + 1);
        Assert.Equal(_driver.Now, line.Continue(_driver.Relay, _driver.Now));
        Assert.Equal(Limits.RecordsPerTurn, written.Count);
        Assert.Equal(_driver.Now, line.Continue(_driver.Relay, _driver.Now));
        Assert.Equal(Tick.Never, line.Continue(_driver.Relay, _driver.Now));
        Assert.Equal((150, 3), (written.Count, clocks));
        Assert.Equal(Tick.Never, line.Continue(_driver.Relay, _driver.Now));
        Assert.Equal(3, clocks);
        Assert.All(written, record => Assert.Equal(Instant, record.Written));
        Assert.Equal(Enumerable.Range(1, 150).Select(local => (UInt128)local), written.Select(record => record.UpstreamLocal));
    }

    [Fact]
    public void A_record_that_there_is_no_room_for_is_asked_for_again_after_a_while_and_ends_too()
    {
        _driver.Relay.KeepJournal();
        Confirm(3);
        List<MappingRecord> written = [];
        int room = 2;
        int asked = 0;
        RecordLine line = new(
            new JournalSettings
            {
                Clock = () => Instant,
                Write = (in MappingRecord record) =>
                {
                    asked++;
                    bool isLeft = written.Count < room;
                    written.AddRange(isLeft ? [record] : []);
                    return isLeft;
                },
            },
            slot => (UInt128)slot + 1);
        Tick again = _driver.Now + Limits.NoRoomForRecords;
        Assert.Equal(again, line.Continue(_driver.Relay, _driver.Now));
        Assert.Equal(again, line.Continue(_driver.Relay, _driver.Now));
        Assert.Equal((2, 3), (written.Count, asked));
        room = 3;
        Assert.Equal(Tick.Never, line.Continue(_driver.Relay, again));
        Assert.Equal(3, written.DistinctBy(record => record.Source).Count());

        _driver.Pass(3_600);
        Assert.Equal(_driver.Now + Limits.NoRoomForRecords, line.Continue(_driver.Relay, _driver.Now));
        Assert.Equal(3, written.Count);
        room = 6;
        Assert.Equal(Tick.Never, line.Continue(_driver.Relay, _driver.Now + Limits.NoRoomForRecords));
        Assert.Equal(3, written.Where(record => record.IsEnded).DistinctBy(record => record.Source).Count());
    }

    [Fact]
    public void A_turn_restores_so_many_mappings_and_passes_over_those_of_others()
    {
        MappingRecord[] records = [.. Confirm(150).Select(slot => _driver.Relay.RecordOf(slot, _driver.Now) with { Written = Instant })];
        Relay relay = new(new RelaySettings { MaxMappings = 512 }, [.. _driver.Routes]);
        int opened = 0;
        RestoreBatch? done = null;
        RestoreLine line = new(
            source => source.Port % 2 == 0,
            (int slot, in MappingRecord record, Tick now) =>
            {
                // Every tenth does not open.
                if (++opened % 10 == 0)
                {
                    relay.OpenFailed(slot);
                    return false;
                }

                relay.Restored(slot, record.UpstreamPort, record.UpstreamPort);
                return true;
            },
            batch => done = batch,
            static (in MappingRecord record, Relay _) => record.Source);
        RestoreBatch batch = new(records, () => Instant, _ => { });
        batch.Begin();
        Assert.Equal(RestoreOutcome.Waiting, line.Post(batch));
        Assert.Equal(RestoreOutcome.Busy, line.Post(batch));
        Assert.True(line.Continue(relay, _driver.Now));
        Assert.Equal(Limits.RestoredPerTurn, opened);
        Assert.False(line.Continue(relay, _driver.Now));
        Assert.Same(batch, done);
        Assert.Equal(75, opened);
        Assert.Equal(
            [(RestoreVerdict.Waiting, 75), (RestoreVerdict.Restored, 68), (RestoreVerdict.NotOpened, 7)],
            batch.Verdicts.ToArray().GroupBy(verdict => verdict).Select(group => (group.Key, group.Count())).OrderBy(each => each.Key));
        Assert.False(line.Continue(relay, _driver.Now));
    }

    // Asking whose a record is costs, too: a batch may hold a thousand that are another worker's.
    [Fact]
    public void A_turn_looks_at_so_many_records_whosever_they_are()
    {
        Relay relay = new(new RelaySettings(), [.. _driver.Routes]);
        List<int> looks = [];
        RestoreLine line = new(
            _ =>
            {
                looks[^1]++;
                return false;
            },
            (int _, in MappingRecord _, Tick _) => true,
            _ => { },
            static (in MappingRecord record, Relay _) => record.Source);
        line.Post(new RestoreBatch(new MappingRecord[1_024], () => Instant, _ => { }));
        do
        {
            looks.Add(0);
        }
        while (line.Continue(relay, _driver.Now));
        Assert.Equal(Enumerable.Repeat(256, 4), looks);
    }

    [Fact]
    public void What_comes_from_a_client_restores_its_mapping_before_its_turn_and_once()
    {
        MappingRecord[] records = [.. Confirm(150).Select(slot => _driver.Relay.RecordOf(slot, _driver.Now) with { Written = Instant })];
        Relay relay = new(new RelaySettings { MaxMappings = 512 }, [.. _driver.Routes]);
        List<Source> opened = [];
        RestoreLine line = new(
            source => source != records[7].Source,
            (int slot, in MappingRecord record, Tick _) =>
            {
                opened.Add(record.Source);
                relay.Restored(slot, record.UpstreamPort, record.UpstreamPort);
                return true;
            },
            _ => { },
            static (in MappingRecord record, Relay _) => record.Source);
        RestoreBatch batch = new(records, () => Instant, _ => { });
        Assert.False(line.HasBatch);
        line.RestoreClient(relay, records[140].Source, _driver.Now);
        batch.Begin();
        line.Post(batch);
        Assert.True(line.HasBatch);
        line.RestoreClient(relay, records[140].Source, _driver.Now);
        line.RestoreClient(relay, records[140].Source, _driver.Now);
        line.RestoreClient(relay, records[7].Source, _driver.Now);
        line.RestoreClient(relay, RelayDriver.Client(5_000), _driver.Now);
        Assert.Equal([records[140].Source], opened);
        Assert.Equal(RestoreVerdict.Restored, batch.Verdicts[140]);
        while (line.Continue(relay, _driver.Now))
        {
        }

        Assert.Equal(149, opened.Distinct().Count());
        Assert.Equal(149, opened.Count);
        Assert.False(line.HasBatch);
    }

    [Fact]
    public void No_mapping_has_its_turn_before_it_may_and_a_client_that_speaks_does_not_wait()
    {
        MappingRecord[] records = [.. Confirm(3).Select(slot => _driver.Relay.RecordOf(slot, _driver.Now) with { Written = Instant })];
        Relay relay = new(new RelaySettings(), [.. _driver.Routes]);
        bool mayBegin = false;
        List<Source> opened = [];
        RestoreLine line = new(
            _ => true,
            (int slot, in MappingRecord record, Tick _) =>
            {
                opened.Add(record.Source);
                relay.Restored(slot, record.UpstreamPort, record.UpstreamPort);
                return true;
            },
            _ => { },
            static (in MappingRecord record, Relay _) => record.Source,
            () => mayBegin);
        RestoreBatch batch = new(records, () => Instant, _ => { });
        batch.Begin();
        line.Post(batch);
        Assert.False(line.Continue(relay, _driver.Now));
        line.RestoreClient(relay, records[2].Source, _driver.Now);
        Assert.Equal([records[2].Source], opened);
        mayBegin = true;
        while (line.Continue(relay, _driver.Now))
        {
        }

        Assert.Equal([records[2].Source, records[0].Source, records[1].Source], opened);
        Assert.False(line.HasBatch);
    }

    [Fact]
    public void What_waits_when_the_owner_ends_is_told_and_nothing_waits_after_that()
    {
        RestoreLine line = new(_ => true, (int _, in MappingRecord _, Tick _) => true, _ => { }, static (in MappingRecord record, Relay _) => record.Source);
        List<RestoreBatch> told = [];
        RestoreBatch batch = new([], () => Instant, told.Add);
        Assert.Equal(RestoreOutcome.Waiting, line.Post(batch));
        line.Close(waiting => waiting.End(RestoreOutcome.NotRunning));
        Assert.Equal([batch], told);
        Assert.Equal(RestoreOutcome.NotRunning, batch.Outcome);
        Assert.Equal(RestoreOutcome.NotRunning, line.Post(batch));
    }

    [Fact]
    public void Where_the_local_address_is_unknown_a_records_is_left_out()
    {
        MappingRecord record = _driver.Relay.RecordOf(Confirm(1)[0], _driver.Now) with { Written = Instant };
        record.Source = Source.From(record.Source.ToEndPoint(), System.Net.IPAddress.Loopback);
        Relay relay = new(new RelaySettings(), [.. _driver.Routes]);
        Source? opened = null;
        RestoreLine line = new(
            _ => true,
            (int slot, in MappingRecord _, Tick _) =>
            {
                opened = relay.SourceOf(slot);
                return true;
            },
            _ => { },
            static (in MappingRecord each, Relay _) => Source.From(each.Source.ToEndPoint()));
        line.Post(new RestoreBatch([record], () => Instant, _ => { }));
        Assert.False(line.Continue(relay, _driver.Now));
        Assert.Equal(Source.From(record.Source.ToEndPoint()), opened);
    }

    [Fact]
    public void A_batch_is_bounded() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new RestoreBatch(new MappingRecord[RestoreBatch.MostRecords + 1], () => Instant, _ => { }));

    private int[] Confirm(int count) =>
        [.. Enumerable.Range(0, count).Select(i => _driver.Confirm(RelayDriver.Client(i), 0xC000 + (uint)i, 0x5000 + (uint)i))];
}
