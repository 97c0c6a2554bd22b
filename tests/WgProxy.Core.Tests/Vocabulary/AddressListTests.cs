using System.Net;

namespace WgProxy.Core.Tests.Vocabulary;

public sealed class AddressListTests
{
    public static TheoryData<string, int> Lengths =>
    [
        .. Enumerable.Range(0, 33).Select(length => ("203.0.113.165", length)),
        .. Enumerable.Range(0, 129).Select(length => ("2001:db8:a5a5:5a5a:9669:c33c:aaaa:5555", length)),
        .. Enumerable.Range(96, 33).Select(length => ("::ffff:203.0.113.165", length)),
    ];

    [Fact]
    public void Lists_with_the_same_prefixes_are_equal()
    {
        IPNetwork[] prefixes = [IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("2001:db8::/32")];
        Assert.Equal(new AddressList(prefixes), new AddressList(prefixes));
        Assert.Equal(new AddressList(prefixes).GetHashCode(), new AddressList(prefixes).GetHashCode());
        Assert.NotEqual(new AddressList(prefixes), new AddressList(prefixes[..1]));
        Assert.NotEqual(new AddressList(prefixes), new AddressList([IPNetwork.Parse("192.0.2.0/25"), prefixes[1]]));
    }

    [Fact]
    public void The_empty_list_contains_nobody()
    {
        Assert.True(AddressList.Empty.IsEmpty);
        Assert.False(AddressList.Empty.Contains(Client("192.0.2.1")));
        Assert.False(List("::/0").IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_prefix_of_any_length_ends_at_its_last_bit(string address, int length)
    {
        byte[] bytes = IPAddress.Parse(address).GetAddressBytes();
        AddressList list = new([new IPNetwork(new IPAddress(Masked(bytes, length)), length)]);
        Assert.True(list.Contains(Client(new IPAddress(bytes))));
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] other = [.. bytes];
            other[bit / 8] ^= (byte)(0x80 >> (bit % 8));
            Assert.Equal(bit >= length, list.Contains(Client(new IPAddress(other))));
        }
    }

    [Theory]
    [InlineData("0.0.0.0/0", "192.0.2.1", true)]
    [InlineData("0.0.0.0/0", "::ffff:192.0.2.1", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("0.0.0.0/0", "::192.0.2.1", false)]
    [InlineData("::/0", "192.0.2.1", true)]
    [InlineData("::ffff:0.0.0.0/96", "192.0.2.1", true)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.77", true)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.3.77", false)]
    [InlineData("2000::/3", "192.0.2.1", false)]
    public void IPv4_is_one_family_whether_mapped_or_not(string prefix, string client, bool expected) =>
        Assert.Equal(expected, List(prefix).Contains(Client(client)));

    [Fact]
    public void Any_prefix_of_several_suffices()
    {
        AddressList list = List("192.0.2.0/25", "2001:db8::/48", "198.51.100.7/32");
        Assert.True(list.Contains(Client("198.51.100.7")));
        Assert.True(list.Contains(Client("2001:db8:0:ffff::1")));
        Assert.True(list.Contains(Client("192.0.2.127")));
        Assert.False(list.Contains(Client("192.0.2.128")));
    }

    private static AddressList List(params string[] prefixes) => new(prefixes.Select(prefix => IPNetwork.Parse(prefix)));

    private static Source Client(string address) => Client(IPAddress.Parse(address));

    private static Source Client(IPAddress address) => Source.From(new IPEndPoint(address, 51_820));

    private static byte[] Masked(byte[] address, int length)
    {
        byte[] masked = [.. address];
        for (int bit = length; bit < masked.Length * 8; bit++)
        {
            masked[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return masked;
    }
}
