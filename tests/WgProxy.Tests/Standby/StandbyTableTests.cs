using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Vocabulary;
using WgProxy.Standby;

namespace WgProxy.Tests.Standby;

/// <summary>The table of a standby: whose record counts, and that it stays within its bounds.</summary>
public sealed class StandbyTableTests
{
    private const long Now = 1_800_000_000_000;

    private readonly StandbyTable _table = new(4, early: null);

    [Fact]
    public void The_last_writer_wins_whatever_comes_last()
    {
        Assert.True(_table.Put(Record(1, port: 1_000), 10));
        Assert.True(_table.Put(Record(1, port: 2_000), 20));
        Assert.False(_table.Put(Record(1, port: 3_000), 15));
        Assert.Equal([2_000], _table.Snapshot().Select(record => (int)record.UpstreamPort));
    }

    // A record that was read from the store while its mapping ended must not bring it back.
    [Fact]
    public void What_has_ended_does_not_come_back_by_an_older_record()
    {
        Assert.True(_table.Put(Record(1), 10));
        Assert.True(_table.Put(Ended(1), 20));
        Assert.False(_table.Put(Record(1), 15));
        Assert.Equal(0, _table.Count);
        Assert.Empty(_table.Snapshot());
        Assert.True(_table.Put(Record(1), 30));
        Assert.Equal(1, _table.Count);
    }

    [Fact]
    public void It_is_bounded_in_what_lives_and_in_what_has_ended()
    {
        for (int client = 0; client < 100; client++)
        {
            _ = _table.Put(Record(client), 10);
        }

        Assert.Equal(4, _table.Count);
        Assert.Equal(96, _table.Refused);
        for (int client = 0; client < 100; client++)
        {
            _ = _table.Put(Ended(client), 20);
        }

        Assert.Equal(0, _table.Count);
        Assert.True(_table.Put(Record(0), 30));
    }

    [Fact]
    public void What_cannot_live_any_more_is_forgotten_and_makes_room()
    {
        for (int client = 0; client < 4; client++)
        {
            Assert.True(_table.Put(Record(client), 10));
        }

        Assert.False(_table.Put(Record(9), 20));
        _table.Sweep(At(StandbyTable.EndsRemembered + 300_000));
        Assert.Equal(4, _table.Count);
        _table.Sweep(At(StandbyTable.EndsRemembered + 300_001));
        Assert.Equal(0, _table.Count);
        Assert.True(_table.Put(Record(9), 20));
    }

    [Fact]
    public void Those_that_were_used_last_come_first()
    {
        long[] ago = [500, 100, 300, 200];
        for (int client = 0; client < 4; client++)
        {
            MappingRecord record = Record(client);
            record.ValidAgo = ago[client];
            Assert.True(_table.Put(record, 10));
        }

        Assert.Equal([100, 200, 300, 500], _table.Snapshot().Select(record => record.ValidAgo));
    }

    private static JournalInstant At(long later) => new(0, 0, Now + later);

    private static MappingRecord Ended(int client)
    {
        MappingRecord record = Record(client);
        record.Proof = Proof.None;
        return record;
    }

    private static MappingRecord Record(int client, int port = 1_000) => new()
    {
        Source = Source.From(new IPEndPoint(IPAddress.Parse($"198.51.100.{client}"), 51_820)),
        Proof = Proof.Confirmed,
        UpstreamPort = (ushort)port,
        Written = At(0),
        ExpiresIn = 300_000,
    };
}
