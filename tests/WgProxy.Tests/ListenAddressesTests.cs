using System.Net;
using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>Lists of addresses and ports to listen on.</summary>
public sealed class ListenAddressesTests
{
    [Theory]
    [InlineData("[::]:51820", "[::]:51820")]
    [InlineData("[::]:51820, 192.0.2.1:443", "[::]:51820 192.0.2.1:443")]
    [InlineData("0.0.0.0:4500-4502,[2001:db8::1]:53", "0.0.0.0:4500 0.0.0.0:4501 0.0.0.0:4502 [2001:db8::1]:53")]
    [InlineData("[::]:65535-65535", "[::]:65535")]
    [InlineData("127.0.0.1:0,127.0.0.1:0", "127.0.0.1:0 127.0.0.1:0")]
    [InlineData("0.0.0.0:53,[2001:db8::1]:53", "0.0.0.0:53 [2001:db8::1]:53")]
    public void A_list_has_its_addresses_in_order(string text, string expected)
    {
        Assert.True(ListenAddresses.TryParse(text, out ListenAddresses value, out string? refusal), refusal);
        Assert.Equal(expected, string.Join(' ', value.All));
        Assert.Equal(text.Replace(" ", string.Empty, StringComparison.Ordinal), value.ToString().Replace(" ", string.Empty, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "the port is missing; expected an address of this host with a port")]
    [InlineData("[::]:51820,", "the port is missing")]
    [InlineData("0.0.0.0:4510-4500", "the ports behind the address are no range; expected the first and the last, as in 0.0.0.0:4500-4510")]
    [InlineData("0.0.0.0:0-3", "no range")]
    [InlineData("0.0.0.0:1-", "no range")]
    [InlineData("0.0.0.0:65530-65540", "no range")]
    [InlineData("0.0.0.0:1-x", "no range")]
    [InlineData("0.0.0.0:-5", "the port is not a number")]
    [InlineData("0.0.0.0:1000-1064", "these are 65 ports; expected 64 at most: more ports need an nft redirect to one (docs/listen.md)")]
    [InlineData("0.0.0.0:1-64,0.0.0.0:101-164,0.0.0.0:200", "these are 129 addresses and ports; expected 128 at most: more ports need an nft redirect to one (docs/listen.md)")]
    [InlineData("192.0.2.1:5,192.0.2.1:5", "192.0.2.1:5 is given twice; expected each once")]
    [InlineData("[::]:1-9,192.0.2.1:5", "192.0.2.1:5 and [::]:5 have addresses in common; expected each address once")]
    [InlineData("0.0.0.0:5,192.0.2.1:5", "have addresses in common")]
    public void What_is_wrong_is_said(string text, string expected)
    {
        Assert.False(ListenAddresses.TryParse(text, out _, out string? refusal));
        Assert.Contains(expected, refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[::]:443,0.0.0.0:1-9", "[::]:443", null)]
    [InlineData("[::]:443,0.0.0.0:1-9", "0.0.0.0:443,0.0.0.0:3-5", null)]
    [InlineData("[::]:443", "192.0.2.1:443", "192.0.2.1:443")]
    [InlineData("0.0.0.0:443", "[::]:443", "[::]:443")]
    [InlineData("[::]:443", "[::]:444", "[::]:444")]
    public void A_server_is_served_only_where_the_relay_listens(string relay, string server, string? missing)
    {
        Assert.Equal(missing is null, Parse(relay).Hold(Parse(server), out IPEndPoint? found));
        Assert.Equal(missing, found?.ToString());
    }

    [Fact]
    public void Neighbouring_ports_are_shown_as_a_range() => Assert.Equal(
        ["0.0.0.0:1-3", "[::]:3", "0.0.0.0:5", "0.0.0.0:7"],
        ListenAddresses.Shortened(Parse("0.0.0.0:1-3,[::]:4,0.0.0.0:5,0.0.0.0:7").All.Select(each => each.Port == 4 ? new IPEndPoint(each.Address, 3) : each)));

    private static ListenAddresses Parse(string text) =>
        ListenAddresses.TryParse(text, out ListenAddresses value, out string? refusal) ? value : throw new ArgumentException(refusal, nameof(text));
}
