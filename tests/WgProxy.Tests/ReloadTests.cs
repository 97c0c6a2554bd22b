using System.Collections;
using System.Net;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Serving;

namespace WgProxy.Tests;

/// <summary>A reload that changes where the relay listens: what comes before what, and what becomes of servers that would be the relay itself.</summary>
public sealed class ReloadTests : IDisposable
{
    private const string Near = "192.0.2.100";

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-reload-").FullName;
    private readonly HeardLog _heard = new();
    private readonly FakeTime _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Systemd _systemd = new(new Hashtable());
    private readonly List<RouteId> _announced = [];
    private readonly List<IReadOnlyList<IPEndPoint>> _listens = [];
    private string? _answer = Near;
    private string _endpoint = string.Empty;
    private string _more = string.Empty;
    private bool _refuses;
    private ServerSet? _servers;
    private Reload? _reload;
    private Task? _run;

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _systemd.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // Whoever reads usage between the two would find a new address served, and nothing read of those whom the file keeps from it.
    [Fact]
    public async Task What_was_carried_is_read_before_a_new_address_is_listened_on()
    {
        Begin("0.0.0.0:1");
        List<string> done = [];
        _reload!.Before = async () =>
        {
            await Task.Yield();
            done.Add("read");
        };
        _reload.ListenOn = _ => done.Add("listened");
        Assert.NotNull((await ReloadAsync("0.0.0.0:2")).Changes);
        Assert.Equal(["read", "listened"], done);
    }

    [Theory]
    [InlineData("near.example:51820")]
    [InlineData($"{Near}:51820")]
    public async Task A_server_that_becomes_the_relay_itself_has_no_address_before_the_relay_listens_there(string endpoint)
    {
        Begin("0.0.0.0:1", endpoint);
        await PublishedIsAsync($"{Near}:51820");
        string published = "never asked";
        _reload!.ListenOn = wanted =>
        {
            published = Published;
            _listens.Add(wanted);
        };
        _announced.Clear();
        Assert.NotNull((await ReloadAsync("0.0.0.0:1, 0.0.0.0:51820")).Changes);
        Assert.Equal(string.Empty, published);
        _ = Assert.Single(_announced.Distinct());
        await SaidAsync($"{Near}, where this relay itself listens: ");
        Assert.Equal(string.Empty, Published);
        Assert.False(_run!.IsCompleted);

        // Once, however often it is asked for.
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ReloadAsync("0.0.0.0:1, 0.0.0.0:51820")));
        _ = Assert.Single(_heard.Lines, line => line.Contains("itself listens", StringComparison.Ordinal));

        // When the relay has left the address, the server is there again.
        Assert.NotNull((await ReloadAsync("0.0.0.0:1")).Changes);
        await PublishedIsAsync($"{Near}:51820");
    }

    // The name cannot be asked for any more: its address must go all the same.
    [Fact]
    public async Task Without_an_answer_too()
    {
        Begin("0.0.0.0:1", "near.example:51820");
        await PublishedIsAsync($"{Near}:51820");
        _answer = null;
        Assert.NotNull((await ReloadAsync("0.0.0.0:51820")).Changes);
        await SaidAsync($"resolves to {Near}, where this relay itself listens: ");
        Assert.Equal(string.Empty, Published);
    }

    // At the start, the operator's own word that the server is this relay ends the run. Later nothing does.
    [Fact]
    public async Task A_server_on_loopback_that_becomes_the_relay_itself_does_not_end_the_run()
    {
        _answer = "127.0.0.1";
        Begin("0.0.0.0:1", "localhost:51820");
        await PublishedIsAsync("127.0.0.1:51820");
        Assert.NotNull((await ReloadAsync("0.0.0.0:51820")).Changes);
        await SaidAsync("server a (localhost:51820) resolves to 127.0.0.1, where this relay itself listens: next attempt in ");
        Assert.Equal(string.Empty, Published);
        Assert.False(_run!.IsCompleted);
        Assert.NotNull((await ReloadAsync("0.0.0.0:1")).Changes);
        await PublishedIsAsync("127.0.0.1:51820");
    }

    [Fact]
    public async Task A_server_keeps_its_address_if_the_system_refuses_the_relays()
    {
        Begin("0.0.0.0:1", "near.example:51820");
        await PublishedIsAsync($"{Near}:51820");
        _answer = null;
        _refuses = true;
        _announced.Clear();
        Assert.Null((await ReloadAsync("0.0.0.0:51820")).Changes);
        Assert.Equal($"{Near}:51820", Published);
        Assert.Empty(_announced);
        await SaidAsync("cannot be resolved");
        Assert.Equal($"{Near}:51820", Published);
    }

    // 1,000 files are room for 744 mappings, and for 128 listening sockets among the process's own: 19 or 18 of the start, and then four or three for each address.
    [Theory]
    [InlineData("linux", 28)]
    [InlineData("portable", 37)]
    public async Task Listening_sockets_take_no_file_of_a_mappings(string engine, int last)
    {
        Begin("0.0.0.0:1", more: $"Engine = {engine}\nWorkers = 1\n");
        _reload!.Capacity = Capacity.From(EphemeralPorts.Select("1 65535", "", 0), openFiles: 1_000, wanted: 16_384, EngineChoice.ListeningFiles(_reload.Options));
        Assert.Equal((744, "open files"), (_reload.Capacity.Mappings, _reload.Capacity.Bound));
        Assert.NotNull((await ReloadAsync("0.0.0.0:1, 0.0.0.0:2-3")).Changes);
        Assert.Null((await ReloadAsync($"0.0.0.0:1, 0.0.0.0:2-{last + 1}")).Changes);
        string said = string.Join('\n', _heard.Lines);
        Assert.Contains($"--listen (WGPROXY_LISTEN) is \"0.0.0.0:1, 0.0.0.0:2-{last + 1}\": its sockets take ", said, StringComparison.Ordinal);
        Assert.Contains(" open files more, and beside 744 mappings the limit of 1000 open files leaves ", said, StringComparison.Ordinal);
        Assert.Equal(3, Assert.Single(_listens).Count);
        Assert.NotNull((await ReloadAsync($"0.0.0.0:1, 0.0.0.0:2-{last}")).Changes);

        // What is given up makes room, but only for the next reload: what is new is bound first.
        Assert.NotNull((await ReloadAsync("0.0.0.0:1")).Changes);
        Assert.NotNull((await ReloadAsync($"0.0.0.0:1, 0.0.0.0:102-{100 + last}")).Changes);
        Assert.Null((await ReloadAsync($"0.0.0.0:1, 0.0.0.0:202-{200 + last}")).Changes);
    }

    private string Published => string.Join(' ', Assert.Single(_servers!.Routes).Addresses);

    private void Begin(string listen, string endpoint = "192.0.2.1:1", string more = "")
    {
        string file = Write(listen, endpoint, more);
        OptionsReader reader = new(new CommandLine(["--config", file]), new Hashtable(), _heard.Log, "/nowhere");
        Options options = reader.Read()!;
        _servers = new ServerSet(options.Servers, options.Timeout, _time, _heard.Log);
        _reload = new Reload(options, reader, _servers, _systemd, _heard.Log)
        {
            ListenOn = wanted =>
            {
                if (_refuses)
                {
                    throw new EngineException("no") { Cause = EngineRefusal.Listen };
                }

                _listens.Add(wanted);
            },
        };
        OwnAddresses own = new(() => [.. _listens.Count > 0 ? _listens[^1] : options.Listen.All, .. _reload.Expected], () => [IPAddress.Parse(Near)]);
        Announcements announcements = new(command => { _announced.Add(command.Route); return true; }, _time);
        _run = _servers.RunAsync(announcements, own, Answer, _stop.Token);
        (_endpoint, _more) = (endpoint, more);
    }

    private Task<ReloadOutcome> ReloadAsync(string listen)
    {
        _ = Write(listen, _endpoint, _more);
        return _reload!.RunAsync("SIGHUP", TestContext.Current.CancellationToken);
    }

    private string Write(string listen, string endpoint, string more)
    {
        string path = Path.Combine(_folder, "wgproxy.conf");
        File.WriteAllText(path, $"[Relay]\nListen = {listen}\n{more}[Server]\nName = a\nPublicKey = {Keys.TextOf(1)}\nEndpoint = {endpoint}\n");
        return path;
    }

    private Task<IPAddress[]> Answer(ServerName server, CancellationToken stop) => (server.Address?.ToString() ?? _answer) is { } address
        ? Task.FromResult<IPAddress[]>([IPAddress.Parse(address)])
        : Task.FromException<IPAddress[]>(new InvalidOperationException("no answer"));

    private async Task PublishedIsAsync(string addresses)
    {
        for (long began = Environment.TickCount64; !string.Equals(Published, addresses, StringComparison.Ordinal);)
        {
            Assert.True(Environment.TickCount64 - began < 20_000, $"{Published} is published instead of {addresses}:\n{string.Join('\n', _heard.Lines)}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    private async Task SaidAsync(string part)
    {
        for (long began = Environment.TickCount64; !Array.Exists(_heard.Lines, line => line.Contains(part, StringComparison.Ordinal));)
        {
            Assert.True(Environment.TickCount64 - began < 20_000, $"no \"{part}\" in:\n{string.Join('\n', _heard.Lines)}");
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
