using System.Net;
using System.Net.Sockets;
using WgProxy.Core;

namespace WgProxy.Tests;

public sealed class RouteResolverTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    private readonly FakeTime _time = new();
    private readonly Route _route = Keys.Route();
    private readonly CancellationTokenSource _stop = new();
    private readonly HeardLog _heard;
    private string[]? _answer = [];
    private int _asked;

    public RouteResolverTests() => _heard = new HeardLog(_time);

    [Fact]
    public async Task An_address_is_published_at_once_and_never_looked_up()
    {
        Task run = Run("[2001:db8::1]:51820");
        Assert.Equal("[2001:db8::1]:51820", _route.Server?.ToString());
        await StopAsync(run);
        Assert.Equal(0, _asked);
        Assert.EndsWith(
            "server [2001:db8::1]:51820 is at [2001:db8::1]:51820", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_tried_again_ever_more_slowly()
    {
        _answer = null;
        Task run = Run();
        foreach (int pause in (int[])[1, 2, 4, 8, 16, 32, 60, 60, 60])
        {
            Assert.Equal(TimeSpan.FromSeconds(pause), await _time.NextAlarmAsync());
            Assert.Null(_route.Server);
            _time.Advance(TimeSpan.FromSeconds(pause));
        }

        _answer = ["192.0.2.1"];
        _time.Advance(await _time.NextAlarmAsync());
        Assert.Equal(Minute, await _time.NextAlarmAsync());
        Assert.Equal("192.0.2.1:51820", _route.Server?.ToString());
        await StopAsync(run);
        Assert.Equal(11, _asked);
        Assert.Contains("cannot be resolved", _heard.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("next attempt in 1 s", _heard.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("server vpn.example:51820 is at 192.0.2.1:51820", _heard.Lines[^1], StringComparison.Ordinal);

        // Attempts at 0, 1, 3, 7, 15, 31, 63, 123, 183 and 243 s: said at 0, 63, 123, 183 and 243.
        Assert.Equal(6, _heard.Lines.Length);
        Assert.EndsWith("(5 more since last said)", _heard.Lines[1], StringComparison.Ordinal);
    }

    [Fact(Timeout = 10_000)]
    public async Task A_name_is_asked_for_at_once_when_that_is_wanted()
    {
        RouteResolver resolver = Resolver("vpn.example:51820", answer: ["192.0.2.1"]);
        Task run = resolver.RunAsync(_stop.Token);
        Assert.Equal(Minute, await _time.NextAlarmAsync());
        _answer = ["192.0.2.2"];
        resolver.ResolveNow();
        while (!string.Equals(_route.Server?.ToString(), "192.0.2.2:51820", StringComparison.Ordinal))
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.Equal(2, _asked);
        await StopAsync(run);
    }

    [Fact]
    public async Task The_first_usable_address_is_taken()
    {
        Task run = Run(answer: ["0.0.0.0", "ff02::1", "::ffff:192.0.2.7", "192.0.2.8"]);
        Assert.Equal(Minute, await _time.NextAlarmAsync());
        Assert.Equal("192.0.2.7:51820", _route.Server?.ToString());
        await StopAsync(run);
    }

    [Fact]
    public async Task The_current_address_stays_while_it_is_among_the_answers()
    {
        Task run = Run(answer: ["192.0.2.1", "192.0.2.2"]);
        await NextRoundAsync("192.0.2.2", "192.0.2.1");
        IPEndPoint? published = _route.Server;
        Assert.Equal("192.0.2.1:51820", published?.ToString());
        await NextRoundAsync("2001:db8::2", "192.0.2.2");
        Assert.Equal("[2001:db8::2]:51820", _route.Server?.ToString());
        Assert.Equal("192.0.2.1:51820", published?.ToString());
        await StopAsync(run);
        Assert.Equal(2, _heard.Lines.Length);
        Assert.Contains("moved from 192.0.2.1:51820 to [2001:db8::2]:51820", _heard.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_good_address_outlives_failures()
    {
        Task run = Run(answer: ["192.0.2.1"]);
        await NextRoundAsync(null);
        Assert.Equal("192.0.2.1:51820", _route.Server?.ToString());
        await NextRoundAsync();
        Assert.Equal("192.0.2.1:51820", _route.Server?.ToString());
        await NextRoundAsync("192.0.2.2");
        Assert.Equal("192.0.2.2:51820", _route.Server?.ToString());
        await StopAsync(run);
        Assert.EndsWith("192.0.2.1:51820 stays in use", _heard.Lines[1], StringComparison.Ordinal);
        Assert.Contains("no address that a server can have", _heard.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_first_resolves_to_the_relay_alone_ends_the_run()
    {
        _answer = null;
        Task run = Run();
        TimeSpan pause = await _time.NextAlarmAsync();
        _answer = ["127.0.0.1", "192.0.2.100"];
        _time.Advance(pause);
        await run.WaitAsync(Minute, TestContext.Current.CancellationToken);
        Assert.Null(_route.Server);
        Assert.EndsWith(
            "error --server (WGPROXY_SERVER) is \"vpn.example:51820\": it resolves to 127.0.0.1, and that is where this "
            + "relay itself listens; expected the address of the WireGuard server",
            _heard.Lines[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_relays_own_addresses_are_passed_over()
    {
        Task run = Run(answer: ["192.0.2.100", "192.0.2.1"]);
        await NextRoundAsync("192.0.2.100");
        Assert.Equal("192.0.2.1:51820", _route.Server?.ToString());
        await StopAsync(run);
        Assert.EndsWith(
            "warning server vpn.example:51820 now resolves to 192.0.2.100, where this relay itself listens: "
            + "192.0.2.1:51820 stays in use",
            _heard.Lines[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_look_up_that_hangs_does_not_hold_up_the_end()
    {
        Assert.True(ServerName.TryParse("vpn.example:51820", out ServerName server, out _));
        TaskCompletionSource<IPAddress[]> never = new();
        RouteResolver resolver = new(_route, server, Own(), (_, _) => never.Task, _time, _heard.Log);
        Task run = resolver.RunAsync(_stop.Token);
        await StopAsync(run);
        Assert.Empty(_heard.Lines);
    }

    private static OwnAddresses Own() => new([new IPEndPoint(IPAddress.IPv6Any, 51820)], () => [IPAddress.Parse("192.0.2.100")]);

    private Task Run(string server = "vpn.example:51820", string[]? answer = null) => Resolver(server, answer).RunAsync(_stop.Token);

    private RouteResolver Resolver(string server, string[]? answer)
    {
        _answer = answer ?? _answer;
        Assert.True(ServerName.TryParse(server, out ServerName name, out string? detail), detail);
        return new RouteResolver(_route, name, Own(), ResolveAsync, _time, _heard.Log);
    }

    private async Task NextRoundAsync(params string[]? answer)
    {
        TimeSpan pause = await _time.NextAlarmAsync();
        Assert.Equal(Minute, pause);
        _answer = answer;
        _time.Advance(pause);
        _ = await _time.NextAlarmAsync();
    }

    private async Task StopAsync(Task run)
    {
        await _stop.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private Task<IPAddress[]> ResolveAsync(string name, CancellationToken stop)
    {
        Assert.Equal("vpn.example", name);
        _asked++;
        return _answer is null
            ? Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound))
            : Task.FromResult<IPAddress[]>([.. _answer.Select(IPAddress.Parse)]);
    }
}
