using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

public sealed class FixedTimeTests
{
    [Fact]
    public void Sees_every_single_bit_and_pairs_of_them()
    {
        Random random = new(128);
        byte[] left = Blake2sTests.Bytes(random, 16);
        byte[] right = [.. left];
        Assert.True(FixedTime.AreEqual(left, right));
        for (int bit = 0; bit < 128; bit++)
        {
            Flip(right, bit);
            Assert.False(FixedTime.AreEqual(left, right));

            // Two differences must not cancel out, wherever the second is.
            for (int other = 0; other < 128; other++)
            {
                Flip(right, other);
                Assert.Equal(other == bit, FixedTime.AreEqual(left, right));
                Flip(right, other);
            }

            Flip(right, bit);
        }
    }

    private static void Flip(byte[] bytes, int bit) => bytes[bit / 8] ^= (byte)(1 << (bit % 8));
}
