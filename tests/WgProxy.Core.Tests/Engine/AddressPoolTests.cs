using System.Diagnostics.CodeAnalysis;
using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class AddressPoolTests
{
    private static readonly UInt128 Mapped = (UInt128)0xFFFF << 32;
    private static readonly IPEndPoint Server4 = IPEndPoint.Parse("192.0.2.1:9");
    private static readonly IPEndPoint Server6 = IPEndPoint.Parse("[2001:db8::1]:9");

    [Theory]
    [InlineData("10.0.0.5/32", true, 5, 5)]
    [InlineData("10.0.0.4/31", true, 4, 5)]
    [InlineData("10.0.0.4/30", true, 5, 6)]
    [InlineData("10.0.0.0/24", true, 1, 254)]
    [InlineData("::5/128", false, 5, 5)]
    [InlineData("::4/127", false, 4, 5)]
    [InlineData("::/112", false, 1, 65_535)]
    public void A_prefix_has_these_addresses(string prefix, bool isIPv4, int first, int last)
    {
        UInt128 start = isIPv4 ? Mapped | 0x0A00_0000 : 0;
        bool isPrefix = first != last;
        (UpstreamEnd First, UpstreamEnd Last) ends = AddressPool.EndsOf(IPNetwork.Parse(prefix));
        Assert.Equal((new UpstreamEnd(start + (uint)first, 0, isPrefix), new UpstreamEnd(start + (uint)last, 0, isPrefix)), ends);
        AddressPool pool = new([IPNetwork.Parse(prefix)]);
        Assert.Equal(isPrefix, pool.HasSeveral(isIPv4));
        Assert.True(pool.Has(isIPv4));
        Assert.False(pool.Has(!isIPv4));
        Assert.False(pool.TryDraw(!isIPv4, default, out _));
        Assert.True(pool.TryFind(ends.First.Address, out _) && pool.TryFind(ends.Last.Address, out _));
        Assert.False(pool.TryFind(ends.First.Address - 1, out _) || pool.TryFind(ends.Last.Address + 1, out _));
    }

    [Fact]
    public void Without_addresses_the_system_chooses()
    {
        Assert.True(AddressPool.Empty.TryDraw(isIPv4: true, default, out UpstreamEnd end));
        Assert.Equal(default, end);
        Assert.False(AddressPool.Empty.Has(isIPv4: true) || AddressPool.Empty.TryFind(Mapped | 1, out end));
        Assert.Equal(default, end);
    }

    [Fact]
    public void Of_a_wide_prefix_and_an_address_each_is_drawn_equally_often()
    {
        UpstreamPorts ports = new([], TimeSpan.Zero, (3, 4), new AddressPool([IPNetwork.Parse("2001:db8::/64"), IPNetwork.Parse("2001:db8:1::7/128")]));
        HashSet<UInt128> drawn = [];
        int single = 0;
        for (int i = 0; i < 1_000; i++)
        {
            Assert.True(ports.TryOpen<object>(Take, Server6, default, out object? end, out _));
            UpstreamEnd taken = (UpstreamEnd)end;
            single += taken.IsOfPrefix ? 0 : 1;
            drawn.Add(taken.Address);
        }

        // 500 are expected; six standard deviations (16) on either side. No address of the wide one comes twice.
        Assert.InRange(single, 405, 595);
        Assert.Equal(1_000 - single + 1, drawn.Count);
    }

    [Fact]
    public void An_address_that_is_gone_costs_no_port_and_another_is_tried()
    {
        UpstreamPorts ports = new([7], TimeSpan.Zero, (3, 4), new AddressPool([IPNetwork.Parse("10.0.0.1/32"), IPNetwork.Parse("10.0.0.2/32")]));
        for (int i = 0; i < 20; i++)
        {
            Assert.True(ports.TryReplace<object>(OnlySecond, Server4, new UpstreamEnd(Mapped | 0x0A00_0001, 7), default, out object? end, out _));
            Assert.Equal(new UpstreamEnd(Mapped | 0x0A00_0002, 7), end);
        }

        Assert.True(ports.TryOpen<object>(OnlySecond, Server4, default, out object? opened, out _));
        Assert.Equal((ushort)7, ((UpstreamEnd)opened).Port);
    }

    [Fact]
    public void Without_an_address_of_the_servers_IP_version_no_port_is_used()
    {
        UpstreamPorts ports = new([7], TimeSpan.Zero, (3, 4), new AddressPool([IPNetwork.Parse("10.0.0.1/32")]));
        for (int i = 0; i < 3; i++)
        {
            Assert.False(ports.TryOpen<object>(Take, Server6, default, out _, out OpenRefusal refusal));
            Assert.True(refusal.IsUnreachable && !refusal.IsOfThePort);
        }

        Assert.True(ports.TryOpen<object>(Take, Server4, default, out object? end, out _));
        Assert.Equal(new UpstreamEnd(Mapped | 0x0A00_0001, 7), end);
    }

    [Fact]
    public void If_the_only_address_is_gone_its_port_is_kept_for_the_next()
    {
        UpstreamPorts ports = new([7], TimeSpan.FromSeconds(180), (3, 4), new AddressPool([IPNetwork.Parse("10.0.0.1/32")]));
        for (int i = 0; i < 3; i++)
        {
            Assert.False(ports.TryOpen<object>(OnlySecond, Server4, default, out _, out OpenRefusal refusal));
            Assert.True(refusal is { IsOfTheAddress: true, IsUnreachable: true, IsOfThePort: false });
        }

        Assert.True(ports.TryOpen<object>(Take, Server4, default, out _, out _));
    }

    private static bool Take(IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out object socket, out OpenRefusal refusal)
    {
        (socket, refusal) = (end, default);
        return true;
    }

    private static bool OnlySecond(IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out object socket, out OpenRefusal refusal)
    {
        bool isSecond = (uint)end.Address == 0x0A00_0002;
        (socket, refusal) = (isSecond ? end : null, isSecond ? default : new OpenRefusal("bind", 99, server));
        return isSecond;
    }
}
