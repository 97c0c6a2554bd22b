using System.Numerics;
using WgProxy.Core.Protocol;
using WgProxy.Core.Tests.Vectors;

namespace WgProxy.Core.Tests.Protocol;

public sealed class Poly1305Tests
{
    private static readonly BigInteger Prime = BigInteger.Pow(2, 130) - 5;

    [Fact]
    public void Gives_the_tags_of_RFC_8439()
    {
        IReadOnlyList<string[]> rows = VectorFile.Read("poly1305.txt");
        Assert.Equal(12, rows.Count);
        Assert.All(rows, row => Assert.Equal(
            row[3], Convert.ToHexStringLower(Tag(Convert.FromHexString(row[1]), Convert.FromHexString(row[2])))));
    }

    [Fact]
    public void Agrees_with_arithmetic_on_whole_numbers()
    {
        Random random = new(1305);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] key = Blake2sTests.Bytes(random, 32);
            byte[] text = Blake2sTests.Bytes(random, random.Next(0, 100));
            Assert.Equal(Expected(key, text), Tag(key, text));
        }
    }

    // Bytes of all ones, of zeros and near the modulus, where carries and the last reduction happen.
    [Fact]
    public void Agrees_with_arithmetic_where_limbs_overflow()
    {
        byte[] extremes = [0, 0, 0xFF, 0xFF, 0xFF, 0xFE, 0xFB, 0xFA, 0xFC, 1, 0x0F, 0x80];
        Random random = new(130);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] key = random.GetItems(extremes, 32);
            byte[] text = random.GetItems(extremes, random.Next(1, 80));
            if (i % 2 == 0)
            {
                // A small factor leaves sums close to the modulus.
                key.AsSpan(0, 16).Clear();
                key[0] = (byte)(i % 8);
                text.AsSpan(1).Fill(0xFF);
            }

            Assert.Equal(Expected(key, text), Tag(key, text));
        }
    }

    private static byte[] Tag(byte[] key, byte[] text)
    {
        byte[] tag = new byte[16];
        Poly1305 poly = new(key);
        poly.Add(text);
        poly.Finish(tag);
        return tag;
    }

    // Section 2.5.1, as it is written there.
    private static byte[] Expected(byte[] key, byte[] text)
    {
        BigInteger r = Number(key.AsSpan(0, 16)) & BigInteger.Parse("0ffffffc0ffffffc0ffffffc0fffffff", System.Globalization.NumberStyles.HexNumber);
        BigInteger sum = 0;
        foreach (byte[] block in text.Chunk(16))
        {
            sum = (sum + Number([.. block, 1])) * r % Prime;
        }

        byte[] tag = (sum + Number(key.AsSpan(16))).ToByteArray(isUnsigned: true);
        return [.. tag.Concat(new byte[16]).Take(16)];
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true);
}
