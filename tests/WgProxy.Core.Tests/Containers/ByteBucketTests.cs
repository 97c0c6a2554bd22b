using WgProxy.Core.Containers;

namespace WgProxy.Core.Tests.Containers;

/// <summary>A bucket of bytes: exact to the byte at any rate, for years.</summary>
public sealed class ByteBucketTests
{
    private const long Burst = 128 << 10;

    [Fact]
    public void A_default_bucket_is_full_at_any_instant()
    {
        foreach (long milliseconds in new[] { 0L, 1, 999, 1_000, 1L << 40 })
        {
            ByteBucket bucket = default;
            Assert.Equal(3, bucket.Fit(3, 40_000, 1_000_000, Burst, new Tick(milliseconds)));
            Assert.Equal(3, bucket.Fit(9, 40_000, 1_000_000, Burst, new Tick(milliseconds)));
        }
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(1_234_567)]
    [InlineData(12_500_000_000)]
    public void What_passes_in_the_long_run_is_the_rate_to_the_byte(long perSecond)
    {
        ByteBucket bucket = default;
        long burst = Math.Max(Burst, perSecond / 10);
        Tick start = new((3L * 365 * 86_400_000) + 123);
        Random random = new(7);
        long passed = 0;
        Tick now = start;
        while (now - start < 60_000)
        {
            int size = random.Next(33, 65_536);
            int granted = bucket.Fit(int.MaxValue, size, perSecond, burst, now);
            passed += (long)granted * size;
            long left = bucket.Take((long)granted * size, perSecond, burst, now);
            Assert.InRange(left, 0, size - 1);
            passed += left;
            Assert.Equal(0, bucket.Take(left, perSecond, burst, now));
            now += random.Next(1, 40);
            if (random.Next(10) == 0)
            {
                Assert.Equal(0, bucket.Fit(1, (int)Math.Min(int.MaxValue, Flowed(perSecond, start, now) + burst - passed + 1), perSecond, burst, now));
            }
        }

        // The last instant at which it was emptied: all that had flowed in since the start, and the burst.
        passed += bucket.Fit(int.MaxValue, 1, perSecond, burst, now);
        Assert.Equal(burst + Flowed(perSecond, start, now), passed);
    }

    [Fact]
    public void Threads_that_share_a_bucket_pass_as_much_together_as_one_alone()
    {
        ByteBucket bucket = default;
        long passed = 0;
        Tick now = new(5_000);
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                Interlocked.Add(ref passed, bucket.TakeShared(1, 100, 1_000_000, Burst, now, out long _) * 100L);
            }
        });
        Assert.Equal(Burst / 100 * 100, passed);
    }

    [Fact]
    public void What_is_given_back_can_be_taken_again()
    {
        ByteBucket bucket = default;
        long passed = 0;
        Tick now = new(5_000);
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                int granted = bucket.TakeShared(4, 100, 1_000_000, Burst, now, out long _);
                int used = granted / 2;
                bucket.Return((granted - used) * 100L);
                Interlocked.Add(ref passed, used * 100L);
            }
        });
        Assert.InRange(passed, Burst - 200, Burst);
        Assert.Equal((Burst - passed) / 100, bucket.TakeShared(9, 100, 1_000_000, Burst, now, out _));
    }

    [Fact]
    public void An_instant_that_lags_behind_refills_nothing()
    {
        ByteBucket bucket = default;
        Assert.Equal(1, bucket.TakeShared(1, (int)Burst, 1_000_000, Burst, new Tick(10_000), out long left));
        Assert.Equal(0, left);
        Assert.Equal(0, bucket.TakeShared(1, 100, 1_000_000, Burst, new Tick(9_500), out _));
        Assert.Equal(0, bucket.Fit(1, 100, 1_000_000, Burst, new Tick(9_500)));
    }

    [Fact]
    public void What_was_owed_by_another_rate_is_forgotten_within_a_second_and_a_burst()
    {
        ByteBucket bucket = default;
        Tick now = new(86_400_000);
        bucket.Take(1_000_000, 100_000_000, 10_000_000, now);
        Assert.True(bucket.Fit(1, 1_000, 1_000, Burst, now + 132_073) > 0);
    }

    private static long Flowed(long perSecond, Tick from, Tick to) =>
        (long)((Int128)to.Milliseconds * perSecond / 1_000) - (long)((Int128)from.Milliseconds * perSecond / 1_000);
}
