using WgProxy.Core.Containers;

namespace WgProxy.Core.Tests.Containers;

public sealed class TokenBucketTests
{
    [Fact]
    public void Holds_a_burst_and_refills_at_its_rate()
    {
        TokenBucket bucket = default;
        Assert.Equal(5, Take(ref bucket, new Tick(9_000)));
        Assert.Equal(0, Take(ref bucket, new Tick(9_499)));
        Assert.Equal(1, Take(ref bucket, new Tick(9_500)));
        Assert.Equal(2, Take(ref bucket, new Tick(10_500)));
        Assert.Equal(5, Take(ref bucket, new Tick(1_000_000)));
    }

    [Fact]
    public void Is_full_after_however_long_a_silence()
    {
        TokenBucket bucket = default;
        Assert.True(bucket.TryTake(64 << 20, 64 << 20, 64 << 20, new Tick(long.MaxValue / 2)));
        Assert.False(bucket.TryTake(64 << 20, 64 << 20, 64 << 20, new Tick((long.MaxValue / 2) + 1)));
    }

    private static int Take(ref TokenBucket bucket, Tick now)
    {
        int taken = 0;
        while (bucket.TryTake(1, perSecond: 2, burst: 5, now))
        {
            taken++;
        }

        return taken;
    }

    [Fact]
    public void A_smaller_burst_leaves_the_rest_and_fills_no_slower()
    {
        TokenBucket bucket = default;
        Tick now = new(1_000_000);
        Assert.True(bucket.TryTake(3, 18, 3, now));
        Assert.False(bucket.TryTake(1, 18, 3, now));
        Assert.True(bucket.TryTake(2, 18, 5, now));
        Assert.False(bucket.TryTake(1, 18, 5, now));
        Assert.True(bucket.TryTake(3, 18, 3, now + 278));
        Assert.False(bucket.TryTake(1, 18, 3, now + 278));
    }
}
