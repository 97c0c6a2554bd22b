using System.Numerics;

namespace WgProxy.Fuzz.Plain;

/// <summary>BLAKE2s as RFC 7693 tells it, word for word, and nothing else.</summary>
internal static class PlainBlake2s
{
    private static readonly uint[] Iv =
        [0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19];

    private static readonly int[][] Sigma =
    [
        .. new[]
        {
            "0123456789ABCDEF", "EA489FD61C02B753", "B8C052FDAE367194", "7931DCBE265A40F8", "905724AFE1BC683D",
            "2C6A0B834D75FE19", "C51FED4A0763928B", "DB7EC13950F4862A", "6FE9B308C2D714A5", "A2847615FB9E3CD0",
        }.Select(row => row.Select(digit => Convert.ToInt32($"{digit}", 16)).ToArray()),
    ];

    public static byte[] Hash(byte[] data, int length = 32) => Mac([], data, length);

    public static byte[] Mac(byte[] key, byte[] data, int length)
    {
        List<byte> input = [.. key];
        input.AddRange(new byte[key.Length == 0 ? 0 : 64 - key.Length]);
        input.AddRange(data);
        uint[] h = [.. Iv];
        h[0] ^= 0x01010000u ^ ((uint)key.Length << 8) ^ (uint)length;
        for (int at = 0; at == 0 || at < input.Count; at += 64)
        {
            byte[] block = new byte[64];
            byte[] part = [.. input.Skip(at).Take(64)];
            part.CopyTo(block, 0);
            bool isLast = at + 64 >= input.Count;
            Compress(h, block, (ulong)(at + part.Length), isLast);
        }

        return [.. h.SelectMany(BitConverter.GetBytes).Take(length)];
    }

    private static void Compress(uint[] h, byte[] block, ulong count, bool isLast)
    {
        uint[] m = [.. Enumerable.Range(0, 16).Select(i => BitConverter.ToUInt32(block, 4 * i))];
        uint[] v = [.. h, .. Iv];
        v[12] ^= (uint)count;
        v[13] ^= (uint)(count >> 32);
        v[14] = isLast ? ~v[14] : v[14];
        foreach (int[] s in Sigma)
        {
            Mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
            Mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
            Mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
            Mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
            Mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
            Mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
            Mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
            Mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
        }

        for (int i = 0; i < 8; i++)
        {
            h[i] ^= v[i] ^ v[i + 8];
        }
    }

    private static void Mix(uint[] v, int a, int b, int c, int d, uint x, uint y)
    {
        v[a] = v[a] + v[b] + x;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 16);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 12);
        v[a] = v[a] + v[b] + y;
        v[d] = BitOperations.RotateRight(v[d] ^ v[a], 8);
        v[c] += v[d];
        v[b] = BitOperations.RotateRight(v[b] ^ v[c], 7);
    }
}
