using System.Net;
using System.Security.Cryptography;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

/// <summary>What strangers must pass beyond mac1: cookies, shares, lists, and the server's own limit.</summary>
public sealed partial class RelayGateTests(ITestOutputHelper output)
{
    private static readonly Source Alice = RelayDriver.Client(1);

    [Fact]
    public void While_few_ask_nobody_is_asked_for_a_cookie()
    {
        RelayDriver driver = NewDriver(loadedAsked: 10);
        foreach (int client in Enumerable.Range(0, 11))
        {
            Assert.False(driver.Relay.HasShownCookie(driver.Ask(Subnet(client))));
        }

        Assert.Equal(0, driver.Relay.Counters[Direction.Uplink, Verdict.Reply]);
    }

    [Fact]
    public void Under_load_a_stranger_must_show_a_cookie_and_is_then_asked_no_more()
    {
        RelayDriver driver = Loaded();
        byte[] cookie = Refused(driver, Alice, 0xC1);

        Decision opened = Ask(driver, Alice, 0xC2, cookie);
        Assert.Equal(Verdict.Open, opened.Verdict);
        Assert.True(driver.Relay.HasShownCookie(opened.Slot));
        driver.Pass(16);
        Load(driver);
        Assert.Equal(Verdict.Open, Ask(driver, Alice, 0xC3).Verdict);
        driver.Pass(181);
        Load(driver);
        Assert.Equal(Verdict.Reply, Ask(driver, Alice, 0xC4).Verdict);
    }

    [Fact]
    public void What_comes_from_port_0_opens_nothing_and_draws_no_cookie_in_a_crowd()
    {
        RelayDriver driver = NewDriver(loadedAsked: 4);
        int slot = driver.Confirm(Alice);
        Load(driver);
        long askers = driver.Relay.Counters[Proof.Asked];
        Source portless = Source.From(new IPEndPoint(Alice.Address, 0));
        byte[][] datagrams =
        [
            WireMessages.Initiation(driver.Mac1, 0xC2), WireMessages.Transport(0x51),
            WireMessages.Transport(0x99), WireMessages.Response(1, 0x51, driver.Mac1), WireMessages.CookieReply(0x51), [],
        ];
        Assert.All(datagrams, datagram => Assert.Equal(new Decision(Verdict.NoPort, -1, datagram.Length), driver.FromClient(portless, datagram)));
        Assert.Equal(askers, driver.Relay.Counters[Proof.Asked]);
        Assert.Equal(0, driver.Relay.Counters[Direction.Uplink, Verdict.Reply]);
        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(slot));
    }

    [Fact]
    public void A_cookie_is_good_for_its_source_alone_and_for_two_periods()
    {
        RelayDriver driver = Loaded();
        byte[] first = WireMessages.Initiation(driver.Mac1, 0xC1);
        driver.FromClient(Alice, first);
        byte[] cookie = Open(driver, first);
        Assert.Equal(
            Verdict.Reply,
            Ask(driver, RelayDriver.Client(2), 0xC2, cookie).Verdict);

        driver.Pass(119);
        Load(driver);
        Assert.Equal(Verdict.Open, Ask(driver, Alice, 0xC3, cookie).Verdict);
        driver.Pass(240);
        Load(driver);
        Assert.Equal(Verdict.Reply, Ask(driver, Alice, 0xC4, cookie).Verdict);
    }

    [Fact]
    public void Where_tunnels_leave_little_room_few_askers_are_load()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 120, MaxAsked = 100, LoadedAsked = 25 });
        foreach (int client in Enumerable.Range(0, 100))
        {
            driver.Establish(Subnet(client), 0xC000 + (uint)client, 0x5000 + (uint)client);
        }

        byte[] honest = WireMessages.Initiation(driver.Mac1, 0xC2);
        driver.FromClient(Alice, honest);
        foreach (int forged in Enumerable.Range(200, 1_000))
        {
            Ask(driver, Subnet(forged), (uint)forged);
        }

        Assert.Equal(11, driver.Relay.Counters[Proof.Asked]);
        Assert.Equal(0, driver.Relay.Counters[RelayEventKind.Evicted]);
    }

    [Fact]
    public void A_mapping_is_not_asked_for_a_cookie_under_load()
    {
        RelayDriver driver = NewDriver(loadedAsked: 4);
        driver.Confirm(Alice);
        Load(driver);
        Assert.Equal(Verdict.Forward, Ask(driver, Alice, 0xC2).Verdict);
    }

    [Fact]
    public void A_forwarded_initiation_does_not_pass_twice_for_two_minutes()
    {
        RelayDriver driver = NewDriver();
        byte[] captured = WireMessages.Initiation(driver.Mac1, 0xC1);
        driver.FromClient(Alice, captured);
        Assert.Equal(Verdict.Replayed, driver.FromClient(Alice, captured).Verdict);
        driver.Pass(119);
        Assert.Equal(Verdict.Replayed, driver.FromClient(RelayDriver.Client(9), captured).Verdict);
        driver.Pass(240);
        Assert.Equal(Verdict.Open, driver.FromClient(RelayDriver.Client(9), captured).Verdict);
    }

    [Fact]
    public void An_initiation_that_was_refused_may_come_again()
    {
        RelayDriver driver = Loaded();
        byte[] initiation = WireMessages.Initiation(driver.Mac1, 0xC1);
        Assert.Equal(Verdict.Reply, driver.FromClient(Alice, initiation).Verdict);
        driver.Pass(16);
        Assert.Equal(Verdict.Open, driver.FromClient(Alice, initiation).Verdict);
    }

    [Theory]
    [InlineData("192.0.2.0/24", "", true)]
    [InlineData("198.51.100.0/24", "", false)]
    [InlineData("", "192.0.2.1/32", false)]
    [InlineData("", "192.0.2.2/32", true)]
    [InlineData("192.0.2.0/24", "192.0.2.0/28", false)]
    [InlineData("::/0", "", true)]
    [InlineData("2001:db8::/32", "", false)]
    [InlineData("", "0.0.0.0/0", false)]
    public void Lists_say_who_may_open_a_mapping(string allow, string deny, bool expected)
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 8, Allow = List(allow), Deny = List(deny) });
        Verdict verdict = Ask(driver, Alice, 1).Verdict;
        Assert.Equal(expected ? Verdict.Open : Verdict.Denied, verdict);
    }

    [Fact]
    public void Sixty_strangers_a_second_from_ever_new_addresses_leave_room_for_an_honest_one_at_any_moment()
    {
        // As many ports as Linux has by default.
        const int ports = 28_232;
        RelayDriver driver = new(new RelaySettings())
        {
            Ports = new UpstreamPorts(Enumerable.Range(32_768, ports).Select(port => (ushort)port), TimeSpan.FromSeconds(180), (1, 2)),
        };
        driver.Confirm(Alice);
        int stranger = 0;
        for (int second = 0; second < 3_600; second++)
        {
            for (int i = 0; i < 60; i++)
            {
                Ask(driver, Subnet(stranger++), (uint)stranger);
            }

            driver.Pass(1);
            Source honest = RelayDriver.Client(1_000 + second);
            int slot = driver.Ask(honest, client: 0xC000_0000 + (uint)second);
            driver.FromServer(slot, WireMessages.Response(0x5000_0000 + (uint)second, 0xC000_0000 + (uint)second));
            Assert.Equal(Verdict.Forward, driver.FromClient(honest, WireMessages.Transport(0x5000_0000 + (uint)second)).Verdict);
            Assert.InRange(driver.Relay.Counters[Proof.Asked], 0, 1_024);
        }

        Assert.Equal(0, driver.Relay.Counters[RelayEventKind.OpenFailed]);
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(20_000)]
    public void A_flood_is_answered_with_cookies_and_opens_no_more_than_load_allows(int perSecond)
    {
        RelayDriver driver = new(new RelaySettings());
        int tunnel = driver.Confirm(Alice);
        for (int i = 0; i < perSecond * 5; i++)
        {
            Ask(driver, Subnet(i), (uint)i);
            if (i % (perSecond / 100) == 0)
            {
                driver.Pass(0.01);
            }

            Assert.InRange(driver.Relay.Counters[Proof.Asked], 0, 1_025);
        }

        Assert.Equal(Proof.Confirmed, driver.Relay.ProofOf(tunnel));
        Source honest = Site(9_000);
        Assert.Equal(Verdict.Open, Ask(driver, honest, 0xC2, Refused(driver, honest, 0xC1)).Verdict);
    }

    private static RelayDriver NewDriver(int loadedAsked = 1_024) =>
        new(new RelaySettings { MaxMappings = 4_096, MaxAsked = 1_024, LoadedAsked = loadedAsked });

    private static RelayDriver Loaded()
    {
        RelayDriver driver = NewDriver(loadedAsked: 4);
        Load(driver);
        return driver;
    }

    private static void Load(RelayDriver driver)
    {
        for (int client = 0; driver.Relay.Counters[Proof.Asked] <= 4; client++)
        {
            Ask(driver, Subnet(Random.Shared.Next()), (uint)client);
        }
    }

    // Ever new IPv4 addresses.
    private static Source Site(int number) =>
        Source.From(new IPEndPoint(IPAddress.Parse($"10.0.{(number >> 8) & 0xFF}.{number & 0xFF}"), 1 + (number >> 16)));

    // Ever new /64s.
    private static Source Subnet(int number) =>
        Source.From(new IPEndPoint(IPAddress.Parse($"2001:db8:{(number >> 16) & 0xFFFF:x}:{number & 0xFFFF:x}::1"), 51_820));

    private static AddressList List(string prefixes) =>
        new(prefixes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(prefix => IPNetwork.Parse(prefix)));

    /// <summary>A client asks, and shows a cookie if it has one.</summary>
    private static Decision Ask(RelayDriver driver, Source source, uint client, byte[]? cookie = null)
    {
        byte[] initiation = WireMessages.Initiation(driver.Mac1, client);
        return driver.FromClient(source, cookie is null ? initiation : WithCookie(initiation, cookie));
    }

    /// <summary>A client asks, and is told to come back with this cookie.</summary>
    private static byte[] Refused(RelayDriver driver, Source source, uint client)
    {
        byte[] initiation = WireMessages.Initiation(driver.Mac1, client);
        Assert.Equal(Verdict.Reply, driver.FromClient(source, initiation).Verdict);
        return Open(driver, initiation);
    }

    private static byte[] Open(RelayDriver driver, byte[] initiation)
    {
        byte[] cookie = new byte[16];
        Assert.True(new CookieSealer(driver.Routes[0].Key).TryOpen(driver.Relay.Reply, initiation.AsSpan(116, 16), cookie));
        return cookie;
    }

    /// <summary>Asks until the source's bucket is empty, and opens the cookie that it is sent.</summary>
    private static byte[] CookieOf(RelayDriver driver, Source source)
    {
        byte[] refused;
        uint index = 0xA000;
        do
        {
            refused = WireMessages.Initiation(driver.Mac1, index++);
        }
        while (driver.FromClient(source, refused).Verdict != Verdict.Reply);

        return Open(driver, refused);
    }

    private static byte[] WithCookie(byte[] initiation, byte[] cookie)
    {
        Blake2s.Mac(cookie, initiation.AsSpan(0, 132), initiation.AsSpan(132));
        return initiation;
    }
}
