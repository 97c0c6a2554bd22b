using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Logging;
using WgProxy.Configuration;
using WgProxy.Resolving;

namespace WgProxy.Tests;

public sealed partial class RouteResolverTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    private readonly FakeTime _time = new();
    private readonly Route _route = Keys.Route();
    private readonly CancellationTokenSource _stop = new();
    private readonly HeardLog _heard;
    private readonly List<TaskCompletionSource<IPAddress[]>> _open = [];
    private string[]? _answer = [];
    private bool _hangs;
    private int _asked;
    private int _changes;
    private RouteResolver? _resolver;
    private AddressFamily? _preferred;

    public RouteResolverTests() => _heard = new HeardLog(_time);

    [Fact]
    public async Task An_address_is_published_at_once_and_never_looked_up_again()
    {
        Task run = Run("[2001:db8::1]:51820");
        Assert.Equal("[2001:db8::1]:51820", _route.Server?.ToString());
        _time.Advance(TimeSpan.FromDays(1));
        _resolver!.ResolveNow();
        await StopAsync(run);
        Assert.Equal(1, _asked);
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

        TimeSpan last = await _time.NextAlarmAsync();
        _answer = ["192.0.2.1"];
        _time.Advance(last);
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

    [Fact]
    public async Task All_usable_addresses_of_both_families_are_kept_in_the_systems_order()
    {
        Task run = Run(answer: ["0.0.0.0", "ff02::1", "2001:db8::7", "::ffff:192.0.2.7", "192.0.2.8", "192.0.2.8"]);
        Assert.Equal(Minute, await _time.NextAlarmAsync());
        Assert.Equal("[2001:db8::7]:51820 192.0.2.7:51820 192.0.2.8:51820", Published);
        await StopAsync(run);
        Assert.EndsWith(
            "server vpn.example:51820 is at [2001:db8::7]:51820, else at 192.0.2.7:51820, else at 192.0.2.8:51820",
            Assert.Single(_heard.Lines),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.0.0.0", "no host has this address")]
    [InlineData("0.1.2.3", "no host has this address")]
    [InlineData("::", "no host has this address")]
    [InlineData("224.0.0.1", "no host has this address")]
    [InlineData("ff02::1", "no host has this address")]
    [InlineData("255.255.255.255", "no host has this address")]
    [InlineData("127.0.1.1", "it is this host itself, for which only localhost or a loopback address stands")]
    [InlineData("::ffff:127.0.1.1", "it is this host itself, for which only localhost or a loopback address stands")]
    [InlineData("fe80::1", "it is link-local and names no interface")]
    public async Task What_cannot_be_a_server_is_refused_and_the_address_of_before_stays(string answer, string reason)
    {
        Task run = Run(answer: ["192.0.2.1"], listen: "[2001:db8::100]:51820");
        await NextRoundAsync(answer);
        Assert.Equal("192.0.2.1:51820", Published);
        await NextRoundAsync(answer, "192.0.2.2");
        Assert.Equal("192.0.2.2:51820", Published);
        await StopAsync(run);
        Assert.Contains($", which cannot be the server: {reason}; next attempt in 60 s, 192.0.2.1:51820 stays in use", _heard.Lines[1], StringComparison.Ordinal);
        Assert.Equal(2, _changes);
    }

    [Theory]
    [InlineData("localhost:51821")]
    [InlineData("a.LocalHost.:51821")]
    public async Task Localhost_may_be_this_host(string server)
    {
        Task run = Run(server, ["127.0.0.1"]);
        Assert.Equal(Minute, await _time.NextAlarmAsync());
        Assert.Equal("127.0.0.1:51821", Published);
        await StopAsync(run);
    }

    [Fact]
    public async Task Rotating_answers_change_nothing()
    {
        string[] all = ["192.0.2.1", "192.0.2.2", "2001:db8::1"];
        Task run = Run(answer: all);
        for (int round = 1; round <= 6; round++)
        {
            await NextRoundAsync([.. all[(round % 3)..], .. all[..(round % 3)]]);
        }

        Assert.Equal("192.0.2.1:51820 192.0.2.2:51820 [2001:db8::1]:51820", Published);
        await StopAsync(run);
        Assert.Equal(1, _changes);
        _ = Assert.Single(_heard.Lines);
    }

    [Fact]
    public async Task Addresses_of_the_preferred_IP_version_come_first_also_new_ones()
    {
        _preferred = AddressFamily.InterNetwork;
        _answer = ["2001:db8::1", "192.0.2.1", "2001:db8::2"];
        Task run = Run();
        await AlarmIsAsync(Minute);
        Assert.Equal("192.0.2.1:51820 [2001:db8::1]:51820 [2001:db8::2]:51820", Published);
        await NextRoundAsync("2001:db8::1", "192.0.2.2", "192.0.2.1");
        Assert.Equal("192.0.2.1:51820 192.0.2.2:51820 [2001:db8::1]:51820", Published);
        await StopAsync(run);
    }

    [Fact]
    public async Task Addresses_that_are_still_answered_go_before_new_ones()
    {
        Task run = Run(answer: ["192.0.2.1", "192.0.2.2"]);
        IReadOnlyList<IPEndPoint> first = _route.Addresses;
        await NextRoundAsync("192.0.2.3", "192.0.2.2");
        Assert.Equal("192.0.2.2:51820 192.0.2.3:51820", Published);
        await NextRoundAsync("2001:db8::2");
        Assert.Equal("[2001:db8::2]:51820", Published);
        Assert.Equal("192.0.2.1:51820 192.0.2.2:51820", string.Join(' ', first));
        await StopAsync(run);
        Assert.Equal(3, _changes);
        Assert.Equal(3, _heard.Lines.Length);
        Assert.EndsWith(
            "server vpn.example:51820 has moved from 192.0.2.2:51820 to [2001:db8::2]:51820: new mappings go there, and those "
            + "that fall silent",
            _heard.Lines[2],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_of_many_addresses_is_cut_to_four_of_each_family()
    {
        Task run = Run(answer: [.. Enumerable.Range(1, 20).Select(host => $"2001:db8::{host}"), "192.0.2.1"]);
        Assert.Equal(Minute, await _time.NextAlarmAsync());
        Assert.Equal(
            "[2001:db8::1]:51820 [2001:db8::2]:51820 [2001:db8::3]:51820 [2001:db8::4]:51820 192.0.2.1:51820", Published);
        await StopAsync(run);
    }

    [Fact]
    public async Task The_last_good_address_outlives_failures()
    {
        Task run = Run(answer: ["192.0.2.1"]);
        await NextRoundAsync(null);
        Assert.Equal("192.0.2.1:51820", Published);
        await NextRoundAsync();
        Assert.Equal("192.0.2.1:51820", Published);
        await NextRoundAsync("192.0.2.2");
        Assert.Equal("192.0.2.2:51820", Published);
        await StopAsync(run);
        Assert.EndsWith("192.0.2.1:51820 stays in use", _heard.Lines[1], StringComparison.Ordinal);
        Assert.Contains("the answer holds no address", _heard.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Localhost_that_is_the_relay_ends_the_run()
    {
        Task run = Run("localhost:51820", ["127.0.0.1", "192.0.2.100"]);
        await run.WaitAsync(Minute, TestContext.Current.CancellationToken);
        Assert.Null(_route.Server);
        Assert.EndsWith(
            "error --server (WGPROXY_SERVER) is \"localhost:51820\": it resolves to 127.0.0.1, and that is where this "
            + "relay itself listens; expected the address of the WireGuard server",
            _heard.Lines[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_resolves_to_the_relay_is_asked_for_again()
    {
        Task run = Run(answer: ["192.0.2.100"]);
        Assert.Equal(TimeSpan.FromSeconds(1), await _time.NextAlarmAsync());
        Assert.Null(_route.Server);
        Assert.EndsWith(
            "warning server vpn.example:51820 resolves to 192.0.2.100, where this relay itself listens: next attempt in 1 s",
            _heard.Lines[^1],
            StringComparison.Ordinal);
        _answer = ["192.0.2.100", "192.0.2.1"];
        _time.Advance(TimeSpan.FromSeconds(1));
        await NextRoundAsync("192.0.2.100");
        Assert.Equal("192.0.2.1:51820", Published);
        _time.Advance(Minute);
        await StopAsync(run);
        Assert.EndsWith(
            "warning server vpn.example:51820 resolves to 192.0.2.100, where this relay itself listens: "
            + "192.0.2.1:51820 stays in use",
            _heard.Lines[^1],
            StringComparison.Ordinal);
    }

    private string Published => string.Join(' ', _route.Addresses);

    private static OwnAddresses Own(string listen = "[::]:51820") =>
        new([IPEndPoint.Parse(listen)], () => [IPAddress.Parse("192.0.2.100")]);

    private Task Run(string server = "vpn.example:51820", string[]? answer = null, string listen = "[::]:51820")
    {
        _answer = answer ?? _answer;
        Assert.True(ServerName.TryParse(server, out ServerName name, out string? detail), detail);
        _resolver = new RouteResolver(_route, name, Own(listen), LookUpAsync, _time, () => _changes++, _heard.Log) { Preferred = _preferred };
        return _resolver.RunAsync(_stop.Token);
    }

    private async Task NextRoundAsync(params string[]? answer)
    {
        TimeSpan pause = await _time.NextAlarmAsync();
        Assert.Equal(Minute, pause);
        _answer = answer;
        _time.Advance(pause);
        await AlarmIsAsync(Minute);
    }

    // What another thread has been told, it does in its own time.
    private async Task AlarmIsAsync(TimeSpan pause)
    {
        for (long began = Environment.TickCount64; await _time.NextAlarmAsync() != pause;)
        {
            Assert.True(Environment.TickCount64 - began < 10_000, $"the next alarm is in {await _time.NextAlarmAsync()} instead of {pause}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private async Task AskedAsync(int times)
    {
        for (long began = Environment.TickCount64; Volatile.Read(ref _asked) < times;)
        {
            Assert.True(Environment.TickCount64 - began < 10_000, $"asked {_asked} times instead of {times}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.Equal(times, _asked);
    }

    private async Task PublishedIsAsync(string addresses)
    {
        for (long began = Environment.TickCount64; !string.Equals(Published, addresses, StringComparison.Ordinal);)
        {
            Assert.True(Environment.TickCount64 - began < 10_000, $"{Published} is published instead of {addresses}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private async Task StopAsync(Task run)
    {
        await _stop.CancelAsync();
        _ = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    private Task<IPAddress[]> LookUpAsync(ServerName server, CancellationToken stop)
    {
        _asked++;
        if (_hangs)
        {
            _open.Add(new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously));
            return _open[^1].Task;
        }

        return server.IsFixed
            ? Task.FromResult<IPAddress[]>([server.Address!])
            : _answer is null ? Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound))
            : Task.FromResult<IPAddress[]>([.. _answer.Select(IPAddress.Parse)]);
    }
}
