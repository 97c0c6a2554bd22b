using System.Net;
using WgProxy.Core.Mappings;

namespace WgProxy.Core.Tests.Mappings;

/// <summary>Counts by prefix, against a dictionary.</summary>
public sealed class PrefixSharesTests
{
    private const int Mappings = 24;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Counts_are_those_of_a_dictionary(int seed)
    {
#pragma warning disable CA5394 // Sequences need to be repeatable, not secret.
        Random random = new(seed);
        for (int round = 0; round < 200; round++)
        {
            PrefixShares shares = new(Mappings, ((ulong)random.Next(), (ulong)seed));
            Dictionary<(string Prefix, Share Share), int> expected = [];
            List<(Source Source, Share Share)> held = [];
            for (int step = 0; step < 200; step++)
            {
                if (held.Count < Mappings && random.Next(2) == 0)
                {
                    (Source Source, Share Share) one = (AnySource(random), (Share)random.Next(1, 4));
                    held.Add(one);
                    shares.Add(one.Source.Prefix, one.Share);
                    expected[(PrefixOf(one.Source), one.Share)] = expected.GetValueOrDefault((PrefixOf(one.Source), one.Share)) + 1;
                }
                else if (held.Count > 0)
                {
                    // Any source of the prefix stands for it.
                    (Source source, Share share) = held[random.Next(held.Count)];
                    held.Remove((source, share));
                    shares.Remove(source.Prefix, share);
                    expected[(PrefixOf(source), share)]--;
                }

                Source asked = AnySource(random);
                Assert.All(
                    Enum.GetValues<Share>(),
                    share => Assert.Equal(expected.GetValueOrDefault((PrefixOf(asked), share)), shares.Count(asked.Prefix, share)));
            }

            Assert.All(held, one => Assert.Equal(expected[(PrefixOf(one.Source), one.Share)], shares.Count(one.Source.Prefix, one.Share)));
        }
#pragma warning restore CA5394
    }

    [Theory]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::1", false)]
    public void A_prefix_is_an_IPv4_address_or_a_64(string held, string asked, bool together)
    {
        PrefixShares shares = new(Mappings, (1, 2));
        shares.Add(Source.From(new IPEndPoint(IPAddress.Parse(held), 1)).Prefix, Share.Unverified);
        Assert.Equal(together ? 1 : 0, shares.Count(Source.From(new IPEndPoint(IPAddress.Parse(asked), 2)).Prefix, Share.Unverified));
    }

    /// <summary>Many prefixes, so that they collide in a small table; few of each, so that counts go up and down.</summary>
    private static Source AnySource(Random random)
    {
#pragma warning disable CA5394
        string address = random.Next(2) == 0 ? $"192.0.2.{random.Next(20)}" : $"2001:db8:0:{random.Next(20):x}::{random.Next(3)}";
        return Source.From(new IPEndPoint(IPAddress.Parse(address), random.Next(1, 9)));
#pragma warning restore CA5394
    }

    private static string PrefixOf(Source source) =>
        source.IsIPv4 ? source.Address.ToString() : Convert.ToHexString(source.Address.GetAddressBytes()[..8]);
}
