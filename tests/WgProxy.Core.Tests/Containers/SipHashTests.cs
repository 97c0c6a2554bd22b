using System.Buffers.Binary;
using WgProxy.Core.Containers;
using WgProxy.Core.Tests.Protocol;
using WgProxy.Core.Tests.Vectors;

namespace WgProxy.Core.Tests.Containers;

public sealed class SipHashTests
{
    [Fact]
    public void Gives_the_published_results_of_SipHash_2_4()
    {
        IReadOnlyList<string[]> rows = VectorFile.Read("siphash24.txt");
        Assert.Equal(64, rows.Count);
        for (int n = 0; n < rows.Count; n++)
        {
            ulong expected = BinaryPrimitives.ReadUInt64LittleEndian(Convert.FromHexString(rows[n][1]));
            ulong hash = SipHash.Hash(0x0706050403020100, 0x0F0E0D0C0B0A0908, VectorFile.Counting(n), 2, 4);
            Assert.Equal(expected, hash);
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    public void Agrees_with_OpenSSL(int compressions, int finalizations)
    {
        LibCrypto.Require();
        Random random = new(compressions);
        for (int i = 0; i < 1_000; i++)
        {
            byte[] key = Blake2sTests.Bytes(random, 16);
            byte[] data = Blake2sTests.Bytes(random, random.Next(0, 300));
            byte[] expected = LibCrypto.SipHash(key, data, (uint)compressions, (uint)finalizations);
            ulong k0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
            ulong k1 = BinaryPrimitives.ReadUInt64LittleEndian(key.AsSpan(8));
            Assert.Equal(
                BinaryPrimitives.ReadUInt64LittleEndian(expected),
                SipHash.Hash(k0, k1, data, compressions, finalizations));
        }
    }

    [Fact]
    public void Words_hash_as_their_bytes_do()
    {
        Random random = new(13);
        for (int i = 0; i < 1_000; i++)
        {
            byte[] bytes = Blake2sTests.Bytes(random, 56);
            ulong[] w = new ulong[7];
            for (int n = 0; n < w.Length; n++)
            {
                w[n] = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8 * n));
            }

            Assert.Equal(SipHash.Hash(w[0], w[1], bytes.AsSpan(16, 8), 1, 3), SipHash.Hash(w[0], w[1], w[2]));
            Assert.Equal(
                SipHash.Hash(w[0], w[1], bytes.AsSpan(16), 1, 3),
                SipHash.Hash(w[0], w[1], w[2], w[3], w[4], w[5], w[6]));
        }
    }
}
