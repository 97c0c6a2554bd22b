using WgProxy.Hosting;

namespace WgProxy.Tests;

public sealed class RandomBitsTests
{
    // A bit that is stuck in 128 draws is stuck; two equal draws of 64 bits would be a wonder.
    [Fact]
    public void Every_bit_is_drawn_both_ways_and_no_draw_comes_twice()
    {
        ulong[] draws = [.. Enumerable.Range(0, 128).Select(_ =>
        {
            byte[] bits = new byte[sizeof(ulong)];
            RandomBits.Fill(bits);
            return BitConverter.ToUInt64(bits);
        })];
        Assert.Equal(ulong.MaxValue, draws.Aggregate(0UL, (sum, draw) => sum | draw));
        Assert.Equal(0UL, draws.Aggregate(ulong.MaxValue, (common, draw) => common & draw));
        Assert.Equal(draws.Length, draws.Distinct().Count());
    }
}
