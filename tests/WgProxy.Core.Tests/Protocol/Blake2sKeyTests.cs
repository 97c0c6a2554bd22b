using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

public sealed class Blake2sKeyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Makes_the_same_codes_as_the_hash_with_the_key(bool vectorised)
    {
        Blake2sTests.RequirePath(vectorised);
        Random random = new(2);
        for (int i = 0; i < 2_000; i++)
        {
            byte[] key = Blake2sTests.Bytes(random, random.Next(1, 33));
            byte[] data = Blake2sTests.Bytes(random, random.Next(1, 300));
            byte[] expected = new byte[random.Next(1, 33)];
            byte[] mac = new byte[expected.Length];
            Blake2s.Mac(key, data, expected);
            new Blake2sKey(key, mac.Length).Mac(data, mac, vectorised);
            Assert.Equal(expected, mac);
        }
    }

    [Fact]
    public void Can_be_used_again()
    {
        Blake2sKey key = new([1, 2, 3], 16);
        byte[] first = new byte[16];
        byte[] second = new byte[16];
        key.Mac("data"u8, first);
        key.Mac("data"u8, second);
        Assert.Equal(first, second);
    }

    [Fact]
    public void Refuses_what_it_was_not_made_for()
    {
        Blake2sKey key = new([1], 16);
        Assert.Throws<ArgumentOutOfRangeException>(() => key.Mac([1], new byte[15]));
        Assert.Throws<ArgumentOutOfRangeException>(() => key.Mac([], new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => default(Blake2sKey).Mac([1], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Blake2sKey([], 16));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Blake2sKey(new byte[33], 16));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Blake2sKey([1], 33));
    }
}
