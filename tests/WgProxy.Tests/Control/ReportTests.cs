using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace WgProxy.Tests.Control;

/// <summary>What a running relay says of itself, compared with what was done with it.</summary>
[Trait("Forms", "All")]
public sealed class ReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-control-").FullName;

    private string Socket => Path.Combine(_folder, "control.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_report_shows_the_clients_that_there_are()
    {
        using Farm farm = new(2);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" info server s1 (");
        await program.LineAsync(" info server s2 (");
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        using UdpClient first = new(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpClient second = new(new IPEndPoint(IPAddress.Loopback, 0));
        int port = await farm.ShakeHandsAsync(first, relay, 1);
        _ = await farm.ShakeHandsAsync(second, relay, 2);
        _ = await farm.SendDataAsync(second, relay, 2);

        JsonElement status = await control.GetAsync("/v1/status");
        Assert.Equal(2, status.GetProperty("servers").GetInt32());
        Assert.Equal([relay.ToString()], status.GetProperty("listening").EnumerateArray().Select(each => each.GetString()));
        Assert.Equal(2, status.GetProperty("mappings").GetProperty("by_proof").GetProperty("Established").GetInt32());
        Assert.Equal(2, status.GetProperty("mappings").GetProperty("all").GetInt32());
        Assert.InRange(status.GetProperty("workers").GetInt32(), 1, 64);
        Assert.InRange(status.GetProperty("uptime_seconds").GetDouble(), 0.001, 120);
        Assert.InRange(Math.Abs((status.GetProperty("now").GetDateTimeOffset() - DateTimeOffset.UtcNow).TotalSeconds), 0, 60);

        JsonElement[] servers = [.. (await control.GetAsync("/v1/servers")).GetProperty("servers").EnumerateArray()];
        Assert.Equal(["s1", "s2"], servers.Select(server => server.GetProperty("name").GetString()));
        Assert.All(servers, server => Assert.Equal("answering", server.GetProperty("health").GetString()));
        Assert.All(servers, server => Assert.Equal(1, server.GetProperty("handshakes").GetInt32()));
        Assert.Equal(
            [farm.EndPointOf(1).ToString(), farm.EndPointOf(2).ToString()], servers.Select(server => server.GetProperty("endpoint_in_use").GetString()));

        // An initiation and data to the first server; once more data to the second.
        long[] uplink = [.. servers.Select(server => server.GetProperty("uplink").GetProperty("bytes").GetInt64())];
        Assert.Equal(148 + 32, uplink[0]);
        Assert.Equal(148 + 32 + 32, uplink[1]);

        JsonElement[] sessions = [.. (await control.GetAsync("/v1/sessions")).GetProperty("sessions").EnumerateArray()];
        Assert.Equal(2, sessions.Length);
        JsonElement ofFirst = Assert.Single(sessions, session => string.Equals(session.GetProperty("client").GetString(), $"{first.Client.LocalEndPoint}", StringComparison.Ordinal));
        Assert.Equal("s1", ofFirst.GetProperty("server").GetString());
        Assert.Equal(port, ofFirst.GetProperty("upstream_port").GetInt32());
        Assert.Equal("Established", ofFirst.GetProperty("proof").GetString());
        Assert.Equal(farm.EndPointOf(1).ToString(), ofFirst.GetProperty("server_address").GetString());
        Assert.Equal(148 + 32, ofFirst.GetProperty("uplink_bytes").GetInt64());
        Assert.Equal(92, ofFirst.GetProperty("downlink_bytes").GetInt64());
        Assert.InRange(ofFirst.GetProperty("last_valid_seconds").GetDouble(), 0, 60);
        Assert.InRange(ofFirst.GetProperty("expires_seconds").GetDouble(), 200, 300);
        Assert.EndsWith("+00:00", ofFirst.GetProperty("expires").GetString(), StringComparison.Ordinal);

        await AssertOnePageAtATimeAsync(control);
        await AssertChosenAsync(control, "/v1/sessions?server=s2", [$"{second.Client.LocalEndPoint}"]);
        await AssertChosenAsync(control, "/v1/sessions?sort=traffic&limit=1", [$"{second.Client.LocalEndPoint}"]);
        await AssertChosenAsync(control, "/v1/sessions?sort=last_valid", [$"{second.Client.LocalEndPoint}", $"{first.Client.LocalEndPoint}"]);
        await AssertChosenAsync(control, "/v1/sessions?peer=nobody", []);
    }

    [Fact]
    public async Task Drops_are_told_by_direction_and_server_with_their_meaning()
    {
        using Farm farm = new(2);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket);
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" info server s2 (");
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(client, relay, 2);
        await client.SendAsync("no WireGuard"u8.ToArray(), relay, TestContext.Current.CancellationToken);
        JsonElement drops = await control.EventuallyAsync("/v1/drops", report => Of(report, "NotWireGuard").Length > 0);
        JsonElement drop = Assert.Single(Of(drops, "NotWireGuard"));
        Assert.Equal(
            (JsonValueKind.Null, "uplink", "NotWireGuard", 1),
            (drop.GetProperty("server").ValueKind, drop.GetProperty("direction").GetString(), drop.GetProperty("verdict").GetString(), drop.GetProperty("datagrams").GetInt32()));

        // An initiation that was sent again is known to be for the server of its key.
        Assert.All(Of(drops, "Replayed"), each => Assert.True(each.GetProperty("server").GetString() is null or "s2"));
        Assert.Equal(Enum.GetNames<Verdict>(), drops.GetProperty("verdicts").EnumerateObject().Select(verdict => verdict.Name));
    }

    [Fact]
    public async Task A_relay_whose_server_has_no_address_is_alive_and_not_ready()
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal)
        {
            ["WGPROXY_SERVER"] = "nowhere.invalid:51820",
            ["WGPROXY_PUBKEY"] = Keys.Text,
            ["WGPROXY_LISTEN"] = "127.0.0.1:0",
            ["WGPROXY_CONTROL"] = "auto",
            ["RUNTIME_DIRECTORY"] = _folder,
        };
        using RunningProgram program = new(environment);
        _ = await program.ListeningAsync();
        using ControlClient control = await ControlClient.WhenThereAsync(Socket);
        Assert.True((await control.GetAsync("/healthz")).GetProperty("data_path").GetBoolean());
        (HttpStatusCode code, JsonElement ready) = await control.AskAsync("/readyz");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, code);
        Assert.Equal("""{"ready":false,"bound":true,"resolved":false,"data_path":true,"unresolved":["nowhere.invalid:51820"]}""", ready.GetRawText());
        JsonElement server = Assert.Single((await control.GetAsync("/v1/servers")).GetProperty("servers").EnumerateArray());
        Assert.Equal(("unresolved", JsonValueKind.Null), (server.GetProperty("health").GetString(), server.GetProperty("endpoint_in_use").ValueKind));
        Assert.Equal(
            ["server nowhere.invalid:51820 is not resolved"],
            (await control.GetAsync("/v1/status")).GetProperty("warnings").EnumerateArray().Select(each => each.GetString()).Where(each => each!.StartsWith("server ", StringComparison.Ordinal)));
    }

    private static JsonElement[] Of(JsonElement drops, string verdict) =>
        [.. drops.GetProperty("drops").EnumerateArray().Where(drop => string.Equals(drop.GetProperty("verdict").GetString(), verdict, StringComparison.Ordinal))];

    private static async Task AssertOnePageAtATimeAsync(ControlClient control)
    {
        List<string?> clients = [];
        int? from = 0;
        while (from is not null)
        {
            JsonElement page = await control.GetAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/sessions?limit=1&from={from}"));
            clients.AddRange(page.GetProperty("sessions").EnumerateArray().Select(session => session.GetProperty("client").GetString()));
            from = page.GetProperty("next").ValueKind == JsonValueKind.Null ? null : page.GetProperty("next").GetInt32();
        }

        Assert.Equal(2, clients.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(2, clients.Count);
    }

    private static async Task AssertChosenAsync(ControlClient control, string path, string[] clients) => Assert.Equal(
        clients, (await control.GetAsync(path)).GetProperty("sessions").EnumerateArray().Select(session => session.GetProperty("client").GetString()));
}
