using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class PortPoolTests
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(180);

    [Fact]
    public void Draws_every_port_once_before_any_has_rested()
    {
        PortPool pool = new(Enumerable.Range(1_000, 100).Select(port => (ushort)port), Rest, (1, 2));
        HashSet<ushort> drawn = [];
        while (pool.TryDraw(default, out ushort port))
        {
            Assert.True(drawn.Add(port));
        }

        Assert.Equal(100, drawn.Count);
        Assert.Equal(Enumerable.Range(1_000, 100), drawn.Order().Select(port => (int)port));
    }

    [Fact]
    public void A_port_rests_180_seconds()
    {
        PortPool pool = new([7], Rest, default);
        Assert.True(pool.TryDraw(default, out ushort port));
        pool.Rest(port, new Tick(5_000));
        Assert.False(pool.TryDraw(new Tick(184_999), out _));
        Assert.True(pool.TryDraw(new Tick(185_000), out port));
        Assert.Equal(7, port);
    }

    [Fact]
    public void A_port_unknown_to_the_server_rests_briefly_and_is_drawn_rather_than_none()
    {
        PortPool pool = new([7, 8], Rest, default);
        Assert.True(pool.TryDraw(default, out ushort heard));
        Assert.True(pool.TryDraw(default, out ushort unheard));
        pool.Rest(heard, default);
        pool.Rest(unheard, default, used: false);

        Assert.True(pool.TryDraw(new Tick(1), out ushort early));
        Assert.Equal(unheard, early);
        Assert.False(pool.TryDraw(new Tick(1), out _));
        pool.Rest(early, new Tick(2), used: false);
        Assert.True(pool.TryDraw(new Tick(15_002), out early));
        Assert.Equal(unheard, early);
    }

    [Fact]
    public void The_order_depends_on_the_seed()
    {
        ushort[] ports = [.. Enumerable.Range(1, 1_000).Select(port => (ushort)port)];
        Assert.NotEqual(First(ports, (1, 1)), First(ports, (1, 2)));
        Assert.Equal(First(ports, (1, 1)), First(ports, (1, 1)));
    }

    [Fact]
    public void No_port_is_favoured()
    {
        int[] hits = new int[16];
        for (ulong seed = 0; seed < 16_000; seed++)
        {
            PortPool pool = new([.. Enumerable.Range(0, 16).Select(port => (ushort)port)], Rest, (seed, 99));
            Assert.True(pool.TryDraw(default, out ushort port));
            hits[port]++;
        }

        // 1,000 expected each; six standard deviations (31) on either side.
        Assert.All(hits, count => Assert.InRange(count, 810, 1_190));
    }

    private static ushort[] First(ushort[] ports, (ulong, ulong) seed)
    {
        PortPool pool = new(ports, Rest, seed);
        return [.. Enumerable.Range(0, 20).Select(_ => pool.TryDraw(default, out ushort port) ? port : (ushort)0)];
    }
}
