using System.Diagnostics.CodeAnalysis;
using System.Net;
using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class UpstreamPortsTests
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(180);

    [Fact]
    public void Draws_every_port_once_before_any_has_rested()
    {
        UpstreamPorts pool = new(Enumerable.Range(1_000, 100).Select(port => (ushort)port), Rest, (1, 2));
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
        UpstreamPorts pool = new([7], Rest, default);
        Assert.True(pool.TryDraw(default, out ushort port));
        pool.Rest(port, new Tick(5_000));
        Assert.False(pool.TryDraw(new Tick(184_999), out _));
        Assert.True(pool.TryDraw(new Tick(185_000), out port));
        Assert.Equal(7, port);
    }

    [Fact]
    public void A_port_unknown_to_the_server_rests_briefly_and_is_drawn_rather_than_none()
    {
        UpstreamPorts pool = new([7, 8], Rest, default);
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
            UpstreamPorts pool = new([.. Enumerable.Range(0, 16).Select(port => (ushort)port)], Rest, (seed, 99));
            Assert.True(pool.TryDraw(default, out ushort port));
            hits[port]++;
        }

        // 1,000 expected each; six standard deviations (31) on either side.
        Assert.All(hits, count => Assert.InRange(count, 810, 1_190));
    }

    [Fact]
    public void A_port_that_another_program_has_is_passed_over_and_rests_briefly()
    {
        UpstreamPorts ports = new([7, 8, 9], Rest, default);
        List<ushort> tried = [];
        Assert.True(ports.TryOpen<string>(Open, Server, default, out string? socket, out _));
        Assert.Equal(tried[^1].ToString(), socket);
        Assert.Equal(3, tried.Distinct().Count());

        // The two that were refused are free again after 15 s; the third is in use.
        Assert.False(ports.TryDraw(default, out _) && ports.TryDraw(default, out _) && ports.TryDraw(default, out _));

        bool Open(IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out string socket, out OpenRefusal refusal)
        {
            tried.Add(end.Port);
            socket = tried.Count == 3 ? end.Port.ToString() : null;
            refusal = new OpenRefusal("bind", 98, server);
            return socket is not null;
        }
    }

    [Fact]
    public void If_every_port_is_refused_it_ends_after_sixteen()
    {
        UpstreamPorts ports = new(Enumerable.Range(1_000, 100).Select(port => (ushort)port), Rest, default);
        int tries = 0;
        Assert.False(ports.TryOpen<string>(Refuse("bind", () => tries++), Server, default, out _, out OpenRefusal refusal));
        Assert.Equal(16, tries);
        Assert.True(refusal.IsOfThePort);
    }

    [Fact]
    public void A_server_that_cannot_be_reached_uses_no_port_up()
    {
        UpstreamPorts ports = new([7], Rest, default);
        int tries = 0;
        for (int i = 0; i < 5; i++)
        {
            Assert.False(ports.TryOpen<string>(Refuse("connect", () => tries++), Server, default, out _, out OpenRefusal refusal));
            Assert.True(refusal.IsUnreachable);
        }

        Assert.Equal(5, tries);
    }

    [Fact]
    public void Without_a_port_left_the_refusal_names_no_call()
    {
        UpstreamPorts ports = new([7], Rest, default);
        Assert.True(ports.TryDraw(default, out _));
        Assert.False(ports.TryOpen<string>(Refuse("bind", () => { }), Server, default, out _, out OpenRefusal refusal));
        Assert.Equal(new OpenRefusal(null, 0, Server), refusal);
    }

    [Fact]
    public void Without_ports_of_its_own_the_system_chooses_and_a_refusal_is_final()
    {
        UpstreamPorts ports = new([], Rest, default);
        int tries = 0;
        Assert.False(ports.TryOpen<string>(Refuse("bind", () => tries++), Server, default, out _, out _));
        Assert.Equal(1, tries);
        Assert.True(ports.TryDraw(default, out ushort port));
        Assert.Equal(0, port);
        ports.Rest(4_000, default);
        Assert.True(ports.TryDraw(default, out port));
        Assert.Equal(0, port);
    }

    [Theory]
    [InlineData("bind", 2)]
    [InlineData("connect", 1)]
    [InlineData("socket", 1)]
    public void What_takes_a_place_tries_the_former_port_and_another_only_if_that_is_refused(string call, int expected)
    {
        UpstreamPorts ports = new([7], Rest, default);
        List<ushort> tried = [];
        Assert.False(ports.TryReplace<string>(
            (IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out string socket, out OpenRefusal refusal) =>
            {
                tried.Add(end.Port);
                socket = null;
                refusal = new OpenRefusal(call, 1, server);
                return false;
            },
            Server,
            new UpstreamEnd(0, 5),
            default,
            out _,
            out _));
        Assert.Equal(((ushort[])[5, 7])[..expected], tried.Distinct());
    }

    [Fact]
    public void A_restored_mappings_port_is_its_own_and_rests_like_others()
    {
        UpstreamPorts ports = new([7, 8], Rest, default);
        Assert.True(ports.TryReopen<string>(Opens, Server, new UpstreamEnd(0, 7), true, default, out string? socket, out _));
        Assert.Equal("7", socket);
        Assert.True(ports.TryDraw(default, out ushort other));
        Assert.Equal(8, other);
        Assert.False(ports.TryDraw(default, out _));
        ports.Rest(7, default);
        Assert.True(ports.TryDraw(default(Tick) + Rest, out other));
        Assert.Equal(7, other);
    }

    [Fact]
    public void A_restored_mappings_port_that_is_taken_is_replaced_by_a_drawn_one()
    {
        UpstreamPorts ports = new([7], Rest, default, mayReturn: [5, 7]);
        Assert.True(ports.TryReopen(
            (IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out string socket, out OpenRefusal refusal) =>
                end.Port == 5 ? Refuse("bind", () => { })(server, end, out socket, out refusal) : Opens(server, end, out socket, out refusal),
            Server, new UpstreamEnd(0, 5), true, default, out string? socket, out _));
        Assert.Equal("7", socket);
    }

    [Fact]
    public void A_restored_mappings_port_that_is_not_allowed_any_more_is_replaced_by_a_drawn_one()
    {
        UpstreamPorts ports = new([7], Rest, default, mayReturn: [6, 7]);
        Assert.True(ports.TryReopen<string>(Opens, Server, new UpstreamEnd(0, 5), true, default, out string? socket, out _));
        Assert.Equal("7", socket);
        Assert.False(ports.TryDraw(default, out _));

        // Where the system chooses, every port is allowed.
        Assert.True(new UpstreamPorts([], Rest, default).TryReopen<string>(Opens, Server, new UpstreamEnd(0, 5), true, default, out socket, out _));
        Assert.Equal("5", socket);
    }

    // Another worker's: it comes and goes, and the own ports stay what they are.
    [Fact]
    public void A_port_that_is_not_one_of_these_is_no_more_drawn_after_it_was_restored()
    {
        UpstreamPorts ports = new([7], Rest, default, mayReturn: [5, 7]);
        Assert.True(ports.TryReopen<string>(Opens, Server, new UpstreamEnd(0, 5), true, default, out _, out _));
        ports.Rest(5, default);
        ports.Rest(5, default, used: false);
        Assert.True(ports.TryDraw(default(Tick) + (3 * Rest), out ushort port));
        Assert.Equal(7, port);
        Assert.False(ports.TryDraw(default(Tick) + (3 * Rest), out _));
    }

    [Fact]
    public void A_port_that_rested_when_it_was_restored_is_drawn_once()
    {
        UpstreamPorts ports = new([7, 8], Rest, default);
        Assert.True(ports.TryDraw(default, out _));
        Assert.True(ports.TryDraw(default, out _));
        ports.Rest(7, default);
        Assert.True(ports.TryReopen<string>(Opens, Server, new UpstreamEnd(0, 7), true, default, out _, out _));
        ports.Rest(7, default);
        Tick later = default(Tick) + (3 * Rest);
        Assert.True(ports.TryDraw(later, out ushort port));
        Assert.Equal(7, port);
        Assert.False(ports.TryDraw(later, out _));
    }

    [Fact]
    public void A_port_that_rested_when_it_was_restored_is_not_drawn_when_that_rest_ends()
    {
        UpstreamPorts ports = new([7], Rest, default);
        Assert.True(ports.TryDraw(default, out _));
        ports.Rest(7, default, used: false);
        Assert.True(ports.TryReopen<string>(Opens, Server, new UpstreamEnd(0, 7), used: true, default, out _, out _));
        Assert.False(ports.TryDraw(default, out _));
        Assert.False(ports.TryDraw(new Tick(20_000), out _));

        // Nor does the rest after use end with the one before.
        ports.Rest(7, new Tick(5_000));
        Assert.False(ports.TryDraw(new Tick(184_999), out _));
        Assert.True(ports.TryDraw(new Tick(185_000), out _));
    }

    [Fact]
    public void The_port_of_another_mapping_stays_its_own()
    {
        UpstreamPorts ports = new([7, 8], Rest, (3, 4));
        Assert.True(ports.TryDraw(default, out ushort others));
        Assert.True(ports.TryReopen<string>(Opens, Server, new UpstreamEnd(0, others), used: true, default, out string? socket, out _));
        Assert.NotEqual($"{others}", socket);
        Assert.False(ports.TryDraw(default(Tick) + Rest, out _));
        ports.Rest(others, default(Tick) + Rest);
        Assert.True(ports.TryDraw(default(Tick) + Rest + Rest, out ushort drawn));
        Assert.Equal(others, drawn);
    }

    [Fact]
    public void A_restored_port_that_does_not_open_rests_no_less_than_it_did()
    {
        UpstreamPorts ports = new([7], Rest, default);
        Assert.True(ports.TryDraw(default, out _));
        ports.Rest(7, default);
        Assert.False(ports.TryReopen<string>(Refuse("connect", () => { }), Server, new UpstreamEnd(0, 7), used: false, default, out _, out _));
        Assert.False(ports.TryDraw(new Tick(179_999), out _));
        Assert.True(ports.TryDraw(new Tick(180_000), out _));
    }

    private static bool Opens(IPEndPoint server, UpstreamEnd end, [MaybeNullWhen(false)] out string socket, out OpenRefusal refusal)
    {
        (socket, refusal) = ($"{end.Port}", default);
        return true;
    }

    private static IPEndPoint Server { get; } = new(IPAddress.Loopback, 9);

    private static PortOpener<string> Refuse(string call, Action tried) =>
        (IPEndPoint server, UpstreamEnd _, [MaybeNullWhen(false)] out string socket, out OpenRefusal refusal) =>
        {
            tried();
            socket = null;
            refusal = new OpenRefusal(call, 1, server);
            return false;
        };

    private static ushort[] First(ushort[] ports, (ulong, ulong) seed)
    {
        UpstreamPorts pool = new(ports, Rest, seed);
        return [.. Enumerable.Range(0, 20).Select(_ => pool.TryDraw(default, out ushort port) ? port : (ushort)0)];
    }
}
