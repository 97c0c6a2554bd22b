using System.Net;
using WgProxy.Core.Journal;
using WgProxy.Core.Routes;
using WgProxy.Tests;

namespace WgProxy.Core.Tests;

// Who may claim what was found, and how much is sought for whom.
public sealed partial class RelayDirectoryTests
{
    // With a million live indices in 2^32, one guess in so many finds one.
    private const uint GuessesForOne = 4_295;

    [Fact]
    public void Each_source_with_the_index_has_a_claim_of_its_own_up_to_four()
    {
        Tell(_second, ServerIndex, Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex)));
        for (int source = 0; source < 6; source++)
        {
            Decision decision = _second.FromClient(RelayDriver.Client(100 + source), WireMessages.Transport(ServerIndex));
            Assert.Equal(source < Limits.ClaimsPerTunnel ? Verdict.Open : Verdict.ClaimRefused, decision.Verdict);
        }
    }

    [Fact]
    public void Deny_lists_addresses_and_lists_of_peers_hold_for_what_was_found()
    {
        MappingRecord record = Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex));
        Assert.Equal(Verdict.Denied, Refused(route => route with { Deny = new AddressList([IPNetwork.Parse($"{Home.Address}/32")]) }));
        Assert.Equal(Verdict.NotAPeer, Refused(route => route with { PeersOnly = true }));
        Assert.Equal(Verdict.NotServedHere, Refused(route => route with { Listen = new ListenList([IPEndPoint.Parse("192.0.2.99:1")]) }));

        Verdict Refused(Func<RouteSettings, RouteSettings> changed)
        {
            Route route = new(_first.Routes[0].Key) { Server = _first.Routes[0].Server };
            route.Settings = changed(route.Settings);
            RelayDriver driver = Seeking([route]);
            Tell(driver, ServerIndex, record);
            return driver.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict;
        }
    }

    [Fact]
    public void A_listed_peers_tunnel_is_claimed_where_only_peers_are_served()
    {
        Peer peer = new();
        RelayDriver first = Peer.Driver([peer], only: true);
        first.FromClient(Home, WireMessages.Initiation(first.Mac1, ClientIndex));
        first.FromServer(0, peer.Answer(ServerIndex, ClientIndex));
        first.FromClient(Home, WireMessages.Transport(ServerIndex));
        RelayDriver second = Seeking(first.Routes);
        Tell(second, ServerIndex, Record(first, 0));
        Assert.Equal(Verdict.Open, second.FromClient(Home, WireMessages.Transport(ServerIndex)).Verdict);
    }

    [Fact]
    public void Of_several_routes_with_one_index_the_source_claims_one_after_the_other()
    {
        RelayDriver first = new(routes: 2);
        MappingRecord[] records = [.. first.Routes.Select((route, i) =>
            Record(first, first.Confirm(RelayDriver.Client(i), ClientIndex + (uint)i, ServerIndex, route)))];
        RelayDriver second = Seeking(first.Routes);
        foreach (MappingRecord record in records)
        {
            Tell(second, ServerIndex, record);
        }

        Source moved = RelayDriver.Client(9);
        int[] slots = [.. Enumerable.Range(0, 2).Select(_ =>
        {
            Decision claim = second.FromClient(moved, WireMessages.Transport(ServerIndex));
            Assert.Equal(Verdict.Open, claim.Verdict);
            return claim.Slot;
        })];
        Assert.Equal(first.Routes.ToHashSet(), slots.Select(second.Relay.RouteOf).ToHashSet());
    }

    [Fact]
    public void A_claim_goes_to_the_address_of_the_server_that_the_tunnel_went_to_if_it_is_listed_here()
    {
        MappingRecord record = Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex));
        IPEndPoint other = new(IPAddress.Loopback, 7);
        Assert.Equal(_first.Routes[0].Server, Server([other, _first.Routes[0].Server!]));
        Assert.Equal(other, Server([other]));

        IPEndPoint Server(IReadOnlyList<IPEndPoint> addresses)
        {
            Route route = new(_first.Routes[0].Key);
            route.Publish(addresses);
            RelayDriver driver = Seeking([route]);
            return driver.Relay.ServerOf(Claimed(driver, ServerIndex, record));
        }
    }

    [Fact]
    public void A_source_a_site_and_a_relay_seek_so_many_in_a_second()
    {
        uint index = 0;
        Assert.Equal(Limits.SoughtPerSource, Count(_ => Home));
        _second.Pass(1);
        Assert.Equal(Limits.SoughtPerSite, Count(i => RelayDriver.Client(i % 50_000)));
        _second.Pass(2);
        RelayDriver small = Seeking(_first.Routes, new RelaySettings { MaxMappings = 64, MaxAsked = 16, SoughtPerSecond = 1_000 });
        Assert.Equal(1_000, Count(Anywhere, small));
        small.Pass(0.5);
        Assert.Equal(500, Count(Anywhere, small));

        int Count(Func<int, Source> source, RelayDriver? driver = null)
        {
            int count = 0;
            for (int i = 0; i < 2_000; i++)
            {
                (driver ?? _second).FromClient(source(i), WireMessages.Transport(++index));
                count += Sought(driver ?? _second).Length;
            }

            return count;
        }
    }

    [Fact]
    public void What_nobody_takes_does_not_grow()
    {
        RelayDriver driver = Seeking(_first.Routes);
        for (int i = 0; i < 20_000; i++)
        {
            driver.FromClient(Anywhere(i), WireMessages.Transport((uint)i));
        }

        Assert.Equal(Limits.SoughtWaiting, Sought(driver).Length);
    }

    [Theory]
    [InlineData("one source", 8, false)]
    [InlineData("one site", 512, false)]
    [InlineData("anywhere", 20_000, false)]
    [InlineData("anywhere, each index twice", 10_000, true)]
    public void A_stranger_who_guesses_20000_indices_a_second_opens_few_claims_and_delays_nobody_who_moves(string from, int soughtPerSecond, bool isTwice)
    {
        const int seconds = 5;
        const int movers = 50;
        RelayDriver first = new(new RelaySettings { MaxMappings = 1_024, MaxAsked = 256 });
        MappingRecord[] records = [.. Enumerable.Range(0, seconds * movers).Select(i =>
            Record(first, first.Establish(Moved(i), 0xC000_0000 + (uint)i, 0x5000_0000 + (uint)i)))];
        RelayDriver second = Seeking(first.Routes, new RelaySettings());
        MappingRecord victim = records[0];
        Random random = new(15);
        int sought = 0;
        int claims = 0;
        int moved = 0;
        uint guess = 0;
        byte[] datagram = WireMessages.Transport(0);
        for (int millisecond = 0; millisecond < seconds * 1_000; millisecond++)
        {
            for (int i = 0; i < 20; i++)
            {
                guess = isTwice && i % 2 == 1 ? guess : (uint)random.Next() & 0x3FFF_FFFF;
                BitConverter.TryWriteBytes(datagram.AsSpan(4), guess);
                Source source = from switch
                {
                    "one source" => Stranger,
                    "one site" => RelayDriver.Client(random.Next(50_000)),
                    _ => Anywhere(random.Next()),
                };
                claims += second.FromClient(source, datagram).Verdict == Verdict.Open ? 1 : 0;
                Answer();
            }

            if (millisecond % (1_000 / movers) == 0)
            {
                byte[] data = WireMessages.Transport(0x5000_0000 + (uint)moved);
                Assert.Equal(Verdict.NoMapping, second.FromClient(Moved(moved), data).Verdict);
                Answer();
                Decision claim = second.FromClient(Moved(moved), data);
                Assert.Equal(Verdict.Open, claim.Verdict);
                second.FromServer(claim.Slot, WireMessages.Transport(0xC000_0000 + (uint)moved));
                Assert.Equal(Proof.Confirmed, second.Relay.ProofOf(claim.Slot));
                moved++;
            }

            second.Pass(0.001);
        }

        // The stranger's, and one for each who moved.
        int most = (soughtPerSecond * seconds) + (seconds * movers);
        Assert.InRange(sought, most * 9 / 10, most);
        Assert.InRange(claims, 0, isTwice ? 3 * soughtPerSecond * seconds / (int)GuessesForOne : 1);

        void Answer()
        {
            while (second.Relay.TryTakeSought(out uint index))
            {
                sought++;
                if (index >> 28 == 5)
                {
                    Tell(second, index, records[index & 0xFFFF]);
                }
                else if (index % GuessesForOne == 0)
                {
                    MappingRecord found = victim;
                    found.Tunnel.Pairs[0].ServerIndex = index;
                    Tell(second, index, found);
                }
            }
        }
    }

    [Fact]
    public void Seeking_and_keeping_what_was_found_allocate_nothing()
    {
        MappingRecord record = Record(_first, _first.Confirm(Home, ClientIndex, ServerIndex));
        byte[] datagram = WireMessages.Transport(0);
        Source[] sources = [.. Enumerable.Range(0, 100).Select(Anywhere)];
        uint index = 0;
        Assert.Equal(0, Allocated.InBestOf(5, () =>
        {
            for (int i = 0; i < 100; i++)
            {
                BitConverter.TryWriteBytes(datagram.AsSpan(4), ++index);
                _second.Relay.FromClient(datagram, datagram.Length, sources[i], _second.Now);
                while (_second.Relay.TryTakeSought(out uint sought))
                {
                    record.Tunnel.Pairs[0].ServerIndex = sought;
                    _second.Relay.Found(sought, record, _second.Now);
                }
            }
        }));
        Assert.Equal(500, _second.Relay.Counters[DirectoryCount.Found]);
    }

    private static Source Moved(int i) => RelayDriver.Client(200_000 + i);

    private static Source Anywhere(int i) => Source.From(BitConverter.GetBytes(0x0100_0001 + i), 4_000, 0, []);
}
