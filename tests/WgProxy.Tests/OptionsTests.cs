using System.Collections;
using System.Net;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Linux.Workers;
using WgProxy.Logging;
using WgProxy.Configuration;

namespace WgProxy.Tests;

public sealed partial class OptionsTests
{
    private readonly HeardLog _heard = new();
    private readonly Hashtable _environment = new()
    {
        ["WGPROXY_SERVER"] = "192.0.2.1:51820",
        ["WGPROXY_PUBKEY"] = Keys.Text,
        ["PATH"] = "/bin",
    };

    [Fact]
    public void Variables_alone_are_enough()
    {
        Options options = Read()!;
        Assert.Equal("192.0.2.1:51820", options.Servers.Single().Endpoint.ToString());
        Assert.Equal(Keys.Text, options.Servers.Single().Key.ToString());
        Assert.Equal("[::]:51820", options.Listen.ToString());
        Assert.Equal(TimeSpan.FromSeconds(300), options.Timeout);
        Assert.False(options.Adopt);
        Assert.Equal(LogLevel.Info, _heard.Log.Level);
        Assert.Empty(_heard.Lines);
    }

    [Fact]
    public void Flags_override_variables()
    {
        _environment["WGPROXY_TIMEOUT"] = "nonsense that nobody reads";
        Options options = Read(
            "--server", "vpn.example:1", "--listen=127.0.0.1:2", "--timeout:500", "--log-level", "0")!;
        Assert.Equal("vpn.example:1", options.Servers.Single().Endpoint.ToString());
        Assert.Equal("127.0.0.1:2", options.Listen.ToString());
        Assert.Equal(TimeSpan.FromSeconds(500), options.Timeout);
        Assert.Equal(LogLevel.Error, _heard.Log.Level);
    }

    [Fact]
    public void Values_are_trimmed()
    {
        _environment["WGPROXY_SERVER"] = " 192.0.2.7:9\t\n";
        _environment["WGPROXY_LOGLEVEL"] = " 1 ";
        Assert.Equal("192.0.2.7:9", Read("--timeout", " 600 ")!.Servers.Single().Endpoint.ToString());
        Assert.Equal(LogLevel.Warning, _heard.Log.Level);
        Assert.Empty(_heard.Lines);
    }

    [Theory]
    [InlineData("WGPROXY_SERVER")]
    [InlineData("WGPROXY_PUBKEY")]
    public void A_required_setting_must_be_there_and_not_empty(string variable)
    {
        OptionRow row = OptionTable.Rows.Single(row => string.Equals(row.Variable, variable, StringComparison.Ordinal));
        _environment[variable] = "  ";
        Assert.Null(Read());
        _environment.Remove(variable);
        Assert.Null(Read());
        string line = $"error {row.Name} is missing or empty: expected {row.Expected}";
        Assert.Equal(2, _heard.Lines.Length);
        Assert.All(_heard.Lines, heard => Assert.EndsWith(line, heard, StringComparison.Ordinal));
    }

    [Fact]
    public void An_empty_variable_with_a_default_counts_as_missing_and_is_pointed_out()
    {
        _environment["WGPROXY_LISTEN"] = string.Empty;
        Assert.Equal("[::]:51820", Read()!.Listen.ToString());
        Assert.EndsWith(
            "warning WGPROXY_LISTEN is empty, which counts as missing: the default [::]:51820 applies",
            Assert.Single(_heard.Lines),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"192.0.2.1:51820\"", "the quotation marks are part of the value")]
    [InlineData("'vpn.example:51820'", "the quotation marks are part of the value")]
    [InlineData("\uFEFFvpn.example:51820", "byte order mark")]
    [InlineData("http://vpn.example:51820", "this is no URL")]
    [InlineData("udp://vpn.example:51820/", "this is no URL")]
    [InlineData("bücher.example:51820", "if this is one, write \"xn--bcher-kva.example:51820\"")]
    [InlineData("vpn.example:５１８２０", "ASCII")]
    public void A_trap_of_files_and_tools_is_named(string server, string hint)
    {
        _environment["WGPROXY_SERVER"] = server;
        Assert.Null(Read());
        string line = Assert.Single(_heard.Lines);
        Assert.Contains("; expected a name or address with a port", line, StringComparison.Ordinal);
        Assert.Contains(hint, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\uFEFFWGPROXY_TIMEOUT", "did you mean WGPROXY_TIMEOUT?; it holds a byte order mark")]
    [InlineData("export WGPROXY_TIMEOUT", "leave out the word export")]
    public void A_variable_with_something_before_its_name_is_pointed_out(string name, string hint)
    {
        _environment[name] = "600";
        Assert.NotNull(Read());
        Assert.Contains(hint, Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_wrong_setting_has_its_own_line()
    {
        OptionRow[] rows = [.. OptionTable.Rows.Where(row => row != OptionTable.Config)];
        Assert.Null(Read([.. rows.SelectMany(row => new[] { row.Flag, "a b:1" })]));
        Assert.Equal(rows.Length, _heard.Lines.Length);
        Assert.All(rows, row => Assert.Single(_heard.Lines, line =>
            line.Contains($" error {row.Name} is \"", StringComparison.Ordinal)
            && line.Contains($"expected {row.Expected}", StringComparison.Ordinal)));
    }

    [Fact]
    public void Unknown_variables_are_pointed_out_and_ignored()
    {
        _environment["WGPROXY_PORTS"] = "51820-52000";
        _environment["WGPROXY_PUBKEYS"] = "a,b";
        _environment["WGPROXY_TIMOUT"] = "1";
        _environment["WGPROXY_COLOUR"] = "1";
        _environment["OTHER"] = "1";
        Assert.NotNull(Read());
        Assert.Collection(
            _heard.Lines,
            line => Assert.EndsWith("\"WGPROXY_COLOUR\" is not a setting of this program and is ignored; "
                + "expected the variables that --help lists", line, StringComparison.Ordinal),
            line => Assert.EndsWith("with commas between", line, StringComparison.Ordinal),
            line => Assert.EndsWith("use --config, or one WGPROXY_PUBKEY", line, StringComparison.Ordinal),
            line => Assert.EndsWith("did you mean WGPROXY_TIMEOUT?", line, StringComparison.Ordinal));
        Assert.All(_heard.Lines, line => Assert.Contains(" warning ", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("192.0.2.0/24, 2001:db8::/32", "192.0.2.9:1", true)]
    [InlineData("192.0.2.0/24", "198.51.100.9:1", false)]
    [InlineData("192.0.2.9", "192.0.2.9:1", true)]
    [InlineData("2001:db8::1", "[2001:db8::2]:1", false)]
    public void Address_lists_are_prefixes_with_commas_between(string list, string client, bool expected)
    {
        _environment["WGPROXY_ALLOW"] = list;
        Assert.Equal(expected, Read()!.Allow.Contains(Source.From(IPEndPoint.Parse(client))));
    }

    [Theory]
    [InlineData("auto", null)]
    [InlineData("0", 0)]
    [InlineData("1000", 1_000)]
    public void A_busy_poll_is_microseconds_or_what_suits_the_host(string text, int? microseconds)
    {
        Assert.Null(Read()!.BusyPoll);
        _environment["WGPROXY_BUSY_POLL"] = text;
        Assert.Equal(microseconds, Read()!.BusyPoll?.TotalMicroseconds);
    }

    [Theory]
    [InlineData("WGPROXY_ALLOW", "192.0.2.0/33")]
    [InlineData("WGPROXY_DENY", "example.com")]
    [InlineData("WGPROXY_DENY", ",")]
    [InlineData("WGPROXY_DENY", "010.0.0.0/8")]
    [InlineData("WGPROXY_DENY", "10.1/16")]
    [InlineData("WGPROXY_DENY", "0x0a000000/8")]
    [InlineData("WGPROXY_DENY", "10.1")]
    [InlineData("WGPROXY_BUSY_POLL", "1001")]
    [InlineData("WGPROXY_BUSY_POLL", "-1")]
    [InlineData("WGPROXY_BUSY_POLL", "always")]
    [InlineData("WGPROXY_MAX_MAPPINGS", "0")]
    public void A_wrong_limit_is_one_line(string variable, string text)
    {
        _environment[variable] = text;
        Assert.Null(Read());
        Assert.Contains($"({variable}) is \"{text}\": ", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("on", true)]
    [InlineData("off", false)]
    [InlineData("yes", null)]
    public void Adoption_is_on_or_off(string text, bool? expected)
    {
        _environment["WGPROXY_ADOPT"] = text;
        Assert.Equal(expected, Read()?.Adopt);
        Assert.Equal(expected is null, _heard.Lines.Any(line => line.EndsWith(
            "error --adopt (WGPROXY_ADOPT) is \"yes\": expected on or off", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("119", 1)]
    [InlineData("120", 0)]
    public void A_short_timeout_is_warned_about(string seconds, int warnings)
    {
        Assert.NotNull(Read("--timeout", seconds));
        Assert.Equal(warnings, _heard.Lines.Count(line =>
            line.Contains($"warning --timeout (WGPROXY_TIMEOUT) is {seconds}:", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("127.0.0.1:51820", "[::]:51820")]
    [InlineData("[::1]:51820", "[::]:51820")]
    [InlineData("[::ffff:127.0.0.1]:51820", "0.0.0.0:51820")]
    [InlineData("192.0.2.1:7", "192.0.2.1:7")]
    public void A_server_that_is_the_relay_is_refused(string server, string listen)
    {
        Assert.Null(Read("--server", server, "--listen", listen));
        Assert.StartsWith(
            "error --server (WGPROXY_SERVER) is \"", Assert.Single(_heard.Lines)[25..], StringComparison.Ordinal);
        Assert.EndsWith("expected the address of the WireGuard server", _heard.Lines[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown argument \"--foo\": expected the options that --help lists", "--foo")]
    [InlineData("unknown argument \"--sever\": did you mean --server?", "--sever", "x")]
    [InlineData("unknown argument \"extra\": expected the options that --help lists", "extra")]
    [InlineData("unknown argument \"@file\": expected the options that --help lists", "@file")]
    [InlineData("--log-level (WGPROXY_LOGLEVEL) needs exactly one value: "
        + "expected 0 (errors), 1 (and warnings), 2 (and information) or 3 (and debugging)", "--log-level")]
    [InlineData("--timeout (WGPROXY_TIMEOUT) needs exactly one value: "
        + "expected a whole number of seconds from 1 to 31536000", "--timeout", "5", "--timeout", "6")]
    public void A_wrong_command_line_is_one_line(string expected, params string[] arguments)
    {
        Assert.False(new CommandLine(arguments).IsValid(_heard.Log));
        Assert.EndsWith($" error {expected}", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Help_and_version_are_given_no_matter_what_else_is_said()
    {
        Assert.True(new CommandLine(["--foo", "--help"]).WantsHelp);
        Assert.True(new CommandLine(["-h"]).WantsHelp);
        Assert.True(new CommandLine(["--version"]).WantsVersion);
        Assert.False(new CommandLine([]).WantsHelp);
        Assert.False(new CommandLine([]).WantsVersion);
    }

    [Fact]
    public void An_engine_is_told_what_was_set()
    {
        Options options = Read("--timeout", "500", "--listen", "127.0.0.1:2")!;
        Capacity capacity = Capacity.From(EphemeralPorts.Select("40000 40003", "", 0), HostFacts.Unlimited, wanted: 16_384);
        var settings = options.ForEngine([Keys.Route()], capacity);
        Assert.Equal(options.Listen.All, settings.Listen);
        Assert.Equal(capacity.Ports.Numbers, settings.Ports);
        Assert.Equal((3, 1), (settings.Relay.MaxMappings, settings.Relay.MaxAsked));
        Assert.Equal(TimeSpan.FromSeconds(500), settings.Relay.IdleTimeout);
    }

    [Fact]
    public void Secrets_are_drawn_anew_for_every_engine()
    {
        Options options = Read()!;
        Capacity capacity = Capacity.From(EphemeralPorts.Select("40000 40000", "", 0), HostFacts.Unlimited, wanted: 16_384);
        EngineSeeds[] engines = [options.ForEngine([Keys.Route()], capacity).Seeds, options.ForEngine([Keys.Route()], capacity).Seeds];
        (ulong, ulong)[] seeds = [.. engines.SelectMany(each => SeedsOf(each))];
        Assert.Equal(2 * typeof(EngineSeeds).GetProperties().Length, seeds.Length);
        Assert.Equal(seeds.Length, seeds.Distinct().Count());
        Assert.All(seeds, seed => Assert.NotEqual(default, seed));

        static (ulong, ulong)[] SeedsOf(EngineSeeds seeds) =>
            [seeds.Steering, seeds.Hash, seeds.Cookie, seeds.Nonce, seeds.Ports, seeds.Strangers];
    }

    [Theory]
    [InlineData(30_000, 4_096, 1_024)]
    [InlineData(100, 22, 5)]
    public void Cookies_begin_at_a_quarter_of_what_may_ask(int ports, int asked, int loaded)
    {
        Capacity capacity = Capacity.From(EphemeralPorts.Select($"20000 {19_999 + ports}", "", 0), HostFacts.Unlimited, wanted: 16_384);
        RelaySettings relay = Read()!.ForEngine([Keys.Route()], capacity).Relay;
        Assert.Equal((asked, loaded), (relay.MaxAsked, relay.LoadedAsked));
    }

    [Theory]
    [InlineData(16_384, 1_024)]
    [InlineData(4_096, 256)]
    [InlineData(768, 64)]
    [InlineData(40, 40)]
    public void Claims_have_a_sixteenth_of_the_mappings_and_sixty_four_where_there_are_as_many(int mappings, int claims)
    {
        Capacity capacity = Capacity.From(EphemeralPorts.Select("1 40000", "", 0), HostFacts.Unlimited, mappings);
        Assert.Equal(mappings, capacity.Mappings);
        Assert.Equal(claims, Read()!.ForEngine([Keys.Route()], capacity).Relay.MaxClaimed);
    }

    private Options? Read(params string[] arguments)
    {
        CommandLine line = new(arguments);
        Assert.True(line.IsValid(_heard.Log), string.Join('\n', _heard.Lines));
        return Options.Read(line, _environment, _heard.Log);
    }
}
