using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Logging;
using WgProxy.Serving;

namespace WgProxy.Tests;

/// <summary>The servers of a running relay: what an engine is told when the file has changed, and what is said of each.</summary>
public sealed class ServerSetTests : IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(300);

    private readonly FakeTime _time = new();
    private readonly HeardLog _heard;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<RouteId> _commands = [];
    private readonly List<(ServerName Server, CancellationToken Stop)> _asked = [];
    private readonly TaskCompletionSource<IPAddress[]> _late = new();
    private readonly ServerSet _set;

    public ServerSetTests()
    {
        _heard = new HeardLog(_time);
        _set = new ServerSet(Listed("a b c"), Idle, _time, _heard.Log);
        Announcements announcements = new(command => { _commands.Add(command.Route); return true; }, _time);
        _ = _set.RunAsync(announcements, new OwnAddresses([], () => []), Answer, _stop.Token);
        _commands.Clear();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    [Fact]
    public void A_file_that_says_the_same_tells_an_engine_nothing()
    {
        ServerChanges changes = _set.Change(Listed("a b c"), Idle);
        Assert.Equal("no server differs", changes.ToString());
        Assert.Empty(_commands);
    }

    // The relay's own address would be a loop: a resolver says so later, and loudly.
    [Theory]
    [InlineData("192.0.2.7:51820", "192.0.2.7:51820")]
    [InlineData("192.0.2.1:51820", "")]
    [InlineData("192.0.2.1:51821", "192.0.2.1:51821")]
    [InlineData("[fe80::1%1]:51820", "")]
    [InlineData("known.example:51820", "192.0.2.7:51820")]
    [InlineData("known.example:51821", "")]
    public void What_is_known_before_anything_is_asked_is_used(string endpoint, string expected)
    {
        ServerSet set = Presuming(endpoint, new HeardLog(_time));
        Assert.Equal(expected, string.Join(' ', Assert.Single(set.Routes).Addresses));
    }

    [Theory]
    [InlineData("192.0.2.7", 0)]
    [InlineData("192.0.2.8", 1)]
    public void What_was_presumed_stays_until_it_is_answered_and_the_answer_is_said(string answered, int expected)
    {
        HeardLog heard = new(_time);
        ServerSet set = Presuming("known.example:51820", heard);
        int changes = 0;
        set.AddressesChanged = () => changes++;
        TaskCompletionSource<IPAddress[]> answer = new();
        _ = set.RunAsync(new Announcements(_ => true, _time), new OwnAddresses([], () => []), (_, _) => answer.Task, _stop.Token);
        Assert.Equal("192.0.2.7:51820", Assert.Single(set.Routes).Server?.ToString());
        Assert.Empty(heard.Lines);
        answer.SetResult([IPAddress.Parse(answered)]);
        Assert.True(SpinWait.SpinUntil(() => heard.Lines.Length > 0, TimeSpan.FromSeconds(20)));
        Assert.Contains(expected == 0 ? " is at 192.0.2.7:51820" : " has moved from 192.0.2.7:51820 to 192.0.2.8:51820", Assert.Single(heard.Lines), StringComparison.Ordinal);
        Assert.Equal(expected, changes);
        Assert.Equal([("known.example:51820", answered)], set.Resolved.Select(each => (each.Endpoint, string.Join(' ', each.Addresses))));
    }

    [Fact]
    public void Only_what_differs_is_told()
    {
        RouteId[] before = [.. "abc".Select(IdOf)];
        Route b = _set.Routes[before[1]]!;
        ServerChanges changes = _set.Change(Listed("b:Deny=192.0.2.0/24 c d"), Idle);
        Assert.Equal("added d; removed a; changed b", changes.ToString());
        Assert.Equal([before[0], before[1], IdOf('d')], _commands.Distinct().Order(Comparer<RouteId>.Create((left, right) => left.Value.CompareTo(right.Value))));
        Assert.Same(b, _set.Routes[before[1]]);
        Assert.True(b.Settings.Denies(Source.From(new IPEndPoint(IPAddress.Parse("192.0.2.1"), 1))));
        Assert.Equal(before[2], IdOf('c'));
        Assert.Null(_set.Routes[before[0]]);
    }

    [Fact]
    public void Another_timeout_of_the_relay_is_told_for_all_that_have_none_of_their_own()
    {
        _ = _set.Change(Listed("a b:Timeout=200 c"), Idle);
        _commands.Clear();
        _ = _set.Change(Listed("a b:Timeout=200 c"), 2 * Idle);
        Assert.Equal([IdOf('a'), IdOf('c')], _commands);
        Assert.Equal([600, 200, 600], "abc".Select(name => (int)_set.Routes[IdOf(name)]!.Settings.IdleTimeout!.Value.TotalSeconds));
    }

    [Fact]
    public void Another_endpoint_is_resolved_and_the_mappings_are_told_then()
    {
        Route a = _set.Routes[IdOf('a')]!;
        Assert.Equal("192.0.2.97:1", a.Server!.ToString());
        Assert.Equal("changed a", _set.Change(Listed("a:Endpoint=198.51.100.1:2 b c"), Idle).ToString());
        Assert.Equal("198.51.100.1:2", a.Server!.ToString());
        Assert.Equal([IdOf('a')], _commands);
    }

    [Fact]
    public void The_same_address_with_another_port_is_another_address()
    {
        Route a = _set.Routes[IdOf('a')]!;
        _ = _set.Change(Listed("a:Endpoint=192.0.2.97:2 b c"), Idle);
        Assert.Equal("192.0.2.97:2", a.Server!.ToString());
        Assert.Equal([IdOf('a')], _commands);
    }

    [Theory]
    [InlineData("192.0.2.1:1,192.0.2.2:1", "192.0.2.1:1,late.example:1", "192.0.2.1:1,192.0.2.2:1")]
    [InlineData("192.0.2.1:1,192.0.2.2:1", "late.example:1,192.0.2.2:1", "192.0.2.1:1,192.0.2.2:1")]
    [InlineData("192.0.2.1:1,192.0.2.2:1", "192.0.2.2:1", "192.0.2.2:1")]
    [InlineData("192.0.2.1:1,192.0.2.2:1", "192.0.2.2:1,192.0.2.1:1", "192.0.2.2:1,192.0.2.1:1")]
    [InlineData("192.0.2.1:1,192.0.2.2:1", "192.0.2.1:1,late.example:1,192.0.2.2:1", "192.0.2.1:1,192.0.2.2:1")]
    [InlineData("192.0.2.1:1,late.example:1", "late.example:1", "192.0.2.1:1")]
    [InlineData("192.0.2.1:1,192.0.2.2:1", "late.example:1", "192.0.2.1:1")]
    public void Endpoints_that_stay_keep_their_addresses_while_another_is_not_resolved(string before, string after, string addresses)
    {
        _ = _set.Change(Listed($"a:Endpoint={before} b c"), Idle);
        Route a = _set.Routes[IdOf('a')]!;
        Assert.Equal(before.Split(',').Where(endpoint => endpoint[0] == '1'), a.Addresses.Select(address => address.ToString()));
        _commands.Clear();
        _ = _set.Change(Listed($"a:Endpoint={after} b c"), Idle);
        Assert.Equal(addresses.Split(','), a.Addresses.Select(address => address.ToString()));
        bool isSame = string.Equals(addresses, before.Replace(",late.example:1", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(isSame ? [] : [IdOf('a')], _commands.Distinct());
    }

    [Fact]
    public async Task An_answer_that_comes_after_the_change_moves_nothing()
    {
        _ = _set.Change(Listed("a:Endpoint=late.example:1 b c"), Idle);
        Route a = _set.Routes[IdOf('a')]!;
        _ = _set.Change(Listed("a:Endpoint=198.51.100.1:2 b c"), Idle);
        _late.SetResult([IPAddress.Parse("203.0.113.1")]);
        await Task.Yield();
        Assert.Equal("198.51.100.1:2", Assert.Single(a.Addresses).ToString());
    }

    [Fact]
    public void Only_what_is_removed_or_is_elsewhere_now_is_resolved_no_longer()
    {
        CancellationToken[] before = [.. _asked.Select(asked => asked.Stop)];
        _ = _set.Change(Listed("b:Deny=192.0.2.0/24 c:Endpoint=198.51.100.1:2"), Idle);
        Assert.Equal([true, false, true], before.Select(stop => stop.IsCancellationRequested));
        (ServerName server, CancellationToken stop) = Assert.Single(_asked.Skip(before.Length));
        Assert.Equal("198.51.100.1:2", server.ToString());
        Assert.False(stop.IsCancellationRequested);
    }

    [Fact]
    public async Task Each_server_that_is_silent_while_clients_ask_is_said_by_its_name()
    {
        Dictionary<RouteId, RouteCounters> counters = "abc".ToDictionary(IdOf, _ => new RouteCounters());
        for (int look = 0; look < 5; look++)
        {
            counters[IdOf('b')].Live(Proof.Asked, 1);
            counters[IdOf('a')].Live(Proof.Asked, 1);
            counters[IdOf('a')].Count(Direction.Downlink, Verdict.Forward, 1, 1);
            _time.Advance(Trouble.Period);
            await _set.LookAsync(new CountersSnapshot(), route => Task.FromResult<RouteCounters?>(counters[route]));
        }

        string said = Assert.Single(_heard.Lines, line => line.Contains(" has sent nothing for ", StringComparison.Ordinal));
        Assert.Contains(" warning server b (192.0.2.98:1) has sent nothing for 20 s", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_said_where_there_are_several_servers()
    {
        RouteId b = IdOf('b');
        Assert.Equal("b", _heard.Log.NameOf(b));
        _ = _set.Change(Listed("a c"), Idle);
        Assert.Equal("b", _heard.Log.NameOf(b));
        _ = _set.Change(Listed("a"), Idle);
        Assert.Null(_heard.Log.NameOf(IdOf('a')));
        Assert.Null(_heard.Log.NameOf(default));
    }

    [Fact]
    public async Task A_thousand_changes_reach_an_engine_that_takes_few_at_once()
    {
        Mailbox mailbox = new();
        HashSet<RouteId> seen = [];
        Announcements announcements = new(mailbox.TryPost, TimeProvider.System);
        RouteId[] routes = [.. Enumerable.Range(0, 1_000).Select(index => new RouteId((ushort)index, 1))];
        Array.ForEach(routes, announcements.RouteChanged);
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        while (seen.Count < routes.Length)
        {
            limit.Token.ThrowIfCancellationRequested();
            while (mailbox.TryTake(out EngineCommand command))
            {
                seen.Add(command.Route);
            }

            await Task.Yield();
        }
    }

    private Task<IPAddress[]> Answer(ServerName server, CancellationToken stop)
    {
        _asked.Add((server, stop));
        return server.Address is { } address ? Task.FromResult<IPAddress[]>([address]) : _late.Task;
    }

    private static ServerOptions[] Listed(string servers) => [.. RelayFile.Parse("x", string.Concat(servers.Split(' ').Select(server =>
    {
        string[] parts = server.Split(':', 2);
        string more = parts.Length == 2 ? parts[1].Replace("=", " = ", StringComparison.Ordinal) + "\n" : string.Empty;
        string endpoint = more.StartsWith("Endpoint", StringComparison.Ordinal) ? string.Empty : $"Endpoint = 192.0.2.{(int)server[0]}:1\n";
        return $"[Server]\nName = {server[0]}\nPublicKey = {Keys.TextOf(server[0])}\n{endpoint}{more}";
    }))).Servers];

    private ServerSet Presuming(string endpoint, HeardLog heard)
    {
        ServerSet set = new(Listed($"a:Endpoint={endpoint}"), Idle, _time, heard.Log);
        OwnAddresses own = new([new IPEndPoint(IPAddress.Any, 51_820)], () => [IPAddress.Parse("192.0.2.1")]);
        IPAddress[] remembered = [IPAddress.Parse("::ffff:192.0.2.7"), IPAddress.Parse("192.0.2.1"), IPAddress.Loopback];
        set.Presume(own, name => name is "known.example:51820" ? remembered : []);
        return set;
    }

    private RouteId IdOf(char name) => _set.Routes.Find(Keys.Parse(Keys.TextOf(name)));
}
