using System.Net;
using WgProxy.Configuration;

namespace WgProxy.Tests;

public sealed class EndPointTextTests
{
    [Theory]
    [InlineData("[::]:51820", "[::]:51820")]
    [InlineData("0.0.0.0:1", "0.0.0.0:1")]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("[2001:DB8::1]:65535", "[2001:db8::1]:65535")]
    [InlineData("[::ffff:192.0.2.1]:7", "192.0.2.1:7")]
    public void An_address_with_a_port_is_read(string text, string expected)
    {
        Assert.True(EndPointText.TryParse(text, out IPEndPoint value, out string? detail), detail);
        Assert.Null(detail);
        Assert.Equal(expected, value.ToString());
    }

    [Theory]
    [InlineData("", "the port is missing")]
    [InlineData("192.0.2.1", "the port is missing")]
    [InlineData("[::1]", "the port is missing")]
    [InlineData("[::1]x:1", "the port is missing")]
    [InlineData("[::1:51820", "the port is missing")]
    [InlineData("::1:51820", "an IPv6 address needs brackets, as in [2001:db8::1]:51820")]
    [InlineData("192.0.2.1:", "the port is not a number from 0 to 65535")]
    [InlineData("192.0.2.1:65536", "the port is not a number from 0 to 65535")]
    [InlineData("192.0.2.1:-1", "the port is not a number from 0 to 65535")]
    [InlineData("192.0.2.1:+1", "the port is not a number from 0 to 65535")]
    [InlineData("192.0.2.1: 1", "the port is not a number from 0 to 65535")]
    [InlineData(":51820", "the part before the port is missing")]
    [InlineData("[]:51820", "the part before the port is missing")]
    [InlineData("localhost:51820", "the part before the port is not an address")]
    [InlineData("[192.0.2.1]:51820", "the part before the port is not an address")]
    [InlineData("192.0.2:51820", "the part before the port is not an address")]
    [InlineData("192.0.2.010:51820", "the part before the port is not an address")]
    [InlineData("0x7f000001:51820", "the part before the port is not an address")]
    [InlineData("1:51820", "the part before the port is not an address")]
    [InlineData("224.0.0.1:51820", "a group address belongs to no host")]
    [InlineData("255.255.255.255:51820", "a group address belongs to no host")]
    [InlineData("[ff02::1]:51820", "a group address belongs to no host")]
    [InlineData("[fe80::1]:51820", "a link-local address needs the interface of its link, as in [fe80::1%eth0]:51820")]
    [InlineData("[fe80::1%nosuch]:51820", "this host has no interface \"nosuch\"")]
    [InlineData("[fe80::1%]:51820", "\"\", behind the percent sign, cannot be an interface's name")]
    [InlineData("[2001:db8::1%lo]:51820", "only a link-local address (fe80::/10) has an interface behind a percent sign")]
    public void Anything_else_is_refused_with_a_reason(string text, string reason)
    {
        Assert.False(EndPointText.TryParse(text, out _, out string? detail));
        Assert.Equal(reason, detail);
    }

    [Fact]
    public void An_interface_gives_a_link_local_address_its_scope()
    {
        Assert.True(EndPointText.TryParse("[fe80::1%lo]:51820", out IPEndPoint value, out string? detail), detail);
        Assert.Equal(EndPointText.IndexOfZone("lo"), (uint)value.Address.ScopeId);
        Assert.True(EndPointText.TryParse("[fe80::1%17]:51820", out value, out detail), detail);
        Assert.Equal(17, value.Address.ScopeId);
    }

    [Theory]
    [InlineData("fe80::1%lo")]
    [InlineData("fe80::%lo")]
    public void Lists_of_addresses_have_no_interfaces(string text) =>
        Assert.False(EndPointText.TryParseAddress(text, bracketed: true, out _));
}
