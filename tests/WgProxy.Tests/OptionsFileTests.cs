using System.Collections;
using WgProxy.Configuration;
using WgProxy.Logging;

namespace WgProxy.Tests;

/// <summary>A configuration file beside flags and variables: which of them counts.</summary>
public sealed class OptionsFileTests : IDisposable
{
    private static readonly string Servers = $"[Server]\nName = home\nPublicKey = {Keys.TextOf(1)}\nEndpoint = a.example:1\n"
        + $"[Server]\nName = work\nPublicKey = {Keys.TextOf(2)}\nEndpoint = b.example:1\nTimeout = 100\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-config-").FullName;
    private readonly HeardLog _heard = new();
    private readonly Hashtable _environment = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Default => Path.Combine(_folder, "default.conf");

    [Fact]
    public void Flags_come_before_variables_before_the_file_before_defaults()
    {
        string file = Write("a.conf", "[Relay]\nTimeout = 201\nMaxMappings = 21\nListen = 127.0.0.1:31\nLogLevel = 1\n" + Servers);
        _environment["WGPROXY_MAX_MAPPINGS"] = "22";
        _environment["WGPROXY_LISTEN"] = "127.0.0.1:32";
        Options options = Read("--config", file, "--listen", "127.0.0.1:33")!;
        Assert.Equal((TimeSpan.FromSeconds(201), 22, 33, 0), (options.Timeout, options.MaxMappings, options.Listen.Ports[0], options.Workers));
        Assert.Equal(LogLevel.Warning, _heard.Log.Level);
        Assert.Equal(["home", "work"], options.Servers.Select(server => server.Name));
        Assert.Equal(file, options.File);
        Assert.EndsWith(" warning Timeout of work is 100: below 120 s the server cannot reach an idle client between two handshakes",
            Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_may_be_served_at_some_of_the_relays_addresses_and_at_no_other()
    {
        string relay = "[Relay]\nListen = [::]:443\nListen = 192.0.2.1:500-510, 192.0.2.2:9\n";
        string file = Write("a.conf", relay + Servers + "Listen = 192.0.2.1:505\nListen = 0.0.0.0:443\n");
        Options options = Read("--config", file)!;
        Assert.Equal(13, options.Listen.All.Count);
        Assert.True(options.Servers[0].Settings.Listen.IsEverywhere);
        Assert.Equal("192.0.2.1:505, 0.0.0.0:443", options.Servers[1].Listen!.ToString());
        Assert.False(options.Servers[1].Settings.Listen.IsEverywhere);

        file = Write("a.conf", relay + Servers + "Listen = 192.0.2.1:511\n");
        Assert.Null(Read("--config", file));
        Assert.Contains(_heard.Lines, line => line.EndsWith(
            " error Listen of server work has \"192.0.2.1:511\", where the relay does not listen; expected some of [::]:443, 192.0.2.1:500-510, 192.0.2.2:9, "
            + "as --listen (WGPROXY_LISTEN) says", StringComparison.Ordinal));
    }

    [Fact]
    public void The_variable_names_the_file_too()
    {
        _environment["WGPROXY_CONFIG"] = Write("a.conf", Servers);
        Assert.Equal(2, Read()!.Servers.Count);
    }

    [Fact]
    public void The_file_of_the_system_is_read_where_nothing_names_a_server()
    {
        _ = Write("default.conf", Servers);
        Assert.Equal(Default, Read()!.File);
        _environment["WGPROXY_SERVER"] = "192.0.2.1:1";
        _environment["WGPROXY_PUBKEY"] = Keys.Text;
        Options options = Read()!;
        Assert.Equal((null, "192.0.2.1:1"), (options.File, options.Servers.Single().Name));
        Assert.All(_heard.Lines, line => Assert.Contains("Timeout of work", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_file_and_a_server_the_two_options_are_asked_for()
    {
        Assert.Null(Read());
        Assert.Equal(2, _heard.Lines.Length);
        Assert.All(_heard.Lines, line => Assert.Contains(" is missing or empty: expected ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_without_a_server_leaves_it_to_the_variables()
    {
        _environment["WGPROXY_SERVER"] = "192.0.2.1:1";
        _environment["WGPROXY_PUBKEY"] = Keys.Text;
        Options options = Read("--config", Write("a.conf", "[Relay]\nTimeout = 201\n"))!;
        Assert.Equal((TimeSpan.FromSeconds(201), "192.0.2.1:1"), (options.Timeout, options.Servers.Single().Name));
    }

    [Theory]
    [InlineData("WGPROXY_SERVER", "192.0.2.1:1", "--server (WGPROXY_SERVER)")]
    [InlineData("WGPROXY_PUBKEY", "AAAA", "--public-key (WGPROXY_PUBKEY)")]
    public void A_server_in_both_places_is_refused_by_name(string variable, string value, string name)
    {
        _environment[variable] = value;
        string file = Write("a.conf", Servers);
        Assert.Null(Read("--config", file));
        Assert.EndsWith(
            $" error {name} is set, and {file} has a [Server]: expected servers in one of the two only", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_fault_of_the_file_is_a_line_with_its_place_and_options_are_judged_too()
    {
        string file = Write("a.conf", "[Relay]\nTimout = 1\nLogLevel = 9\n[Server]\n");
        _environment["WGPROXY_WORKERS"] = "none";
        Assert.Null(Read("--config", file));
        Assert.Equal(
            [$"{file}:2:", $"{file}:3:", $"{file}:4:", $"{file}:4:", "--workers"],
            _heard.Lines.Select(line => line.Split(' ')[2]));
        Assert.All(_heard.Lines, line => Assert.Contains(" error ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_one_line()
    {
        Assert.Null(Read("--config", Path.Combine(_folder, "nosuch")));
        Assert.Null(Read("--config", _folder));
        Assert.Null(Read("--config", Write("utf16", "\uFEFF", System.Text.Encoding.Unicode)));
        Assert.Equal(3, _heard.Lines.Length);
        Assert.All(_heard.Lines, line => Assert.Matches("error --config \\(WGPROXY_CONFIG\\) is \".*\": .*; expected a readable file in UTF-8$", line));
        Assert.Contains("there is no such file", _heard.Lines[0], StringComparison.Ordinal);
        Assert.Contains("it is a directory", _heard.Lines[1], StringComparison.Ordinal);
        Assert.Contains("it is in UTF-16", _heard.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_of_the_file_that_is_the_relay_is_refused_by_line()
    {
        string file = Write("a.conf", $"[Relay]\nListen = 127.0.0.1:9\n[Server]\nPublicKey = {Keys.Text}\nEndpoint = 127.0.0.1:9\n");
        Assert.Null(Read("--config", file));
        Assert.Contains($" error {file}:5: Endpoint is \"127.0.0.1:9\": that is where this relay itself listens",
            Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_again_it_says_what_differs_and_changes_nothing_else()
    {
        string file = Write("a.conf", "[Relay]\nTimeout = 201\nLogLevel = 1\nDeny = 192.0.2.0/24\n" + Servers);
        OptionsReader reader = Reader("--config", file);
        Options first = reader.Read()!;
        Assert.Empty(first.FixedDifferences(reader.ReadAgain(file)!));

        _ = Write("a.conf", "[Relay]\nTimeout = 202\nLogLevel = 2\nDeny = 192.0.2.0/25\nWorkers = 2\n" + Servers);
        Assert.Equal(
            ["--deny", "--workers"], first.FixedDifferences(reader.ReadAgain(file)!).Select(row => row.Flag).Order(StringComparer.Ordinal));
        Assert.Equal(LogLevel.Warning, _heard.Log.Level);

        _ = Write("a.conf", "[Relay]\nTimeout = x\n" + Servers);
        Assert.Null(reader.ReadAgain(file));
        File.Delete(file);
        Assert.Null(reader.ReadAgain(file));
    }

    private Options? Read(params string[] arguments) => Reader(arguments).Read();

    private OptionsReader Reader(params string[] arguments)
    {
        CommandLine line = new(arguments);
        Assert.True(line.IsValid(_heard.Log), string.Join('\n', _heard.Lines));
        return new OptionsReader(line, _environment, _heard.Log, Default);
    }

    private string Write(string name, string text, System.Text.Encoding? encoding = null)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text, encoding ?? new System.Text.UTF8Encoding(false));
        return path;
    }
}
