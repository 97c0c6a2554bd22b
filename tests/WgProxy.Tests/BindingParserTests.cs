using System.Net;
using System.Net.Sockets;
using WgProxy.Configuration;
using WgProxy.Hosting;

namespace WgProxy.Tests;

public sealed class BindingParserTests
{
    [Theory]
    [InlineData("any", "")]
    [InlineData("192.0.2.1", "192.0.2.1/32")]
    [InlineData("192.0.2.0/28, 2001:db8::/64 2001:db8:1::7", "192.0.2.0/28,2001:db8::/64,2001:db8:1::7/128")]
    public void Source_addresses_are_addresses_and_prefixes(string text, string expected)
    {
        Assert.True(OptionTable.UpstreamAddress.Parse(text, out SourcePrefixes value, out _));
        Assert.Equal(expected, string.Join(',', value.Prefixes));
        Assert.True(OptionTable.UpstreamAddress.Parse(text, out SourcePrefixes again, out _));
        Assert.Equal(value, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("192.0.2.1/24")]
    [InlineData("010.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("224.0.0.1")]
    [InlineData("ff02::1")]
    [InlineData("fe80::1")]
    [InlineData("eth0")]
    public void Other_source_addresses_are_refused(string text) =>
        Assert.False(OptionTable.UpstreamAddress.TryParse(text, out _, out _));

    [Theory]
    [InlineData("off", 0u)]
    [InlineData("51820", 51_820u)]
    [InlineData("0xca6c", 51_820u)]
    [InlineData("0XCA6C", 51_820u)]
    [InlineData("4294967295", uint.MaxValue)]
    public void A_mark_is_what_wg_takes(string text, uint expected)
    {
        Assert.True(OptionTable.Mark.Parse(text, out uint value, out _));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("")]
    [InlineData("0x")]
    [InlineData("-1")]
    [InlineData("4294967296")]
    [InlineData("ca6c")]
    [InlineData("0x1/0x1")]
    public void Other_marks_are_refused(string text) => Assert.False(OptionTable.Mark.TryParse(text, out _, out _));

    [Theory]
    [InlineData("40000-49999", 40_000, 49_999)]
    [InlineData("1-1", 1, 1)]
    public void Ports_are_a_range(string text, int first, int last)
    {
        Assert.True(OptionTable.UpstreamPorts.Parse(text, out (ushort, ushort)? value, out _));
        Assert.Equal(((ushort)first, (ushort)last), value);
    }

    [Theory]
    [InlineData("0-5")]
    [InlineData("5-4")]
    [InlineData("5")]
    [InlineData("5-65536")]
    [InlineData("1-2-3")]
    [InlineData("")]
    public void Other_ranges_are_refused(string text) => Assert.False(OptionTable.UpstreamPorts.TryParse(text, out _, out _));

    [Fact]
    public void Chosen_ports_may_be_reserved_ones_but_not_the_listening_one()
    {
        EphemeralPorts ports = EphemeralPorts.Select("32768 60999", "100-110", 105).Only((100, 110), 105);
        Assert.Equal([100, 101, 102, 103, 104, 106, 107, 108, 109, 110], ports.Numbers.Select(port => (int)port));
    }

    [Theory]
    [InlineData("any", null, true)]
    [InlineData("eth1", "eth1", true)]
    [InlineData("vrf-blue", "vrf-blue", true)]
    [InlineData("a-name-too-long-for-it", null, false)]
    [InlineData("a/b", null, false)]
    [InlineData("", null, false)]
    public void An_interface_has_a_name(string text, string? expected, bool isValid)
    {
        Assert.Equal(isValid, OptionTable.UpstreamDevice.Parse(text, out string? value, out _));
        Assert.True(!isValid || string.Equals(expected, value, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("auto", null)]
    [InlineData("ipv4", AddressFamily.InterNetwork)]
    [InlineData("ipv6", AddressFamily.InterNetworkV6)]
    public void A_preference_is_a_version(string text, AddressFamily? expected)
    {
        Assert.True(OptionTable.Prefer.Parse(text, out AddressFamily? value, out _));
        Assert.Equal(expected, value);
        Assert.False(OptionTable.Prefer.TryParse(text.ToUpperInvariant(), out _, out _));
    }
}
