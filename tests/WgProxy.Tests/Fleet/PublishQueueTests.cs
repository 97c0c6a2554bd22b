using WgProxy.Core.Journal;
using WgProxy.Fleet;
using WgProxy.Tests.State;

namespace WgProxy.Tests.Fleet;

/// <summary>Records on their way to the thread that publishes them.</summary>
public sealed class PublishQueueTests
{
    [Fact]
    public void When_it_is_full_the_oldest_makes_room()
    {
        PublishQueue queue = new(8);
        int dropped = 0;
        for (int i = 0; i < 20; i++)
        {
            dropped += queue.Add(AnyMapping.Record(i));
        }

        Assert.Equal((12, 8), (dropped, queue.Count));
        Assert.NotNull(queue.Oldest());
        for (int i = 12; i < 20; i++)
        {
            Assert.True(queue.TryTake(out MappingRecord record));
            Assert.Equal(AnyMapping.Record(i).Source, record.Source);
        }

        Assert.False(queue.TryTake(out _));
        Assert.Null(queue.Oldest());
    }

    [Fact]
    public async Task Whatever_many_threads_add_is_taken_once_or_dropped()
    {
        const int each = 50_000;
        PublishQueue queue = new(64);
        long dropped = 0;
        long taken = 0;
        Task[] adding = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            MappingRecord record = AnyMapping.Record(1);
            for (int i = 0; i < each; i++)
            {
                Interlocked.Add(ref dropped, queue.Add(record));
            }
        }))];
        Task all = Task.WhenAll(adding);
        while (!all.IsCompleted || queue.Count > 0)
        {
            taken += queue.TryTake(out MappingRecord record) ? 1 : 0;
            Assert.True(record.UpstreamPort is 0 or 20_001);
        }

        await all;
        Assert.Equal(3 * each, taken + dropped);
    }

    [Fact]
    public void Adding_allocates_nothing()
    {
        PublishQueue queue = new(64);
        MappingRecord record = AnyMapping.Record(1);
        _ = queue.Add(record);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            _ = queue.Add(record);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
