using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>Nonces of cookie replies. The key is made from the server's public key, so it is the same after a restart.</summary>
public sealed class RelayNonceTests
{
    private static readonly Source Alice = RelayDriver.Client(1);

    [Fact]
    public void After_a_restart_with_the_same_cookie_seed_a_cookie_is_valid_and_no_nonce_comes_again()
    {
        (byte[] reply, byte[] cookie) = AskedAgain(new RelaySettings { CookieSeed = (1, 2), HashSeed = (3, 4), NonceSeed = (5, 6) });
        (byte[] restarted, byte[] same) = AskedAgain(new RelaySettings { CookieSeed = (1, 2), HashSeed = (3, 4), NonceSeed = (7, 8) });
        Assert.Equal(cookie, same);
        Assert.NotEqual(Nonce(reply), Nonce(restarted));

        // Counter and instant are the same: only the seed tells the two apart.
        Assert.Equal(Nonce(reply)[..16], Nonce(restarted)[..16]);
    }

    [Fact]
    public void Cookies_go_on_after_a_restart_and_none_comes_again()
    {
        RelaySettings settings = new() { CookieSeed = (1, 2), CookieZero = 1_000 };
        (_, byte[] early) = AskedAgain(settings);
        (_, byte[] late) = AskedAgain(settings, after: 3_600);
        (_, byte[] restarted) = AskedAgain(settings with { CookieZero = 3_601_000 });
        Assert.Equal(late, restarted);
        Assert.NotEqual(early, restarted);
    }

    [Fact]
    public void A_nonce_shows_nothing_of_its_seed()
    {
        (byte[] reply, _) = AskedAgain(new RelaySettings { NonceSeed = (0x0102_0304_0506_0708, 0x1112_1314_1516_1718) });
        byte[] seed = [.. BitConverter.GetBytes(0x0102_0304_0506_0708), .. BitConverter.GetBytes(0x1112_1314_1516_1718)];
        Assert.DoesNotContain(Nonce(reply)[16..20], seed.Chunk(4));
    }

    private static byte[] Nonce(byte[] reply) => reply[WireGuard.CookieNonceOffset..][..CookieSealer.NonceSize];

    // A third initiation within a second finds the mapping's bucket empty and is answered with a cookie.
    private static (byte[] Reply, byte[] Cookie) AskedAgain(RelaySettings settings, double after = 0)
    {
        RelayDriver driver = new(settings with { MaxMappings = 64, MaxAsked = 16 });
        driver.Pass(after);
        for (uint index = 1; ; index++)
        {
            Assert.InRange(index, 1u, 20u);
            byte[] initiation = WireMessages.Initiation(driver.Mac1, index);
            if (driver.FromClient(Alice, initiation).Verdict == Verdict.Reply)
            {
                byte[] reply = driver.Relay.Reply.ToArray();
                byte[] cookie = new byte[WireGuard.CookieSize];
                Assert.True(new CookieSealer(driver.Routes[0].Key).TryOpen(reply, initiation.AsSpan(116, 16), cookie));
                return (reply, cookie);
            }
        }
    }
}
