using System.Net;
using System.Text.Json;

namespace WgProxy.Tests.Logging;

/// <summary>The log of the program as a process.</summary>
public sealed class LogProgramTests : IDisposable
{
    private readonly StubEnds _ends = new();

    public void Dispose() => _ends.Dispose();

    [Fact]
    public async Task With_json_each_line_is_an_object_from_the_first_to_the_last()
    {
        using RunningProgram program = new(Environment(), "--log-format", "json", "--no-such", "x");
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(2, code);
        Assert.Contains("unknown argument \"--no-such\"", Assert.Single(lines), StringComparison.Ordinal);

        using RunningProgram relay = new(Environment(("WGPROXY_COLOUR", "red")), "--log-format", "json");
        IPEndPoint listening = await relay.ListeningAsync();
        _ = await relay.LineAsync("\"event\":\"Resolved\"");
        await _ends.TalkAsync(listening);
        relay.Signal(RunningProgram.Terminate);
        (code, _, lines) = await relay.ExitAsync();
        Assert.Equal(0, code);
        string[] events = [.. lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!)];
        Assert.Equal("UnknownVariable", events[0]);
        Assert.Equal("Stopped", events[^1]);
        Assert.Contains("Started", events);
    }

    [Theory]
    [InlineData("--log-format", "xml", "--log-format (WGPROXY_LOGFORMAT) is \"xml\": expected auto, text, json or journald")]
    [InlineData("--log-addresses", "some", "--log-addresses (WGPROXY_LOGADDRESSES) is \"some\": expected full, prefix or none")]
    public async Task Another_value_is_refused_by_name(string flag, string value, string said)
    {
        using RunningProgram program = new(Environment(), flag, value);
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(2, code);
        Assert.EndsWith(said, Assert.Single(lines), StringComparison.Ordinal);
    }

    private Dictionary<string, string> Environment(params (string Name, string Value)[] more)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["WGPROXY_SERVER"] = _ends.Server,
            ["WGPROXY_PUBKEY"] = Keys.Text,
            ["WGPROXY_LISTEN"] = "127.0.0.1:0",
        };
        foreach ((string name, string value) in more)
        {
            environment[name] = value;
        }

        return environment;
    }
}
