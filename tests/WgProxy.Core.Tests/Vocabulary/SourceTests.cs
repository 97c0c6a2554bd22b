using System.Net;

namespace WgProxy.Core.Tests.Vocabulary;

public sealed class SourceTests
{
    [Theory]
    [InlineData("192.0.2.7:51820")]
    [InlineData("[2001:db8::7]:1")]
    [InlineData("[fe80::1%3]:65535")]
    [InlineData("[::1]:9")]
    public void Keeps_what_the_framework_says(string text) =>
        Assert.Equal(IPEndPoint.Parse(text), Source.From(IPEndPoint.Parse(text)).ToEndPoint());

    [Fact]
    public void A_mapped_address_is_the_IPv4_address()
    {
        Source mapped = Source.From(IPEndPoint.Parse("[::ffff:192.0.2.7]:9"));
        Assert.Equal(Source.From(IPEndPoint.Parse("192.0.2.7:9")), mapped);
        Assert.Equal("192.0.2.7:9", mapped.ToString());
        Assert.True(mapped.IsIPv4);
    }

    [Fact]
    public void A_compatible_address_is_not()
    {
        Assert.NotEqual(Source.From(IPEndPoint.Parse("0.0.0.1:9")), Source.From(IPEndPoint.Parse("[::1]:9")));
        Assert.False(Source.From(IPEndPoint.Parse("[::1]:9")).IsIPv4);
    }

    [Fact]
    public void Every_part_tells_sources_apart()
    {
        IPEndPoint client = IPEndPoint.Parse("[fe80::1%3]:9");
        Source[] sources =
        [
            Source.From(client),
            Source.From(IPEndPoint.Parse("[fe80::1%4]:9")),
            Source.From(IPEndPoint.Parse("[fe80::2%3]:9")),
            Source.From(IPEndPoint.Parse("[fe80::1%3]:10")),
            Source.From(client, IPAddress.Parse("192.0.2.1")),
            Source.From(client, IPAddress.Parse("2001:db8::1")),
        ];
        Assert.Equal(sources.Length, sources.Distinct().Count());
        Assert.Equal(sources.Length, sources.Select(source => source.Words).Distinct().Count());
        Assert.True(sources[0] == Source.From(client) && sources[0] != sources[1]);
    }

    [Fact]
    public void A_scope_counts_for_link_local_addresses_only() =>
        Assert.Equal(
            Source.From(IPAddress.Parse("2001:db8::1").GetAddressBytes(), 9, 3, []),
            Source.From(IPAddress.Parse("2001:db8::1").GetAddressBytes(), 9, 0, []));
}
