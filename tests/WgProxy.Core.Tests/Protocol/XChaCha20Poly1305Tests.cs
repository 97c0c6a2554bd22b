using WgProxy.Core.Protocol;
using WgProxy.Core.Tests.Vectors;
using Inner = WgProxy.Core.Protocol.ChaCha20Poly1305;

namespace WgProxy.Core.Tests.Protocol;

public sealed class XChaCha20Poly1305Tests
{
    [Fact]
    public void Gives_the_published_results()
    {
        IReadOnlyList<string[]> rows = VectorFile.Read("chacha20-poly1305.txt");
        Assert.Equal(3, rows.Count);
        Assert.All(rows, row =>
        {
            byte[][] values = [.. row.Skip(1).Select(Convert.FromHexString)];
            (byte[] key, byte[] nonce, byte[] aad, byte[] plain) = (values[0], values[1], values[2], values[3]);
            byte[] sealedText = new byte[plain.Length + 16];
            byte[] opened = new byte[plain.Length];
            if (nonce.Length == 24)
            {
                XChaCha20Poly1305.Seal(key, nonce, aad, plain, sealedText);
                Assert.True(XChaCha20Poly1305.TryOpen(key, nonce, aad, sealedText, opened));
            }
            else
            {
                Inner.Seal(key, nonce, aad, plain, sealedText);
                Assert.True(Inner.TryOpen(key, nonce, aad, sealedText, opened));
            }

            Assert.Equal(row[5], Convert.ToHexStringLower(sealedText));
            Assert.Equal(plain, opened);
        });
    }

    [Fact]
    public void Agrees_with_the_systems_cipher()
    {
        SystemCipher.Require();
        Random random = new(24);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] key = Blake2sTests.Bytes(random, 32);
            byte[] nonce = Blake2sTests.Bytes(random, 24);
            byte[] aad = Blake2sTests.Bytes(random, random.Next(0, 40));

            // Half of them as long as a cookie.
            byte[] plain = Blake2sTests.Bytes(random, i % 2 == 0 ? 16 : random.Next(0, 200));
            byte[] subkey = new byte[32];
            ChaCha20.Subkey(key, nonce.AsSpan(0, 16), subkey);
            byte[] innerNonce = [0, 0, 0, 0, .. nonce[16..]];

            byte[] sealedText = new byte[plain.Length + 16];
            XChaCha20Poly1305.Seal(key, nonce, aad, plain, sealedText);
            Assert.Equal(SystemCipher.Seal(subkey, innerNonce, aad, plain), sealedText);
            Assert.True(SystemCipher.Opens(subkey, innerNonce, aad, sealedText, plain));

            byte[] opened = new byte[plain.Length];
            Assert.True(XChaCha20Poly1305.TryOpen(key, nonce, aad, sealedText, opened));
            Assert.Equal(plain, opened);
        }
    }

    [Fact]
    public void Opens_nothing_after_any_single_bit_flip_and_then_writes_nothing()
    {
        Random random = new(7);
        byte[] key = Blake2sTests.Bytes(random, 32);
        byte[] nonce = Blake2sTests.Bytes(random, 24);
        byte[] aad = Blake2sTests.Bytes(random, 16);
        byte[] sealedText = new byte[32];
        XChaCha20Poly1305.Seal(key, nonce, aad, Blake2sTests.Bytes(random, 16), sealedText);
        byte[] untouched = Blake2sTests.Bytes(random, 16);
        byte[] opened = [.. untouched];
        foreach (byte[] part in (byte[][])[key, nonce, aad, sealedText])
        {
            for (int bit = 0; bit < part.Length * 8; bit++)
            {
                part[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.False(XChaCha20Poly1305.TryOpen(key, nonce, aad, sealedText, opened));
                Assert.Equal(untouched, opened);
                part[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Assert.True(XChaCha20Poly1305.TryOpen(key, nonce, aad, sealedText, opened));
    }

    [Fact]
    public void Refuses_wrong_lengths()
    {
        byte[] key = new byte[32];
        byte[] nonce = new byte[24];
        Assert.Throws<ArgumentOutOfRangeException>(() => XChaCha20Poly1305.Seal(key, nonce, [], new byte[16], new byte[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => XChaCha20Poly1305.Seal(key, nonce, [], new byte[16], new byte[33]));
        Assert.Throws<ArgumentOutOfRangeException>(() => XChaCha20Poly1305.Seal(new byte[31], nonce, [], [], new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => XChaCha20Poly1305.Seal(key, new byte[12], [], [], new byte[16]));
        Assert.Throws<ArgumentOutOfRangeException>(() => XChaCha20Poly1305.TryOpen(key, nonce, [], new byte[15], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => XChaCha20Poly1305.TryOpen(key, nonce, [], new byte[32], new byte[17]));
    }
}
