using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// What a loaded server is asked, and for whom first.
public sealed partial class RelayGateTests
{
    [Fact]
    public void A_loaded_server_is_asked_18_times_a_second_and_tunnels_come_first()
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 2_000, MaxAsked = 2_000, LoadedAsked = 2_000, PrefixShare = 2_000 });
        int slot = driver.Confirm(Alice);
        driver.FromServer(driver.Ask(RelayDriver.Client(2), client: 0xC2), WireMessages.CookieReply(0xC2));
        uint asked = 0xC1;
        int passed = 0;
        int rekeys = 0;
        for (int tick = 0; tick < 10_000; tick++)
        {
            Source stranger = Site(tick);
            byte[] refused = WireMessages.Initiation(driver.Mac1, (uint)tick);
            if (driver.FromClient(stranger, refused).Verdict == Verdict.Reply)
            {
                Decision decision = Ask(driver, stranger, 0x10_0000 + (uint)tick, Open(driver, refused));
                if (decision.Verdict == Verdict.Open)
                {
                    passed++;
                    driver.FromServer(decision.Slot, WireMessages.CookieReply(0x10_0000 + (uint)tick));
                }
            }

            if (tick % 1_000 == 999)
            {
                driver.FromServer(slot, WireMessages.CookieReply(asked));
                byte[] rekey = WireMessages.Initiation(driver.Mac1, 0x20_0000 + (uint)tick);
                Assert.Equal(Verdict.Reply, driver.FromClient(Alice, rekey).Verdict);
                asked = 0x30_0000 + (uint)tick;
                rekeys += Ask(driver, Alice, asked, Open(driver, rekey)).Verdict == Verdict.Forward ? 1 : 0;
            }

            driver.Pass(0.001);
        }

        Assert.Equal(10, rekeys);
        Assert.InRange(passed + rekeys, 150, 190);
        Assert.True(driver.Relay.Counters[Direction.Uplink, Verdict.ServerLoaded] > 9_000);
    }

    [Theory]
    [InlineData("192.0.2.77", 0)]
    [InlineData("2001:db8:77:{0:x}::1", 1)]
    public void At_a_loaded_server_one_site_does_not_take_all_newcomers_places(string format, int portOf)
    {
        RelayDriver driver = new(new RelaySettings { MaxMappings = 20_000, MaxAsked = 9_000, LoadedAsked = 9_000, PrefixShare = 9_000 });
        driver.FromServer(driver.Ask(RelayDriver.Client(2), client: 0xC2), WireMessages.CookieReply(0xC2));
        int honest = 0;
        for (int tick = 0; tick < 4_000; tick++)
        {
            Source busy = Source.From(new IPEndPoint(
                IPAddress.Parse(string.Format(null, format, tick)), 1_000 + (portOf == 0 ? tick : 0)));
            TakePlace(driver, busy, (uint)tick);
            if (tick % 100 == 99)
            {
                honest += TakePlace(driver, Site(tick), 0x20_0000 + (uint)tick) ? 1 : 0;
            }

            driver.Pass(0.001);
        }

        Assert.Equal(40, honest);
    }

    [Fact]
    public void A_loaded_server_is_asked_for_a_client_of_an_hour_before_a_newcomer()
    {
        RelayDriver driver = NewDriver();
        int slot = driver.Confirm(Alice);
        for (int minute = 0; minute < 60; minute++)
        {
            driver.Pass(60);
            driver.FromServer(slot, WireMessages.Response(0x51, 0xC1));
            driver.FromClient(Alice, WireMessages.Transport(0x51));
        }

        driver.Pass(301);
        Assert.Equal(Proof.Lingering, driver.Relay.ProofOf(slot));
        int asks = driver.Ask(RelayDriver.Client(2), client: 0xC2);
        driver.FromServer(asks, WireMessages.CookieReply(0xC2));
        Verdict[] newcomers = [.. Enumerable.Range(0, 4).Select(i =>
        {
            return Ask(driver, Site(i), 0xE0 + (uint)i, Refused(driver, Site(i), 0xD0 + (uint)i)).Verdict;
        })];
        Assert.Equal([Verdict.Open, Verdict.Open, Verdict.Open, Verdict.ServerLoaded], newcomers);
        Assert.Equal(Verdict.Forward, Ask(driver, Alice, 0xC9, Refused(driver, Alice, 0xC8)).Verdict);
    }

    [Fact]
    public void Who_keeps_asking_without_a_cookie_does_not_take_a_loaded_servers_places_from_who_has_shown_one()
    {
        const int newcomers = 20;
        RelayDriver driver = new(new RelaySettings());
        int[] slots = [.. Enumerable.Range(0, 1_000).Select(number => driver.Ask(Subnet(number), (uint)number))];
        driver.FromServer(slots[0], WireMessages.CookieReply(0));
        Dictionary<Source, byte[]> cookies = [];
        int opened = 0;
        uint index = 1_000_000;
        for (int millisecond = 0; millisecond < 12_000; millisecond++)
        {
            // Forged or not: each asks twice a second, which is more than its bucket lets through, and the server keeps sending cookies.
            foreach (int asking in (ReadOnlySpan<int>)[millisecond * 2 % slots.Length, ((millisecond * 2) + 1) % slots.Length])
            {
                if (Ask(driver, Subnet(asking), ++index) is { Verdict: Verdict.Forward } passed)
                {
                    driver.FromServer(passed.Slot, WireMessages.CookieReply(index));
                }
            }

            Source newcomer = Subnet((1 + (millisecond / 250 % newcomers)) << 16);
            if (millisecond % 250 == 0)
            {
                byte[] initiation = WireMessages.Initiation(driver.Mac1, ++index);
                if (cookies.TryGetValue(newcomer, out byte[]? cookie))
                {
                    opened += driver.FromClient(newcomer, WithCookie(initiation, cookie)).Verdict == Verdict.Open ? 1 : 0;
                    cookies.Remove(newcomer);
                }
                else if (driver.FromClient(newcomer, initiation).Verdict == Verdict.Reply)
                {
                    cookies.Add(newcomer, Open(driver, initiation));
                }
            }

            driver.Pass(0.001);
        }

        Assert.Equal(newcomers, opened);
        Assert.True(driver.Relay.Counters[Direction.Uplink, Verdict.Reply] > 10_000);
    }

    [Fact]
    public void In_a_crowd_whoever_asks_again_must_show_a_cookie()
    {
        RelayDriver driver = NewDriver(loadedAsked: 4);
        driver.Ask(Alice);
        driver.Confirm(RelayDriver.Client(2), 0xC2, 0x52);
        Load(driver);
        Assert.Equal(Verdict.Forward, Ask(driver, Alice, 0xC4, Refused(driver, Alice, 0xC3)).Verdict);

        // Who has been accepted is not one of the crowd.
        Assert.Equal(Verdict.Forward, Ask(driver, RelayDriver.Client(2), 0xC5).Verdict);
    }

    [Fact]
    public void The_first_of_a_flood_do_not_go_on_asking_the_server()
    {
        RelayDriver driver = new(new RelaySettings());
        for (int number = 0; number < 200_000; number++)
        {
            Ask(driver, Subnet(number % 2_000), (uint)number);
            driver.Pass(number % 20 == 0 ? 0.001 : 0);
        }

        Assert.InRange(driver.Relay.Counters[Direction.Uplink, Verdict.Forward], 0, 100);
        Assert.InRange(driver.Relay.Counters[Direction.Uplink, Verdict.Open], 1_025, 2_200);
    }

    [Fact]
    public void A_server_that_sends_cookies_puts_strangers_to_the_proof()
    {
        RelayDriver driver = NewDriver();
        int slot = driver.Ask(RelayDriver.Client(2), client: 0xC2);
        driver.FromServer(slot, WireMessages.CookieReply(0xC2));
        Assert.Equal(Verdict.Reply, Ask(driver, Alice, 1).Verdict);
        driver.Pass(2.1);
        Assert.Equal(Verdict.Open, Ask(driver, Alice, 2).Verdict);
    }

    [Fact]
    public void A_cookie_to_an_index_that_nobody_asked_with_is_no_sign_of_load()
    {
        RelayDriver driver = NewDriver();
        int slot = driver.Confirm(RelayDriver.Client(2));
        driver.FromServer(slot, WireMessages.CookieReply(0xBAD));
        Assert.Equal(Verdict.Open, Ask(driver, Alice, 1).Verdict);
    }

    [Fact]
    public void A_cookie_on_a_mapping_that_is_not_proven_holds_up_no_tunnel()
    {
        RelayDriver driver = NewDriver();
        int tunnel = driver.Confirm(Alice);
        int asks = driver.Ask(RelayDriver.Client(2), client: 0xC2);
        driver.FromServer(asks, WireMessages.CookieReply(0xC2));
        Assert.Equal(Verdict.Reply, Ask(driver, RelayDriver.Client(3), 1).Verdict);
        Assert.Equal(Verdict.Forward, Ask(driver, Alice, 2).Verdict);

        // On the tunnel's own mapping it is believed.
        driver.FromServer(tunnel, WireMessages.CookieReply(2));
        Assert.Equal(Verdict.Reply, Ask(driver, Alice, 3).Verdict);
    }

    [Fact]
    public void A_crowd_spares_a_client_whose_port_has_changed_and_few_of_those_who_forge_its_address()
    {
        RelayDriver driver = NewDriver(loadedAsked: 40);
        driver.Confirm(Alice);
        for (int stranger = 0; driver.Relay.Counters[Proof.Asked] <= 40; stranger++)
        {
            Ask(driver, Subnet(stranger), (uint)stranger);
        }

        Assert.Equal(Verdict.Open, AskFrom(1).Verdict);
        Assert.Equal(Verdict.Reply, AskFrom(2).Verdict);
        driver.Pass(1);
        Assert.Equal(Verdict.Open, AskFrom(3).Verdict);

        // Addresses of others whom the server knows: 32 at once, and 16 a second.
        int opened = 0;
        Source[] known = [.. Enumerable.Range(0, 100).Select(number => Site(number))];
        RelayDriver many = NewDriver(loadedAsked: 40);
        foreach ((Source source, int number) in known.Select((source, number) => (source, number)))
        {
            many.Establish(source, 0xC000 + (uint)number, 0x5000 + (uint)number);
        }

        for (int stranger = 0; many.Relay.Counters[Proof.Asked] <= 40; stranger++)
        {
            many.FromClient(Subnet(stranger), WireMessages.Initiation(many.Mac1, (uint)stranger));
        }

        for (int round = 0; round < 10; round++)
        {
            opened += known.Count(source => many.FromClient(Other(source, round), WireMessages.Initiation(many.Mac1, 0xF0_0000)).Verdict == Verdict.Open);
            many.Pass(0.1);
        }

        Assert.InRange(opened, 32, 48);

        Decision AskFrom(int port) => Ask(driver, Other(Alice, port), 0xC000 + (uint)port);

        static Source Other(Source source, int port) => Source.From(new IPEndPoint(source.Address, 60_000 + port));
    }

    /// <summary>Asks, shows the cookie, and, if that opened a mapping, is sent a cookie by the server.</summary>
    private static bool TakePlace(RelayDriver driver, Source source, uint client)
    {
        Decision decision = Ask(driver, source, client + 0x10_0000, Refused(driver, source, client));
        if (decision.Verdict == Verdict.Open)
        {
            driver.FromServer(decision.Slot, WireMessages.CookieReply(client + 0x10_0000));
        }

        return decision.Verdict == Verdict.Open;
    }
}
