using System.Security.Cryptography;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// An attacker who forges the address of a client that has a mapping.
public sealed partial class RelayGateTests
{
    [Fact]
    public void Who_forges_a_clients_address_cannot_stop_its_rekey()
    {
        RelayDriver driver = NewDriver();
        driver.Confirm(Alice);
        for (uint forged = 0; forged < 4_900; forged++)
        {
            Ask(driver, Alice, 0xF000 + forged);
            driver.Pass(0.001);
        }

        Assert.Equal(Verdict.Forward, Ask(driver, Alice, 0xC3, Refused(driver, Alice, 0xC2)).Verdict);
    }

    /// <summary>Initiations under the client's address push its own out of the eight that are remembered. A client believes an
    /// answer until it asks again, after 5 s: within that time too few others may pass.</summary>
    [Theory]
    [InlineData(0.05, false)]
    [InlineData(1.9, false)]
    [InlineData(4.9, false)]
    [InlineData(0.05, true)]
    [InlineData(1.4, true)]
    [InlineData(4.9, true)]
    public void Who_forges_a_clients_address_cannot_make_an_answer_come_too_late(double seconds, bool isShown)
    {
        RelayDriver driver = NewDriver();
        byte[]? cookie = null;
        if (isShown)
        {
            int first = driver.Confirm(Alice, client: 0xC1, server: 0x51);
            cookie = CookieOf(driver, Alice);
            driver.Pass(10);
            Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(first));
        }

        int slot = Ask(driver, Alice, 0xC2, cookie).Slot;
        for (uint forged = 0; forged < seconds * 100; forged++)
        {
            Ask(driver, Alice, 0xF000 + forged);
            driver.Pass(0.01);
        }

        Assert.Equal(Verdict.Forward, driver.FromServer(slot, WireMessages.Response(0x52, receiver: 0xC2)).Verdict);
        Assert.Equal(Verdict.Forward, driver.FromClient(Alice, WireMessages.Transport(0x52)).Verdict);
        Assert.InRange(driver.Relay.ProofOf(slot), Proof.Established, Proof.Confirmed);
        Assert.Equal(0, driver.Relay.Counters.Tolerated(Direction.Uplink));
    }

    [Fact]
    public void Cookies_of_the_server_and_of_the_relay_do_not_play_ping_pong()
    {
        RelayDriver driver = Loaded();
        WireGuardClient client = new(driver, Alice, 0);
        client.Ask();
        driver.Pass(5);
        client.Ask();
        Assert.False(client.IsAnswered);
        driver.Pass(5);

        // Mac2 is now the server's, and the relay is still loaded.
        client.Ask();
        Assert.True(client.IsAnswered);
    }

    [Fact]
    public void Who_forges_a_clients_address_cannot_stop_its_rekey_with_a_loaded_server()
    {
        RelayDriver driver = NewDriver();
        int slot = driver.Confirm(Alice);
        byte[] cookie = [];
        byte[] servers = RandomNumberGenerator.GetBytes(16);
        List<Verdict> retries = [];
        for (uint retry = 0; retry < 5; retry++)
        {
            for (uint forged = 0; forged < 4_999; forged++)
            {
                byte[] initiation = WireMessages.Initiation(driver.Mac1, 0xF0_0000 + (retry * 10_000) + forged);
                RandomNumberGenerator.Fill(initiation.AsSpan(132));
                driver.FromClient(Alice, initiation);
                driver.Pass(0.001);
            }

            byte[] asked = WireMessages.Initiation(driver.Mac1, 0xC2 + retry);
            asked = cookie.Length == 0 ? asked : WithCookie(asked, cookie);
            Verdict verdict = driver.FromClient(Alice, asked).Verdict;
            retries.Add(verdict);
            if (verdict == Verdict.Reply)
            {
                cookie = Open(driver, asked);
            }
            else if (!cookie.SequenceEqual(servers))
            {
                // The server is loaded too, and wants a cookie of its own.
                byte[] reply = new byte[64];
                new CookieSealer(driver.Routes[0].Key).Write(asked, servers, RandomNumberGenerator.GetBytes(24), reply);
                Assert.Equal(Verdict.Forward, driver.FromServer(slot, reply).Verdict);
                cookie = servers;
            }
        }

        Assert.Equal([Verdict.Reply, Verdict.Forward, Verdict.Forward, Verdict.Forward, Verdict.Forward], retries);
    }
}
