using WgProxy.Configuration;

namespace WgProxy.Tests;

public sealed class ServerNameTests
{
    [Theory]
    [InlineData("vpn.example.com:51820", "vpn.example.com", 51820, null)]
    [InlineData("vpn.example.com.:51820", "vpn.example.com.", 51820, null)]
    [InlineData("wg_server:1", "wg_server", 1, null)]
    [InlineData("3com.example:1", "3com.example", 1, null)]
    [InlineData("0x7f.example:1", "0x7f.example", 1, null)]
    [InlineData("vpn.0xyz:1", "vpn.0xyz", 1, null)]
    [InlineData("192.0.2.1:51820", "192.0.2.1", 51820, "192.0.2.1")]
    [InlineData("[2001:db8::1]:51820", "2001:db8::1", 51820, "2001:db8::1")]
    [InlineData("[::ffff:192.0.2.1]:51820", "::ffff:192.0.2.1", 51820, "192.0.2.1")]
    [InlineData("[fe80::1%1]:51820", "fe80::1%1", 51820, "fe80::1")]
    [InlineData("[fe80::1%wg-lan.7]:51820", "fe80::1%wg-lan.7", 51820, "fe80::1")]
    public void A_name_or_address_with_a_port_is_read(string text, string host, int port, string? address)
    {
        Assert.True(ServerName.TryParse(text, out ServerName server, out string? detail), detail);
        Assert.Equal((host, (ushort)port, address), (server.Host, server.Port, server.Address?.ToString()));
    }

    [Theory]
    [InlineData("vpn.example.com", "the port is missing")]
    [InlineData("vpn.example.com:0", "nothing can be sent to port 0")]
    [InlineData("2001:db8::1:51820", "an IPv6 address needs brackets, as in [2001:db8::1]:51820")]
    [InlineData("0.0.0.0:51820", "no host can have this address")]
    [InlineData("[::]:51820", "no host can have this address")]
    [InlineData("239.1.2.3:51820", "no host can have this address")]
    [InlineData("[ff02::1]:51820", "no host can have this address")]
    [InlineData("[vpn.example.com]:51820", "there is no IPv6 address in the brackets")]
    [InlineData("vpn example:51820", "the part before the port is neither a name nor an address")]
    [InlineData("-vpn.example:51820", "the part before the port is neither a name nor an address")]
    [InlineData("vpn..example:51820", "the part before the port is neither a name nor an address")]
    [InlineData("https://vpn.example:51820", "an IPv6 address needs brackets, as in [2001:db8::1]:51820")]
    [InlineData("192.0.2.1.5:51820", "the part before the port is neither a name nor an address")]
    [InlineData("010.0.0.1:51820", "the part before the port is neither a name nor an address")]
    [InlineData("127.1:51820", "the part before the port is neither a name nor an address")]
    [InlineData("2130706433:51820", "the part before the port is neither a name nor an address")]
    [InlineData("0x7f000001:51820", "the part before the port is neither a name nor an address")]
    [InlineData("0X7F.0x0.0.0X1:51820", "the part before the port is neither a name nor an address")]
    [InlineData("vpn.0x:51820", "the part before the port is neither a name nor an address")]
    [InlineData("0.1.2.3:51820", "no host can have this address")]
    [InlineData("[fe80::1]:51820", "a link-local address needs the interface of its link, as in [fe80::1%eth0]:51820")]
    [InlineData("[2001:db8::1%eth0]:51820", "only a link-local address (fe80::/10) has an interface behind a percent sign")]
    [InlineData("[fe80::1%]:51820", "\"\", behind the percent sign, cannot be an interface's name")]
    [InlineData("[fe80::1%0]:51820", "\"0\", behind the percent sign, cannot be an interface's name")]
    [InlineData("[fe80::1%no/such]:51820", "\"no/such\", behind the percent sign, cannot be an interface's name")]
    [InlineData("[fe80::1%interfaces-have-15]:51820", "\"interfaces-have-15\", behind the percent sign, cannot be an interface's name")]
    [InlineData("vpn.example%eth0:51820", "the part before the port is neither a name nor an address")]
    [InlineData("v\u00fcpn.example:51820", "the part before the port is neither a name nor an address")]
    public void Anything_else_is_refused_with_a_reason(string text, string reason)
    {
        Assert.False(ServerName.TryParse(text, out _, out string? detail));
        Assert.Equal(reason, detail);
    }

    [Fact]
    public void A_zone_stays_text()
    {
        Assert.True(ServerName.TryParse("[fe80::1%nosuch]:51820", out ServerName server, out _));
        Assert.Equal(("nosuch", "[fe80::1%nosuch]:51820", false), (server.Zone, server.ToString(), server.IsFixed));
    }

    [Fact]
    public void Names_longer_than_DNS_allows_are_refused()
    {
        string label = new('a', 63);
        Assert.True(ServerName.TryParse($"{label}.example:1", out _, out _));
        Assert.False(ServerName.TryParse($"{label}a.example:1", out _, out _));
        Assert.False(ServerName.TryParse($"{label}.{label}.{label}.{label}:1", out _, out _));
    }
}
