using System.Net;
using WgProxy.Core.Protocol;

namespace WgProxy.Core.Tests.Protocol;

public sealed class CookieSecretsTests
{
    private static readonly Source Client = Of("192.0.2.1", 51820, "198.51.100.1");

    private readonly Random _random = new(2);
    private readonly CookieSecrets _secrets;

    public CookieSecretsTests() => _secrets = new CookieSecrets(Secret());

    public static TheoryData<int> Lengths => [148, 92];

    [Fact]
    public void A_cookie_is_the_keyed_hash_of_the_source()
    {
        LibCrypto.Require();
        byte[] secret = Secret();
        byte[] cookie = new byte[16];
        new CookieSecrets(secret).CookieFor(Client, cookie);
        (ulong high, ulong low, ulong localHigh, ulong localLow, ulong rest) = Client.Words;
        byte[] words = [.. new[] { high, low, localHigh, localLow, rest }.SelectMany(BitConverter.GetBytes)];
        Assert.Equal(LibCrypto.Blake2sMac(secret, words, 16), cookie);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Accepts_mac2_made_with_the_cookie_and_no_flipped_bit(int length)
    {
        byte[] message = Message(length);
        Seal(message, _secrets, Client);
        Assert.True(_secrets.VerifyMac2(message, Client));
        for (int bit = 0; bit < message.Length * 8; bit++)
        {
            message[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(_secrets.VerifyMac2(message, Client));
            message[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Mac2_is_the_keyed_hash_of_all_before_it(int length)
    {
        LibCrypto.Require();
        byte[] message = Message(length);
        byte[] cookie = new byte[16];
        _secrets.CookieFor(Client, cookie);
        LibCrypto.Blake2sMac(cookie, message.AsSpan(0, length - 16), 16).CopyTo(message.AsSpan(length - 16));
        Assert.True(_secrets.VerifyMac2(message, Client));
    }

    [Fact]
    public void Accepts_the_cookie_from_no_other_source()
    {
        byte[] message = Message(148);
        Source link = Of("fe80::1%3", 51820, "fe80::2");
        Source[] others =
        [
            Of("192.0.2.2", 51820, "198.51.100.1"),
            Of("192.0.2.1", 51821, "198.51.100.1"),
            Of("192.0.2.1", 51820, "198.51.100.2"),
            Of("192.0.2.1", 51820, null),
            Of("198.51.100.1", 51820, "192.0.2.1"),
            Of("2001:db8::1", 51820, "198.51.100.1"),
            link,
            Of("fe80::1%4", 51820, "fe80::2"),
        ];
        Seal(message, _secrets, Client);
        Assert.All(others, other => Assert.False(_secrets.VerifyMac2(message, other)));
        Assert.True(_secrets.VerifyMac2(message, Of("::ffff:192.0.2.1", 51820, "::ffff:198.51.100.1")));
        Seal(message, _secrets, link);
        Assert.Equal([link], others.Where(other => _secrets.VerifyMac2(message, other)));
    }

    [Fact]
    public void A_cookie_outlives_one_rotation_and_not_two()
    {
        byte[] message = Message(148);
        Seal(message, _secrets, Client);
        CookieSecrets first = _secrets.RotatedTo(Secret());
        CookieSecrets second = first.RotatedTo(Secret());
        Assert.True(first.VerifyMac2(message, Client));
        Assert.False(second.VerifyMac2(message, Client));

        // New cookies come from the new secret, which older instances do not know.
        Seal(message, first, Client);
        Assert.True(first.VerifyMac2(message, Client));
        Assert.True(second.VerifyMac2(message, Client));
        Assert.False(_secrets.VerifyMac2(message, Client));
    }

    // Before the first rotation there is no previous secret, least of all one that anybody knows.
    [Fact]
    public void Accepts_no_cookie_made_of_zeros()
    {
        byte[] message = Message(148);
        Seal(message, new CookieSecrets(new byte[32]), Client);
        Assert.False(_secrets.VerifyMac2(message, Client));
        Blake2s.Mac(new byte[16], message.AsSpan(0, 132), message.AsSpan(132));
        Assert.False(_secrets.VerifyMac2(message, Client));
    }

    [Fact]
    public void Rejects_a_message_without_mac2_and_every_other_length()
    {
        byte[] longer = Blake2sTests.Bytes(_random, 300);
        for (int length = 0; length <= longer.Length; length++)
        {
            Assert.False(_secrets.VerifyMac2(longer.AsSpan(0, length), Client));
            Assert.False(_secrets.VerifyMac2(new byte[length], Client));
        }
    }

    [Fact]
    public void Refuses_wrong_lengths_of_secrets_and_cookies()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CookieSecrets(new byte[31]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ = _secrets.RotatedTo(new byte[33]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _secrets.CookieFor(Client, new byte[15]));
    }

    private static Source Of(string address, int port, string? local) => Source.From(
        new IPEndPoint(IPAddress.Parse(address), port), local == null ? null : IPAddress.Parse(local));

    private static void Seal(byte[] message, CookieSecrets secrets, Source source)
    {
        Span<byte> cookie = stackalloc byte[16];
        secrets.CookieFor(source, cookie);
        Blake2s.Mac(cookie, message.AsSpan(0, message.Length - 16), message.AsSpan(message.Length - 16));
    }

    private static byte[] Message(int length) =>
        length == 148 ? CapturedHandshake.Initiation : CapturedHandshake.Response;

    private byte[] Secret() => Blake2sTests.Bytes(_random, 32);
}
