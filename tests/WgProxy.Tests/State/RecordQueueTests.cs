using WgProxy.Core.Journal;
using WgProxy.State;

namespace WgProxy.Tests.State;

/// <summary>Records on their way to the thread that writes them.</summary>
public sealed class RecordQueueTests
{
    private readonly byte[] _bytes = new byte[MappingRecord.Size];

    [Fact]
    public void Records_come_in_their_order_and_what_there_is_no_room_for_is_refused()
    {
        RecordQueue queue = new(8);
        for (int round = 0; round < 5; round++)
        {
            for (int i = 0; i < 8; i++)
            {
                Assert.True(queue.TryAdd(AnyMapping.Record(i)));
            }

            Assert.False(queue.TryAdd(AnyMapping.Record(9)));
            for (int i = 0; i < 8; i++)
            {
                MappingRecord record = AnyMapping.Record(i);
                Assert.True(queue.TryTake(out RecordQueue.Entry entry, _bytes));
                Assert.Equal((MappingKey.Of(record), false), (entry.Key, entry.IsEnded));
                Assert.Equal(record.Source, Read().Source);
            }

            Assert.False(queue.HasNext);
            Assert.False(queue.TryTake(out _, _bytes));
        }
    }

    [Fact]
    public void What_the_file_needs_to_know_is_in_the_entry()
    {
        RecordQueue queue = new(2);
        MappingRecord record = AnyMapping.Record(70);
        Assert.True(queue.TryAdd(record));
        Assert.True(queue.TryAdd(AnyMapping.End(70)));
        Assert.True(queue.TryTake(out RecordQueue.Entry entry, _bytes));
        Assert.Equal((record.Written.Utc - 70_000, record.Written.Utc + 300_000), (entry.Used, entry.Expires));
        Assert.True(queue.TryTake(out RecordQueue.Entry end, _bytes));
        Assert.True(end.IsEnded);
        Assert.Equal(entry.Key, end.Key);
    }

    [Fact]
    public async Task Several_threads_leave_records_and_each_arrives_once_and_whole()
    {
        const int threads = 4;
        const int each = 20_000;
        RecordQueue queue = new(64);
        Task[] leaving = [.. Enumerable.Range(0, threads).Select(thread => Task.Run(() =>
        {
            MappingRecord record = AnyMapping.Record(thread);
            for (int i = 0; i < each; i++)
            {
                record.UplinkBytes = record.DownlinkBytes = i;
                while (!queue.TryAdd(record))
                {
                    Thread.Yield();
                }
            }
        }))];
        Dictionary<Source, long> next = [];
        for (int i = 0; i < threads * each;)
        {
            if (queue.TryTake(out RecordQueue.Entry entry, _bytes))
            {
                MappingRecord record = Read();
                Assert.Equal(entry.Key.Source, record.Source);
                Assert.Equal((next.GetValueOrDefault(record.Source), record.UplinkBytes), (record.UplinkBytes, record.DownlinkBytes));
                next[record.Source] = record.UplinkBytes + 1;
                i++;
            }
        }

        await Task.WhenAll(leaving);
        Assert.False(queue.HasNext);
        Assert.All(next.Values, count => Assert.Equal(each, count));
    }

    [Fact]
    public void To_leave_a_record_allocates_nothing()
    {
        RecordQueue queue = new(1_024);
        MappingRecord record = AnyMapping.Record(1);
        Assert.True(queue.TryAdd(record));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            _ = queue.TryAdd(record);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private MappingRecord Read()
    {
        Assert.True(MappingRecord.TryRead(_bytes, out MappingRecord record));
        return record;
    }
}
