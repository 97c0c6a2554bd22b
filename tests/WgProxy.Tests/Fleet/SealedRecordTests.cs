using System.Text;
using WgProxy.Core.Journal;
using WgProxy.Fleet;
using WgProxy.Tests.State;

namespace WgProxy.Tests.Fleet;

/// <summary>What a record looks like in the store: only those who have the fleet's key can read it or make one.</summary>
public sealed class SealedRecordTests
{
    private static readonly FleetKey Key = new([.. Enumerable.Range(1, 32).Select(value => (byte)value)]);
    private static readonly FleetKey Other = new([.. Enumerable.Range(2, 32).Select(value => (byte)value)]);

    [Fact]
    public void A_record_comes_back_as_it_was_but_for_the_host_that_wrote_it()
    {
        MappingRecord record = AnyMapping.Record(7);
        byte[] bytes = Seal(record, 1_000_000);
        Assert.Equal(SealVerdict.Opened, SealedRecord.Open(Key, bytes, out FleetRecord? opened));
        Assert.Equal(("relay-a", 1_000_000L), (opened!.Relay, opened.Written));
        record.Written = default;
        Assert.Equal(AnyMapping.Bytes(record), AnyMapping.Bytes(opened.Record));
        Assert.InRange(bytes.Length, 150, 330);
    }

    [Fact]
    public void An_end_is_a_record_too()
    {
        Assert.Equal(SealVerdict.Opened, SealedRecord.Open(Key, Seal(AnyMapping.End(3), 5), out FleetRecord? opened));
        Assert.True(opened!.Record.IsEnded);
        Assert.Equal(MappingKeyOf(AnyMapping.End(3)), MappingKeyOf(opened.Record));
    }

    [Fact]
    public void Every_changed_bit_and_every_other_length_is_refused()
    {
        byte[] bytes = Seal(AnyMapping.Record(7), 1_000_000);
        for (int at = 0; at < bytes.Length; at++)
        {
            byte[] changed = [.. bytes];
            changed[at] ^= (byte)(1 << (at % 8));
            Assert.Equal(at == 0 ? SealVerdict.OtherVersion : SealVerdict.Forged, SealedRecord.Open(Key, changed, out FleetRecord? opened));
            Assert.Null(opened);
            Assert.Equal(SealVerdict.Forged, SealedRecord.Open(Key, bytes.AsSpan(0, at), out _));
        }

        Assert.Equal(SealVerdict.Forged, SealedRecord.Open(Key, [.. bytes, 0], out _));
        Assert.Equal(SealVerdict.Forged, SealedRecord.Open(Key, new byte[SealedRecord.Longest + 1] is var longer && (longer[0] = 1) == 1 ? longer : [], out _));
        Assert.Equal(SealVerdict.Forged, SealedRecord.Open(Other, bytes, out _));
    }

    [Fact]
    public void The_bytes_and_the_names_tell_no_address_index_or_name()
    {
        MappingRecord record = AnyMapping.Record(7);
        FleetBatch batch = new(Key, "relay-a", new byte[16]);
        batch.Add(record);
        batch.Seal(0);
        byte[] source = new byte[4];
        Assert.True(record.Source.Address.MapToIPv4().TryWriteBytes(source, out _));
        foreach ((StackExchange.Redis.RedisKey name, StackExchange.Redis.RedisValue value, _) in batch.Values)
        {
            foreach (byte[] told in (byte[][])[[.. (byte[])name!], [.. (byte[])value!]])
            {
                Assert.Equal(-1, told.AsSpan().IndexOf(source));
                Assert.Equal(-1, told.AsSpan().IndexOf(BitConverter.GetBytes(record.Tunnel.Pairs[0].ServerIndex)));
                Assert.Equal(-1, told.AsSpan().IndexOf((ReadOnlySpan<byte>)record.Route));
                Assert.DoesNotContain("relay-a", Encoding.Latin1.GetString(told), StringComparison.Ordinal);
            }
        }

        Assert.Equal(2, batch.Values.Count);
        Assert.NotEqual(NamesOf(Key, record), NamesOf(Other, record));
    }

    [Fact]
    public void No_two_records_have_the_same_nonce()
    {
        FleetBatch batch = new(Key, "relay-a", new byte[16]);
        HashSet<string> nonces = [];
        for (int round = 0; round < 4; round++)
        {
            batch.Clear();
            for (int i = 0; i < FleetBatch.MostRecords; i++)
            {
                batch.Add(AnyMapping.Record(i));
            }

            batch.Seal(0);
            Assert.All(batch.Values.Where((_, at) => at % 2 == 0), each => Assert.True(nonces.Add(Convert.ToHexString(((byte[])each.Value!).AsSpan(1, 24)))));
        }

        Assert.Equal(4 * FleetBatch.MostRecords, nonces.Count);
    }

    [Fact]
    public void A_relays_name_may_be_of_64_bytes_and_a_record_full()
    {
        string name = new('n', SealedRecord.LongestName);
        MappingRecord record = AnyMapping.Record(7);
        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            record.Tunnel.Pairs[position] = record.Tunnel.Questions[position] = new RecordedIndices { ServerIndex = 1, ClientIndex = uint.MaxValue, Remaining = uint.MaxValue, Marks = IndexMarks.All };
        }

        byte[] bytes = new byte[SealedRecord.Longest];
        int length = SealedRecord.Write(Key, new byte[24], Encoding.UTF8.GetBytes(name), long.MaxValue, record, bytes);
        Assert.Equal(SealVerdict.Opened, SealedRecord.Open(Key, bytes.AsSpan(0, length), out FleetRecord? opened));
        Assert.Equal(name, opened!.Relay);
    }

    [Fact]
    public void The_age_is_by_the_stores_clock_whatever_the_writers_clock_said()
    {
        MappingRecord record = AnyMapping.Record(7);
        record.Written = record.Written with { Utc = 0 };
        Assert.Equal(SealVerdict.Opened, SealedRecord.Open(Key, Seal(record, 1_000_000), out FleetRecord? opened));
        JournalInstant now = new(77, 5, 9_000_000);
        Assert.Equal(4_000, now.Since(opened!.SeenAt(now, 1_004_000).Record.Written));
        Assert.Equal(0, now.Since(opened.SeenAt(now, 900_000).Record.Written));
        Assert.True(opened.LeadsTo(record.Tunnel.Pairs[0].ServerIndex, 179_999));
        Assert.False(opened.LeadsTo(record.Tunnel.Pairs[0].ServerIndex, 180_000));
        Assert.False(opened.LeadsTo(record.Tunnel.Pairs[0].ServerIndex + 1, 0));
    }

    private static byte[] Seal(in MappingRecord record, long written)
    {
        byte[] bytes = new byte[SealedRecord.Longest];
        return bytes[..SealedRecord.Write(Key, [.. Enumerable.Range(9, 24).Select(value => (byte)value)], "relay-a"u8, written, record, bytes)];
    }

    private static string NamesOf(FleetKey key, in MappingRecord record)
    {
        byte[] name = new byte[FleetKey.MappingNameSize];
        key.WriteMappingName(Encoding.ASCII.GetBytes(key.RelayName("relay-a")), record, name);
        return Encoding.ASCII.GetString(name);
    }

    private static WgProxy.State.MappingKey MappingKeyOf(in MappingRecord record) => WgProxy.State.MappingKey.Of(record);
}
