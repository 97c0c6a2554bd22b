using System.Numerics;
using System.Text;

namespace WgProxy.Fuzz.Plain;

/// <summary>XChaCha20-Poly1305 from RFC 8439 and draft-irtf-cfrg-xchacha-03, with whole numbers for Poly1305.</summary>
internal static class PlainXChaCha
{
    private static readonly uint[] Sigma = [.. Enumerable.Range(0, 4).Select(i => BitConverter.ToUInt32(Encoding.ASCII.GetBytes("expand 32-byte k"), 4 * i))];

    public static byte[] Seal(byte[] key, byte[] nonce, byte[] aad, byte[] plain)
    {
        (byte[] subkey, byte[] rest) = Inner(key, nonce);
        byte[] cipher = Stream(subkey, rest, plain);
        return [.. cipher, .. Tag(subkey, rest, aad, cipher)];
    }

    /// <summary>The text; null if its tag is wrong.</summary>
    public static byte[]? Open(byte[] key, byte[] nonce, byte[] aad, byte[] sealedText, int tagBytes = 16)
    {
        (byte[] subkey, byte[] rest) = Inner(key, nonce);
        byte[] cipher = sealedText[..^16];
        bool isAuthentic = Tag(subkey, rest, aad, cipher).Take(tagBytes).SequenceEqual(sealedText[^16..].Take(tagBytes));
        return isAuthentic ? Stream(subkey, rest, cipher) : null;
    }

    private static (byte[] Subkey, byte[] Nonce) Inner(byte[] key, byte[] nonce)
    {
        uint[] state = Rounds([.. Sigma, .. Words(key), .. Words(nonce[..16])]);
        return ([.. state[..4].Concat(state[12..]).SelectMany(BitConverter.GetBytes)], [0, 0, 0, 0, .. nonce[16..]]);
    }

    private static byte[] Stream(byte[] key, byte[] nonce, byte[] text) =>
        [.. text.Chunk(64).SelectMany((part, i) => part.Zip(Block(key, (uint)(1 + i), nonce), (value, mask) => (byte)(value ^ mask)))];

    private static byte[] Block(byte[] key, uint counter, byte[] nonce)
    {
        uint[] start = [.. Sigma, .. Words(key), counter, .. Words(nonce)];
        return [.. Rounds([.. start]).Zip(start, (mixed, first) => mixed + first).SelectMany(BitConverter.GetBytes)];
    }

    private static byte[] Tag(byte[] key, byte[] nonce, byte[] aad, byte[] cipher)
    {
        byte[] once = Block(key, 0, nonce);
        byte[] clamp = [0xFF, 0xFF, 0xFF, 0x0F, 0xFC, 0xFF, 0xFF, 0x0F, 0xFC, 0xFF, 0xFF, 0x0F, 0xFC, 0xFF, 0xFF, 0x0F];
        BigInteger r = new(once[..16].Zip(clamp, (value, mask) => (byte)(value & mask)).ToArray(), isUnsigned: true);
        BigInteger s = new(once.AsSpan(16, 16), isUnsigned: true);
        BigInteger prime = BigInteger.Pow(2, 130) - 5;
        byte[] text = [.. Padded(aad), .. Padded(cipher), .. BitConverter.GetBytes((long)aad.Length), .. BitConverter.GetBytes((long)cipher.Length)];
        BigInteger sum = 0;
        foreach (byte[] block in text.Chunk(16))
        {
            sum = (sum + new BigInteger([.. block, 1], isUnsigned: true)) * r % prime;
        }

        byte[] tag = new byte[17];
        ((sum + s) % BigInteger.Pow(2, 128)).ToByteArray(isUnsigned: true).CopyTo(tag, 0);
        return tag[..16];
    }

    private static byte[] Padded(byte[] text) => [.. text, .. new byte[(16 - (text.Length % 16)) % 16]];

    private static IEnumerable<uint> Words(byte[] bytes) => bytes.Chunk(4).Select(word => BitConverter.ToUInt32(word));

    private static uint[] Rounds(uint[] x)
    {
        for (int i = 0; i < 10; i++)
        {
            Quarter(x, 0, 4, 8, 12);
            Quarter(x, 1, 5, 9, 13);
            Quarter(x, 2, 6, 10, 14);
            Quarter(x, 3, 7, 11, 15);
            Quarter(x, 0, 5, 10, 15);
            Quarter(x, 1, 6, 11, 12);
            Quarter(x, 2, 7, 8, 13);
            Quarter(x, 3, 4, 9, 14);
        }

        return x;
    }

    private static void Quarter(uint[] x, int a, int b, int c, int d)
    {
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 16);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 12);
        x[a] += x[b];
        x[d] = BitOperations.RotateLeft(x[d] ^ x[a], 8);
        x[c] += x[d];
        x[b] = BitOperations.RotateLeft(x[b] ^ x[c], 7);
    }
}
