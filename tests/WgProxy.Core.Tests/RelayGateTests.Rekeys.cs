using System.Security.Cryptography;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Clients of a loaded server, beside those who forge addresses: WireGuard asks every five seconds and has room for one
// cookie, the server wants its own, and the relay too.
public sealed partial class RelayGateTests
{
    private const int RetryMilliseconds = 5_000;

    [Fact]
    public void Who_forges_the_addresses_of_a_thousand_tunnels_keeps_none_of_them_from_a_loaded_server()
    {
        const int tunnels = 1_000;
        RelayDriver driver = new(new RelaySettings());
        for (int number = 0; number < tunnels; number++)
        {
            driver.Establish(Site(number), (uint)number, 0x100_0000 + (uint)number);
        }

        WireGuardClient[] clients = [.. Enumerable.Range(0, 20).Select(number => new WireGuardClient(driver, Site(number), (uint)number))];
        LoadedServer(driver, out Action stayLoaded);
        uint forged = 0x200_0000;
        for (int millisecond = 0; millisecond < 11_000; millisecond++)
        {
            stayLoaded();
            for (int i = 0; i < 4; i++)
            {
                Ask(driver, Site((int)(forged % tunnels)), ++forged);
            }

            foreach (WireGuardClient client in clients.Where((client, i) => !client.IsAnswered && (millisecond - (i * 50)) % RetryMilliseconds == 0))
            {
                client.Ask();
            }

            driver.Pass(0.001);
        }

        Assert.All(clients, client => Assert.InRange(client.Asked, 1, 3));
        Assert.All(clients, client => Assert.True(client.IsAnswered));
    }

    // Whom the server accepts, from as many ports as he likes: without a relay its limit is per address.
    // The second is one of four workers.
    [Theory]
    [InlineData(18, 10, 100)]
    [InlineData(4, 5, 1_000)]
    public void A_peer_with_five_hundred_tunnels_keeps_nobody_elses_from_a_loaded_server(int places, int others, int milliseconds)
    {
        const int his = 500;
        const int seconds = 15;
        RelayDriver driver = new(new RelaySettings { ServerTokensPerSecond = places });
        WireGuardClient[] peers = [.. Enumerable.Range(0, his).Select(number =>
        {
            Source source = RelayDriver.Client(100 + number);
            driver.Establish(source, (uint)number, 0x100_0000 + (uint)number);
            return new WireGuardClient(driver, source, 1_000 + (uint)number);
        })];
        WireGuardClient[] clients = [.. Enumerable.Range(0, others).Select(number =>
        {
            driver.Establish(Site(number), 0x8000 + (uint)number, 0x200_0000 + (uint)number);
            return new WireGuardClient(driver, Site(number), (uint)number);
        })];
        LoadedServer(driver, out Action stayLoaded);
        for (int millisecond = 0; millisecond < seconds * 1_000; millisecond++)
        {
            stayLoaded();
            if (millisecond % 2 == 0)
            {
                // Each tunnel once a second, as often as its bucket lets through.
                peers[millisecond / 2 % his].Ask();
            }

            foreach (WireGuardClient client in clients.Where((client, i) => !client.IsAnswered && (millisecond - (i * milliseconds)) % RetryMilliseconds == 0 && millisecond >= i * milliseconds))
            {
                client.Ask();
            }

            driver.Pass(0.001);
        }

        Assert.All(clients, client => Assert.InRange(client.Asked, 1, 3));
        Assert.All(clients, client => Assert.True(client.IsAnswered));

        // He may have what nobody else wants of the places, and a turn of his site's beyond them for each 18. What shows the
        // relay's cookie the server does not judge, so that nothing of his is judged in the first second.
        int judged = peers.Concat(clients).Sum(client => client.Judged);
        Assert.InRange(judged, (places - 1) * (seconds - 1), (places * seconds) + 5 + (seconds * places / 18) + 1);
    }

    [Fact]
    public void Who_forges_the_address_of_a_newcomer_that_showed_a_cookie_does_not_keep_it_from_a_loaded_server()
    {
        RelayDriver driver = new(new RelaySettings());
        LoadedServer(driver, out Action stayLoaded);
        WireGuardClient newcomer = new(driver, Alice, 0);
        uint forged = 0x200_0000;
        for (int millisecond = 0; millisecond < 11_000; millisecond++)
        {
            stayLoaded();
            Ask(driver, Alice, ++forged);
            if (!newcomer.IsAnswered && millisecond % RetryMilliseconds == 0)
            {
                newcomer.Ask();
            }

            driver.Pass(0.001);
        }

        Assert.Equal((true, 3), (newcomer.IsAnswered, newcomer.Asked));
    }

    [Fact]
    public void A_loaded_server_is_not_asked_for_an_address_that_showed_a_cookie_only_earlier()
    {
        RelayDriver driver = Loaded();
        byte[] cookie = Refused(driver, Alice, 0xC1);
        Assert.Equal(Verdict.Open, Ask(driver, Alice, 0xC2, cookie).Verdict);
        driver.Pass(16);
        LoadedServer(driver, out Action stayLoaded);
        stayLoaded();
        Assert.Equal(Verdict.Reply, Ask(driver, Alice, 0xC3).Verdict);
        Assert.Equal(Verdict.Open, Ask(driver, Alice, 0xC4, cookie).Verdict);
    }

    [Fact]
    public void Whoever_the_server_sends_its_cookie_first_needs_none_of_the_relays()
    {
        RelayDriver driver = NewDriver();
        WireGuardClient first = new(driver, Alice, 0);
        first.Ask();
        driver.Pass(4.9);
        LoadedServer(driver, out Action stayLoaded);
        stayLoaded();
        driver.Pass(0.1);
        first.Ask();
        Assert.True(first.IsAnswered);
    }

    /// <summary>A tunnel on which the server keeps saying that it is loaded.</summary>
    private static void LoadedServer(RelayDriver driver, out Action stayLoaded)
    {
        int slot = driver.Confirm(RelayDriver.Client(2), 0xFFFF_0001, 0xFFFF_0002);
        stayLoaded = () => driver.FromServer(slot, WireMessages.CookieReply(0xFFFF_0001));
    }

    /// <summary>A client of a server that wants a cookie of its own: what it does with what comes back.</summary>
    private sealed class WireGuardClient(RelayDriver driver, Source source, uint number, bool isServerLoaded = true)
    {
        private readonly byte[] _servers = RandomNumberGenerator.GetBytes(16);
        private byte[] _cookie = [];

        public int Asked { get; private set; }

        public bool IsAnswered { get; private set; }

        /// <summary>How many of its initiations a loaded server had to judge: those that show its cookie.</summary>
        public int Judged { get; private set; }

        public void Ask()
        {
            uint index = 0x1000_0000 + (number << 8) + (uint)++Asked;
            byte[] initiation = WireMessages.Initiation(driver.Mac1, index);
            _ = _cookie.Length == 0 ? initiation : WithCookie(initiation, _cookie);
            Decision decision = driver.FromClient(source, initiation);
            if (decision.Verdict == Verdict.Reply)
            {
                _cookie = Open(driver, initiation);
            }
            else if (decision.Verdict is Verdict.Forward or Verdict.Open)
            {
                ServerJudges(decision.Slot, initiation, index);
            }
        }

        private void ServerJudges(int slot, byte[] initiation, uint index)
        {
            byte[] expected = WithCookie([.. initiation], _servers);
            byte[] reply = WireMessages.Response(0x2000_0000 + index, index);
            bool isShown = initiation.SequenceEqual(expected);
            Judged += isShown ? 1 : 0;
            IsAnswered = isShown || !isServerLoaded;
            if (!IsAnswered)
            {
                reply = WireMessages.CookieReply(index);
                new CookieSealer(driver.Routes[0].Key).Write(initiation, _servers, RandomNumberGenerator.GetBytes(24), reply);
                _cookie = _servers;
            }

            Assert.Equal(Verdict.Forward, driver.FromServer(slot, reply).Verdict);
        }
    }
}
