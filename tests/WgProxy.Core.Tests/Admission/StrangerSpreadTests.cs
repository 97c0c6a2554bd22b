using System.Net;
using WgProxy.Core.Admission;

namespace WgProxy.Core.Tests.Admission;

public sealed class StrangerSpreadTests
{
    private static readonly Tick Now = new(1_000);

    private readonly StrangerSpread _spread = new((1, 2));

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.200")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.200")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::2")]
    public void Neighbours_share_a_buffer_whatever_their_ports(string one, string other)
    {
        for (int port = 1; port < 100; port++)
        {
            Assert.Equal(_spread.Of(Client(one, port), Now), _spread.Of(Client(other, port + 7), Now));
        }
    }

    [Fact]
    public void Subnets_are_looked_up_once_a_minute()
    {
        int looks = 0;
        StrangerSpread spread = new((1, 2), () =>
        {
            looks++;
            return [IPNetwork.Parse("10.0.0.0/8")];
        });
        spread.LookUpSubnets();
        Assert.Equal(1, looks);
        Assert.False(spread.WantsSubnets(new Tick(59_999)));
        Assert.True(spread.WantsSubnets(new Tick(60_000)));
        Assert.False(spread.WantsSubnets(new Tick(119_999)));
        Assert.True(spread.WantsSubnets(new Tick(120_000)));
    }

    [Fact]
    public void Networks_are_spread_over_all_buffers_evenly()
    {
        int[] counts = new int[StrangerSpread.Buffers];
        for (int network = 0; network < 8_000; network++)
        {
            counts[_spread.Of(Client($"10.{network >> 8}.{network & 255}.7"), Now)]++;
        }

        Assert.All(counts, count => Assert.InRange(count, 400, 600));
    }

    [Fact]
    public void A_subnet_that_the_host_is_attached_to_is_one_network_however_wide()
    {
        _spread.Attach([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("10.7.0.0/16"), IPNetwork.Parse("192.0.2.0/25"), IPNetwork.Parse("fd00::/48"), IPNetwork.Parse("0.0.0.0/0")]);
        Assert.Single(Buffers(number => $"10.9.{number}.1"));
        Assert.Single(Buffers(number => $"10.{(number == 7 ? 8 : number)}.3.1"));
        Assert.Single(Buffers(number => $"10.7.{number}.1"));
        Assert.Single(Buffers(number => $"fd00:0:0:{number:x}::1"));

        // No wider than what is one network anyway; and of elsewhere.
        Assert.Equal(_spread.Of(Client("192.0.2.1"), Now), _spread.Of(Client("192.0.2.129"), Now));
        Assert.Equal(StrangerSpread.Buffers, Buffers(number => $"11.9.{number}.1").Length);
        Assert.Equal(StrangerSpread.Buffers, Buffers(number => $"fd01:0:0:{number:x}::1").Length);
        _spread.Attach([]);
        Assert.Equal(StrangerSpread.Buffers, Buffers(number => $"10.9.{number}.1").Length);
    }

    // A client that asks again after 5 s is not in the way of the same flood each time.
    [Fact]
    public void Two_networks_that_share_a_buffer_do_not_do_so_for_long()
    {
        int always = 0;
        for (int network = 0; network < 1_000; network++)
        {
            int shared = Enumerable.Range(0, 3).Count(attempt =>
                _spread.Of(Client($"10.{network >> 8}.{network & 255}.7"), Now + (attempt * 5_000))
                == _spread.Of(Client("192.0.2.1"), Now + (attempt * 5_000)));
            always += shared == 3 ? 1 : 0;
        }

        // One in 4,096.
        Assert.InRange(always, 0, 5);
    }

    [Fact]
    public void All_buffers_together_hold_fewer_replies_than_the_kernel_keeps_neighbours()
    {
        // Linux doubles what is asked for, and takes one more as long as less than that is used.
        const int replyInMemory = 832;
        const int neighbours = 128;
        Assert.InRange(StrangerSpread.Buffers * (((2 * StrangerSpread.BufferBytes) / replyInMemory) + 1), 1, neighbours - 1);
    }

    [Fact]
    public void Another_key_spreads_differently()
    {
        StrangerSpread other = new((3, 4));
        Assert.InRange(
            Enumerable.Range(0, 256).Count(number => other.Of(Client($"10.9.{number}.1"), Now) == _spread.Of(Client($"10.9.{number}.1"), Now)), 0, 100);
    }

    private int[] Buffers(Func<int, string> address) =>
        [.. Enumerable.Range(0, 256).Select(number => _spread.Of(Client(address(number)), Now)).Distinct()];

    private static Source Client(string address, int port = 51820) => Source.From(new IPEndPoint(IPAddress.Parse(address), port));
}
