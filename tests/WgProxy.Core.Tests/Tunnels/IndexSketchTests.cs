using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Tunnels;

/// <summary>What workers show each other of their indices.</summary>
public sealed class IndexSketchTests
{
    [Fact]
    public void What_a_worker_has_is_shown_and_what_it_had_is_not()
    {
        const int workers = 3;
        IndexSketch sketch = new(workers, slots: 100, (1, 2));
        HashSet<uint>[] has = [.. Enumerable.Range(0, workers).Select(_ => new HashSet<uint>())];
        Random random = new(3);
        for (int step = 0; step < 100_000; step++)
        {
            int worker = random.Next(workers);
            uint index = (uint)random.Next(400);
            if (has[worker].Add(index))
            {
                sketch.Add(worker, index);
            }
            else
            {
                has[worker].Remove(index);
                sketch.Remove(worker, index);
            }

            uint any = (uint)random.Next(400);
            for (int other = 0; other < workers; other++)
            {
                Assert.True(sketch.MayHave(other, any) || !has[other].Contains(any));
            }

            Assert.True(sketch.MayBeElsewhere(worker, any) || !has.Where((_, other) => other != worker).Any(known => known.Contains(any)));
        }

        foreach ((HashSet<uint> known, int worker) in has.Select((known, worker) => (known, worker)))
        {
            Assert.All(known, index => sketch.Remove(worker, index));
        }

        Assert.All(Enumerable.Range(0, 400), index => Assert.All(Enumerable.Range(0, workers), worker => Assert.False(sketch.MayHave(worker, (uint)index))));
    }

    [Fact]
    public void A_row_with_more_indices_than_it_can_count_is_never_taken_for_empty()
    {
        IndexSketch sketch = new(1, slots: 0, (1, 2));
        for (uint index = 0; index < 300; index++)
        {
            sketch.Add(0, index);
        }

        for (uint index = 0; index < 299; index++)
        {
            sketch.Remove(0, index);
        }

        Assert.True(sketch.MayHave(0, 299));
    }

    /// <summary>Indices that meet in a row under one seed do not under another.</summary>
    [Fact]
    public void Crafted_indices_fill_no_row_of_a_process_with_another_seed()
    {
        IndexSketch known = new(1, slots: 1_000, (1, 2));
        known.Add(0, 0);
        uint[] crafted = [.. Enumerable.Range(1, 2_000_000).Select(index => (uint)index).Where(index => known.MayHave(0, index)).Take(300)];
        Assert.Equal(300, crafted.Length);
        IndexSketch other = new(1, slots: 1_000, (3, 4));
        other.Add(0, crafted[0]);
        Assert.InRange(crafted.Skip(1).Count(index => other.MayHave(0, index)), 0, 5);
    }

    [Fact]
    public async Task What_is_counted_before_a_message_leaves_is_seen_by_who_gets_the_message()
    {
        IndexSketch sketch = new(2, slots: 1_000, (1, 2));
        sketch.Add(0, 0);
        uint sent = 0;
        Task owner = Task.Run(
            () =>
            {
                for (uint index = 1; index <= 1_000_000; index++)
                {
                    sketch.Add(0, index);
                    Volatile.Write(ref sent, index);
                    sketch.Remove(0, index - 1);
                }
            },
            TestContext.Current.CancellationToken);
        while (!owner.IsCompleted)
        {
            uint index = Volatile.Read(ref sent);
            bool isShown = sketch.MayHave(0, index);
            Assert.True(isShown || Volatile.Read(ref sent) != index);
        }

        await owner;
        Assert.True(sketch.MayHave(0, 1_000_000));
    }
}
