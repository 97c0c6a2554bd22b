using WgProxy.Tests;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>Datagrams that no relay should heed.</summary>
internal static class Strange
{
    public const int LargestDatagram = 65_507;
    private const int LongestChecked = 300;

    /// <summary>Random bytes, none at all, initiations with a wrong mac1, truncated ones, and every type with every
    /// length that it never has.</summary>
    public static List<byte[]> Datagrams(byte[] initiation)
    {
        List<byte[]> all = [[], Noise(LargestDatagram)];
        all.AddRange(Enumerable.Range(1, 200).Select(Noise));
        all.AddRange(Enumerable.Range(1, initiation.Length - 1).Select(length => initiation[..length]));
        all.Add([.. initiation, 0]);

        // One bit off, at every byte that mac1 covers and in mac1 itself.
        const int mac2 = 16;
        for (int at = 0; at < initiation.Length - mac2; at++)
        {
            byte[] wrong = [.. initiation];
            wrong[at] ^= 1;
            all.Add(wrong);
        }

        for (byte type = 0; type <= 5; type++)
        {
            all.AddRange(Enumerable.Range(1, LongestChecked).Where(length => IsWrong(type, length)).Select(length => WireMessages.New(type, length)));
            all.Add(WireMessages.New(type, LargestDatagram));
        }

        // Messages of every right length, from a source that never asked.
        all.Add(WireMessages.New(1, WireMessages.InitiationLength));
        all.Add(WireMessages.Response(1, 2));
        all.Add(WireMessages.CookieReply(1));
        all.AddRange(Enumerable.Range(0, 90).Select(blocks => WireMessages.Transport((uint)blocks, WireMessages.KeepaliveLength + (16 * blocks))));
        return all;
    }

    private static bool IsWrong(byte type, int length) => type switch
    {
        1 => length != WireMessages.InitiationLength,
        2 => length != WireMessages.ResponseLength,
        3 => length != WireMessages.CookieReplyLength,
        4 => length < WireMessages.KeepaliveLength,
        _ => true,
    };

    private static byte[] Noise(int length)
    {
        byte[] noise = new byte[length];
        Random.Shared.NextBytes(noise);
        return noise;
    }
}
