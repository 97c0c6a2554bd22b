using WgProxy.Core.Protocol;
using WgProxy.Core.Tests.Vectors;

namespace WgProxy.Core.Tests.Protocol;

/// <summary>Every test runs over both compressions.</summary>
public sealed class Blake2sTests
{
    public static TheoryData<bool> Paths => [false, true];

    [Theory]
    [MemberData(nameof(Paths))]
    public void Hashes_abc_as_in_RFC_7693_appendix_B(bool vectorised)
    {
        RequirePath(vectorised);
        Assert.Equal(
            "508C5E8C327C14E2E1A72BA34EEB452F37458B209ED63A294D999B4C86675982",
            Convert.ToHexString(Hash("abc"u8, 32, vectorised)));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Passes_the_self_test_of_RFC_7693_appendix_E(bool vectorised)
    {
        RequirePath(vectorised);
        List<byte> digests = [];
        foreach (int digestLength in (int[])[16, 20, 28, 32])
        {
            foreach (int length in (int[])[0, 3, 64, 65, 255, 1024])
            {
                byte[] data = SelfTestSequence(length, (uint)length);
                digests.AddRange(Hash(data, digestLength, vectorised));
                byte[] key = SelfTestSequence(digestLength, (uint)digestLength);
                digests.AddRange(Mac(key, data, digestLength, vectorised));
            }
        }

        Assert.Equal(
            "6A411F08CE25ADCDFB02ABA641451CEC53C598B24F4FC787FBDC88797F4C1DFE",
            Convert.ToHexString(Hash([.. digests], 32, vectorised)));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Gives_the_known_answers(bool vectorised)
    {
        RequirePath(vectorised);
        IReadOnlyList<string[]> rows = VectorFile.Read("blake2s-kat.txt");
        Assert.Equal(256, rows.Count);
        for (int n = 0; n < rows.Count; n++)
        {
            byte[] data = VectorFile.Counting(n);
            Assert.Equal(rows[n][1], Convert.ToHexStringLower(Hash(data, 32, vectorised)));
            Assert.Equal(rows[n][2], Convert.ToHexStringLower(Mac(VectorFile.Counting(32), data, 32, vectorised)));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Agrees_with_OpenSSL_at_random_lengths(bool vectorised)
    {
        RequirePath(vectorised);
        LibCrypto.Require();
        Random random = new(7693);
        for (int i = 0; i < 4_000; i++)
        {
            byte[] key = Bytes(random, random.Next(1, 33));
            byte[] data = Bytes(random, random.Next(0, 600));
            int macLength = random.Next(1, 33);
            Assert.Equal(LibCrypto.Blake2sMac(key, data, macLength), Mac(key, data, macLength, vectorised));
            Assert.Equal(LibCrypto.Blake2s(data), Hash(data, 32, vectorised));
        }
    }

    [Fact]
    public void Public_calls_and_both_paths_agree()
    {
        byte[] key = VectorFile.Counting(16);
        byte[] data = VectorFile.Counting(200);
        byte[] digest = new byte[32];
        Blake2s.Hash(data, digest);
        Assert.Equal(Hash(data, 32, vectorised: false), digest);
        Blake2s.Mac(key, data, digest);
        Assert.Equal(Mac(key, data, 32, vectorised: false), digest);
        Blake2s.Mac([], data, digest);
        Assert.Equal(Hash(data, 32, vectorised: false), digest);
    }

    // 4 GiB cannot be hashed in a unit test, so the upper word of the counter is judged by both paths alone.
    [Fact]
    public void Both_paths_use_the_whole_counter()
    {
        RequirePath(vectorised: true);
        uint[] scalar = [1, 2, 3, 4, 5, 6, 7, 8];
        uint[] vector = [.. scalar];
        uint[] small = [.. scalar];
        byte[] block = VectorFile.Counting(64);
        Blake2s.Compress(scalar, block, 0x1_0000_0040, last: false, vectorised: false);
        Blake2s.Compress(vector, block, 0x1_0000_0040, last: false, vectorised: true);
        Blake2s.Compress(small, block, 0x40, last: false, vectorised: false);
        Assert.Equal(scalar, vector);
        Assert.NotEqual(scalar, small);
    }

    [Fact]
    public void Refuses_lengths_that_the_hash_does_not_have()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Blake2s.Hash([], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Blake2s.Hash([], new byte[33]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Blake2s.Mac(new byte[33], [], new byte[32]));
    }

    internal static void RequirePath(bool vectorised) =>
        Assert.SkipUnless(!vectorised || Blake2sVector.IsSupported, "This processor lacks the vector instructions.");

    internal static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static byte[] Hash(ReadOnlySpan<byte> data, int length, bool vectorised)
    {
        byte[] digest = new byte[length];
        Blake2s.Hash(data, digest, vectorised);
        return digest;
    }

    private static byte[] Mac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, int length, bool vectorised)
    {
        byte[] mac = new byte[length];
        Blake2s.Mac(key, data, mac, vectorised);
        return mac;
    }

    // The generator that the appendix defines: the upper bytes of a Fibonacci sequence.
    private static byte[] SelfTestSequence(int length, uint seed)
    {
        byte[] bytes = new byte[length];
        (uint a, uint b) = (0xDEAD4BAD * seed, 1);
        for (int i = 0; i < length; i++)
        {
            (a, b) = (b, a + b);
            bytes[i] = (byte)(b >> 24);
        }

        return bytes;
    }
}
