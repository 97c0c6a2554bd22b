using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json;

namespace WgProxy.Tests.Control;

/// <summary>What a request changes, and who may.</summary>
[Trait("Forms", "All")]
[UnsupportedOSPlatform("windows")]
public sealed class OrdersTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-orders-").FullName;

    private string Socket => Path.Combine(_folder, "control.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_dropped_client_is_cut_off_now_and_returns_by_its_next_handshake()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" info server s1 (");
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpClient other = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(client, relay, 1);
        EndPoint dropped = client.Client.LocalEndPoint!;
        JsonElement report = await control.OrderAsync(HttpMethod.Post, "/v1/drop", $$"""{"client": "{{dropped}}"}""", HttpStatusCode.OK);
        Assert.Equal("""{"mappings":1,"denied":false}""", report.GetRawText());
        Assert.Contains($"client {dropped} has ended: the operator dropped it", await program.LineAsync("has ended"), StringComparison.Ordinal);
        Assert.Equal(0, (await control.GetAsync("/v1/status")).GetProperty("mappings").GetProperty("all").GetInt32());
        _ = await farm.ShakeHandsAsync(client, relay, 1);

        // Nobody else is meant, and nothing is left to drop.
        report = await control.OrderAsync(HttpMethod.Post, "/v1/drop", $$"""{"client": "{{other.Client.LocalEndPoint}}"}""", HttpStatusCode.OK);
        Assert.Equal(0, report.GetProperty("mappings").GetInt32());
        Assert.Equal(1, (await control.GetAsync("/v1/status")).GetProperty("mappings").GetProperty("all").GetInt32());
    }

    [Fact]
    public async Task A_denied_client_stays_out_also_over_a_reload()
    {
        using Farm farm = new(2);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" info server s2 (");
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(client, relay, 2);
        JsonElement report = await control.OrderAsync(HttpMethod.Post, "/v1/drop", """{"client": "127.0.0.1", "deny": true}""", HttpStatusCode.OK);
        Assert.Equal("""{"mappings":1,"denied":true}""", report.GetRawText());
        report = await control.OrderAsync(HttpMethod.Post, "/v1/reload", "", HttpStatusCode.OK);
        Assert.Equal("""{"taken_over":true,"added":[],"removed":[],"changed":[],"messages":[]}""", report.GetRawText());
        await client.SendAsync(farm.InitiationFor(2), relay, TestContext.Current.CancellationToken);
        JsonElement drops = await control.EventuallyAsync("/v1/drops", all => all.GetRawText().Contains("\"Denied\",\"datagrams\":1", StringComparison.Ordinal));
        Assert.Contains("\"server\":\"s2\",\"direction\":\"uplink\",\"verdict\":\"Denied\",\"datagrams\":1", drops.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(0, (await control.GetAsync("/v1/status")).GetProperty("mappings").GetProperty("all").GetInt32());
    }

    [Fact]
    public async Task A_reload_tells_what_changed_or_why_it_was_refused()
    {
        using Farm farm = new(2);
        string file = farm.Write([1]);
        using RunningProgram program = new(null, "--config", file, "--control", Socket);
        await program.LineAsync(" info server s1 (");
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        _ = farm.Write([2]);
        JsonElement report = await control.OrderAsync(HttpMethod.Post, "/v1/reload", "", HttpStatusCode.OK);
        Assert.Equal("""{"taken_over":true,"added":["s2"],"removed":["s1"],"changed":[],"messages":[]}""", report.GetRawText());
        Assert.EndsWith($" info reload: {file} was read again: added s2; removed s1", await program.LineAsync("was read again"), StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, "[Relay]\nListn = 127.0.0.1:0\n", TestContext.Current.CancellationToken);
        report = await control.OrderAsync(HttpMethod.Post, "/v1/reload", "", HttpStatusCode.Conflict);
        Assert.False(report.GetProperty("taken_over").GetBoolean());
        Assert.Contains($"{file}:2: unknown key", report.GetProperty("messages")[0].GetString(), StringComparison.Ordinal);
        Assert.Contains("is not taken over", report.GetProperty("messages").EnumerateArray().Last().GetString(), StringComparison.Ordinal);
        Assert.Equal(1, (await control.GetAsync("/v1/status")).GetProperty("servers").GetInt32());
    }

    [Fact]
    public async Task The_log_level_changes_and_wrong_orders_are_refused_in_words()
    {
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        await program.LineAsync(" info server s1 (");
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        JsonElement report = await control.OrderAsync(HttpMethod.Put, "/v1/log-level", """{"level": 3}""", HttpStatusCode.OK);
        Assert.Equal("""{"level":3}""", report.GetRawText());
        Assert.Equal(3, (await control.GetAsync("/v1/status")).GetProperty("log_level").GetInt32());
        foreach ((string path, string body) in ((string, string)[])[
            ("/v1/log-level", """{"level": 4}"""), ("/v1/log-level", "{}"), ("/v1/log-level", ""), ("/v1/log-level", """{"level": 1, "x": 1}"""),
            ("/v1/drop", "{}"), ("/v1/drop", """{"client": "nobody"}"""), ("/v1/drop", """{"client": "192.0.2.1", "peer": "x"}"""), ("/v1/drop", new string(' ', 5_000) + "{}")])
        {
            report = await control.OrderAsync(
                path.EndsWith("drop", StringComparison.Ordinal) ? HttpMethod.Post : HttpMethod.Put, path, body, HttpStatusCode.BadRequest);
            Assert.StartsWith("expected ", report.GetProperty("error").GetString(), StringComparison.Ordinal);
        }

        report = await control.OrderAsync(HttpMethod.Post, "/v1/drop", """{"peer": "nobody"}""", HttpStatusCode.NotFound);
        Assert.Equal("no peer is called \"nobody\"", report.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_member_of_the_group_asks_and_gives_no_orders()
    {
        const string Nobody = "65534";
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv") && File.Exists("/usr/bin/curl"), "needs root, setpriv and curl");
        string socket = Path.Combine(_folder, "run", "control.sock");
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", socket, "--control-group", Nobody);
        _ = await ControlClient.WhenThereAsync(socket);
        Assert.Equal("200", await AsUserAsync(Nobody, Nobody, socket, "/v1/status", "GET"));
        Assert.Equal("403", await AsUserAsync(Nobody, Nobody, socket, "/v1/reload", "POST"));
        Assert.Equal("200", await AsUserAsync("0", "0", socket, "/v1/reload", "POST"));
        Assert.Equal("000", await AsUserAsync(Nobody, "65533", socket, "/v1/status", "GET"));
    }

    private static async Task<string> AsUserAsync(string user, string group, string socket, string path, string method)
    {
        using System.Diagnostics.Process curl = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(
            "/usr/bin/setpriv",
            ["--reuid", user, "--regid", group, "--clear-groups", "/usr/bin/curl", "-s", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, "--unix-socket", socket, $"http://relay{path}"])
        { RedirectStandardOutput = true, UseShellExecute = false })!;
        string code = await curl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await curl.WaitForExitAsync(TestContext.Current.CancellationToken);
        return code;
    }
}
