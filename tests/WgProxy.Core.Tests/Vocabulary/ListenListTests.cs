using System.Net;

namespace WgProxy.Core.Tests.Vocabulary;

public sealed class ListenListTests
{
    [Theory]
    [InlineData("0.0.0.0:443", "192.0.2.9", 443, "198.51.100.1", true)]
    [InlineData("0.0.0.0:443", null, 443, "198.51.100.1", true)]
    [InlineData("0.0.0.0:443", "192.0.2.9", 444, "198.51.100.1", false)]
    [InlineData("0.0.0.0:443", "2001:db8::9", 443, "2001:db8::1", false)]
    [InlineData("[::]:443", "2001:db8::9", 443, "2001:db8::1", true)]
    [InlineData("[::]:443", "192.0.2.9", 443, "198.51.100.1", false)]
    [InlineData("192.0.2.9:443", "192.0.2.9", 443, "198.51.100.1", true)]
    [InlineData("192.0.2.9:443", "192.0.2.8", 443, "198.51.100.1", false)]
    [InlineData("192.0.2.9:443", null, 443, "198.51.100.1", false)]
    [InlineData("[fe80::1%2]:443", "fe80::1", 443, "fe80::7%2", true)]
    public void A_source_is_served_where_it_sends_to(string listed, string? local, int port, string client, bool isServed)
    {
        ListenList list = new([IPEndPoint.Parse("192.0.2.77:1"), IPEndPoint.Parse(listed)]);
        Source source = Source.From(new IPEndPoint(IPAddress.Parse(client), 1_000), local is null ? null : IPAddress.Parse(local), (ushort)port);
        Assert.Equal(isServed, list.Serves(source));
        Assert.True(ListenList.Everywhere.Serves(source));
    }

    [Fact]
    public void Lists_are_equal_if_their_addresses_are()
    {
        ListenList one = new([IPEndPoint.Parse("[::]:443")]);
        Assert.Equal(one, new ListenList([IPEndPoint.Parse("[::]:443")]));
        Assert.NotEqual(one, new ListenList([IPEndPoint.Parse("[::]:444")]));
        Assert.NotEqual(one, ListenList.Everywhere);
        Assert.True(ListenList.Everywhere.IsEverywhere);
    }
}
