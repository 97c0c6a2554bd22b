using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace WgProxy.Tests.Showing;

/// <summary>The commands that ask a running relay, as an operator types them.</summary>
[Trait("Forms", "All")]
public sealed class ShowTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-show-").FullName;

    private string Socket => Path.Combine(_folder, "control.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Show_lays_out_what_the_relay_knows()
    {
        using Farm farm = new(2);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" info server s1 (");
        await program.LineAsync(" info server s2 (");
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        int port = await farm.ShakeHandsAsync(client, relay, 1);

        string[] screen = await AskAsync(0, "show");
        Assert.StartsWith("relay: wgproxy ", screen[0], StringComparison.Ordinal);
        Assert.Equal($"  listening on: {relay}", screen[1]);
        Assert.Equal("  mappings: 1 established (at most 16384)", screen[3]);
        int server = Array.IndexOf(screen, "server: s1");
        Assert.Equal("  health: answering", screen[server + 3]);
        Assert.Equal($"  endpoint: {farm.EndPointOf(1)}", screen[server + 2]);
        Assert.Equal("  transfer: 92 B received, 180 B sent", screen[server + 6]);
        Assert.Contains("server: s2", screen);

        string[] sessions = await AskAsync(0, "show", "sessions");
        Assert.Equal(["client", "peer", "server", "server", "address", "upstream", "port", "proof", "received", "sent", "last", "seen"], Words(sessions[0]));
        Assert.Equal([$"{client.Client.LocalEndPoint}", "-", "s1", $"{farm.EndPointOf(1)}", $"{port}", "Established"], Words(sessions[1])[..6]);
        Assert.Single(await AskAsync(0, "show", "sessions", "--server", "s2"));
        Assert.Equal(2, (await AskAsync(0, "show", "servers", "--server", "S1")).Length);
        Assert.Single(await AskAsync(0, "show", "sessions", "--port", "1"));
        Assert.Equal(sessions[1].Split("  ")[0], (await AskAsync(0, "show", "sessions", "--port", $"{port}"))[1].Split("  ")[0]);
        Assert.Equal(["s1", "s2"], (await AskAsync(0, "show", "servers", "--sort", "traffic"))[1..].Select(line => Words(line)[0]));
        Assert.Equal(["s2"], (await AskAsync(0, "show", "servers", "--sort", "health", "--limit", "1"))[1..].Select(line => Words(line)[0]));
        Assert.Equal(["wgproxy show: --sort is colour: expected file, name, health, traffic, handshakes, mappings"], await AskAsync(2, "show", "servers", "--sort", "colour"));
        Assert.DoesNotContain("server: s1", await AskAsync(0, "show", "--server", "s2"));
        using JsonDocument one = JsonDocument.Parse(string.Concat(await AskAsync(0, "show", "servers", "--server", "s2", "--json")));
        Assert.Equal("s2", Assert.Single(one.RootElement.GetProperty("servers").EnumerateArray()).GetProperty("name").GetString());
        using JsonDocument report = JsonDocument.Parse(string.Concat(await AskAsync(0, "show", "servers", "--json")));
        Assert.Equal(2, report.RootElement.GetProperty("servers").GetArrayLength());

        client.Send(new byte[20], 20, relay);
        await Eventually(async () => (await AskAsync(0, "show", "drops")).Any(line => Words(line) is ["1", "uplink", "(all)", "NotWireGuard", ..]));
        Assert.Equal(["nothing is amiss: 1 client has a tunnel, and no client waits for an answer"], await AskAsync(0, "why"));
        Assert.Equal([$"client {client.Client.LocalEndPoint} has a tunnel to server s1, and is answered"], await AskAsync(0, "why", "127.0.0.1"));
        Assert.StartsWith("nothing from 192.0.2.1 has reached this relay", (await AskAsync(1, "why", "192.0.2.1"))[0], StringComparison.Ordinal);
        Assert.Contains("expected server=NAME", (await AskAsync(3, "show", "sessions", "--limit", "many"))[0], StringComparison.Ordinal);
        Assert.Equal(["wgproxy show: there is no tunnels to show: expected sessions, peers, servers, drops, usage, fleet, log, or nothing"], await AskAsync(2, "show", "tunnels"));
        Assert.Contains("standard output is no terminal", (await AskAsync(2, "top"))[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_is_told_by_the_exit_code()
    {
        // The name resolves nowhere (RFC 6761), so the relay is never ready.
        using RunningProgram program = new(null, "--server", "nowhere.invalid:51820", "--public-key", Keys.Text, "--listen", "127.0.0.1:0", "--control", Socket);
        await program.LineAsync($"answers requests on {Socket}");
        Assert.Equal(["well: every worker answers"], await AskAsync(0, "health"));
        Assert.Equal(["not ready: no server has an address yet (nowhere.invalid:51820)"], await AskAsync(1, "health", "--ready"));
        using JsonDocument report = JsonDocument.Parse(string.Concat(await AskAsync(1, "health", "--ready", "--json")));
        Assert.False(report.RootElement.GetProperty("ready").GetBoolean());
    }

    [Fact]
    public async Task A_relay_that_can_serve_is_ready()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        await program.LineAsync(" info server s1 (");
        await Eventually(async () => (await AskAnyAsync("health", "--ready")) is (0, ["ready to serve clients"]));
    }

    [Theory]
    [InlineData("show")]
    [InlineData("why")]
    [InlineData("health")]
    public async Task Without_a_relay_the_answer_names_the_socket_that_was_asked(string command)
    {
        string[] lines = await AskAsync(3, command);
        Assert.Equal([$"wgproxy {command}: no relay answers on {Socket}: it does not run, or its setting Control names another path (--control PATH asks there)"], lines);
    }

    [Fact]
    public async Task The_file_of_the_relay_says_where_it_is_asked()
    {
        string file = Path.Combine(_folder, "relay.conf");
        await File.WriteAllTextAsync(file, $"[Relay]\nControl = {Socket}\n", TestContext.Current.CancellationToken);
        using RunningProgram program = new(new Dictionary<string, string> { ["WGPROXY_CONTROL"] = string.Empty }, "show", "--config", file);
        (int code, string output, string[] lines) = await program.ExitAsync();
        Assert.Equal(3, code);
        Assert.Contains(Socket, output + string.Concat(lines), StringComparison.Ordinal);
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static async Task Eventually(Func<Task<bool>> condition)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
        while (!await condition())
        {
            Assert.False(patience.IsCancellationRequested, "the condition did not come true within 20 s");
        }
    }

    private async Task<string[]> AskAsync(int code, params string[] arguments)
    {
        (int actual, string[] said) = await AskAnyAsync(arguments);
        Assert.True(code == actual, $"exit code {actual}: {string.Join('\n', said)}");
        return said;
    }

    private async Task<(int Code, string[] Said)> AskAnyAsync(params string[] arguments)
    {
        using RunningProgram program = new(null, [.. arguments, "--control", Socket]);
        (int code, string output, string[] lines) = await program.ExitAsync();
        return (code, [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Concat(lines).Select(line => line.TrimEnd())]);
    }
}
