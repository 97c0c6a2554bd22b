using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using WgProxy.Configuration;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Figures;
using WgProxy.Linux;
using WgProxy.Serving;

namespace WgProxy.Tests.FigurePages;

/// <summary>The alert rules and the dashboard of contrib: judged by Prometheus, which scrapes an engine that relays.</summary>
public sealed partial class FigurePrometheusTests
{
    // What says something only while something is wrong, or is not in this relay: each is selected without a value instead.
    private static readonly string[] Absent = ["TableFull", "ServerLoaded"];

    [Fact]
    public async Task The_rules_are_right_and_each_is_raised_by_what_it_is_for()
    {
        Promtool.Need();
        (int code, string said) = await Promtool.RunAsync("", "check", "rules", "--lint-fatal", "wgproxy.rules.yml");
        Assert.True(code == 0, said);
        (code, said) = await Promtool.RunAsync("", "test", "rules", "wgproxy.rules.test.yml", "wgproxy.peers.test.yml");
        Assert.True(code == 0, said);
        string rules = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "contrib", "prometheus", "wgproxy.rules.yml"), TestContext.Current.CancellationToken);
        string tests = string.Concat(Directory.GetFiles(Path.Combine(Repository.Root, "contrib", "prometheus"), "*.test.yml").Select(File.ReadAllText));
        foreach (Match alert in Alert().Matches(rules))
        {
            Assert.Contains($"alertname: {alert.Groups["name"].Value}\n        exp_alerts:", tests, StringComparison.Ordinal);
            Assert.Contains($"alertname: {alert.Groups["name"].Value} }}", tests, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_collector_of_OpenTelemetry_is_told_to_scrape_as_Prometheus_is()
    {
        Promtool.Need();
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "contrib", "otelcol", "wgproxy.yaml"), TestContext.Current.CancellationToken);

        // Its receiver takes a configuration of Prometheus as it is, six columns in.
        string config = string.Concat(lines.SkipWhile(line => line is not "    config:").Skip(1).TakeWhile(line => line.StartsWith("      ", StringComparison.Ordinal)).Select(line => line[6..] + "\n"));
        Assert.Contains("job_name: wgproxy\n", config, StringComparison.Ordinal);
        string file = Path.Combine(Directory.CreateTempSubdirectory("wgproxy-otelcol-").FullName, "prometheus.yml");
        await File.WriteAllTextAsync(file, config, TestContext.Current.CancellationToken);
        try
        {
            (int code, string said) = await Promtool.RunAsync("", "check", "config", file);
            Assert.True(code == 0, said);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    [Fact]
    public async Task Every_query_of_the_dashboard_and_of_the_rules_finds_series_of_a_relay_with_traffic()
    {
        Promtool.Need();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the engine is for Linux");
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using UdpClient server = new(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        PeerOptions peer = new("phone", Keys.Parse(Keys.TextOf(2)));
        ServerOptions options = new("home", Keys.Parse(Keys.TextOf(1)), new ServerName("127.0.0.1", 1, IPAddress.Loopback)) { Peers = [peer] };
        Route route = new(options.Key) { Server = (IPEndPoint)server.Client.LocalEndPoint!, Settings = new RouteSettings { Peers = PeerList.Of([peer.Key]) } };
        RouteList routes = [];
        Served served = new(options, route, routes.Add(route));
        using LinuxEngine engine = new(new EngineSettings { Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Routes = routes, Seeds = new(), Relay = RelaySettings.ForMappings(64) });
        engine.Start();
        using FigureReader reader = new(engine, () => [served], new Reading.Constants("1.2.3", "linux", 64, DateTimeOffset.UtcNow.ToUnixTimeSeconds()), TimeProvider.System);
        using PageServer pages = new(reader);

        // The counters are there with zeros before anything comes: else their first step is no increase.
        using RealPrometheus prometheus = new(pages.Target);
        await prometheus.AwaitAsync("wgproxy_build_info");
        await prometheus.AwaitAsync("wgproxy_server_datagrams_total");
        await TalkAsync(server, client, engine.Listening[0], new Core.Protocol.Mac1(options.Key), new Core.Protocol.Mac1(peer.Key));
        await prometheus.AwaitAsync("increase(wgproxy_peer_io_bytes_total[1m]) > 0");
        await prometheus.AwaitAsync("rate(wgproxy_server_answer_duration_seconds_count[1m]) > 0");
        await prometheus.AwaitAsync("rate(wgproxy_server_datagrams_total{verdict=\"Replayed\"}[1m])");
        await prometheus.AwaitAsync("rate(dotnet_gc_pause_time_seconds_total[1m])");

        foreach (string expression in DashboardExpressions())
        {
            Assert.True(await prometheus.CountAsync(expression) > 0 || expression.Contains("fault=\"ReceiveOverflowed\"", StringComparison.Ordinal), $"the dashboard finds nothing by: {expression}");
        }

        IReadOnlyList<(string Alert, string Expression)> alerts = await prometheus.AlertsAsync();
        Assert.InRange(alerts.Count, 10, 100);
        foreach ((string alert, string expression) in alerts)
        {
            foreach (Match selector in Selector().Matches(expression))
            {
                string found = selector.Value;
                bool isAbsent = Absent.Any(verdict => found.Contains($"\"{verdict}\"", StringComparison.Ordinal)) && found.Contains("_server_", StringComparison.Ordinal);
                found = isAbsent ? found[..found.IndexOf('{', StringComparison.Ordinal)] : found;
                Assert.True(await prometheus.CountAsync(found) > 0, $"{alert} finds nothing by: {found}");
            }
        }
    }

    // A handshake, data both ways, the same initiation again, and what is no WireGuard at all.
    private static async Task TalkAsync(UdpClient server, UdpClient client, IPEndPoint relay, Core.Protocol.Mac1 ofServer, Core.Protocol.Mac1 ofPeer)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        for (uint round = 1; round <= 2; round++)
        {
            byte[] initiation = WireMessages.Initiation(ofServer, round);
            await client.SendAsync(initiation, relay, cancel);
            UdpReceiveResult asked = await server.ReceiveAsync(cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(10), cancel);
            await server.SendAsync(WireMessages.Response(100 + round, round, ofPeer), asked.RemoteEndPoint, cancel);
            _ = await client.ReceiveAsync(cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(10), cancel);
            for (int i = 0; i < 3; i++)
            {
                await client.SendAsync(WireMessages.Transport(100 + round, 400), relay, cancel);
                _ = await server.ReceiveAsync(cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(10), cancel);
                await server.SendAsync(WireMessages.Transport(round, 300), asked.RemoteEndPoint, cancel);
                _ = await client.ReceiveAsync(cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(10), cancel);
            }

            await client.SendAsync(initiation, relay, cancel);
            await client.SendAsync(new byte[] { 9, 9, 9 }, relay, cancel);
            await server.SendAsync(new byte[] { 9, 9, 9 }, asked.RemoteEndPoint, cancel);

            // A counter that is there once it has counted has no rate before the second time.
            await Task.Delay(450, cancel);
        }
    }

    private static IEnumerable<string> DashboardExpressions()
    {
        using JsonDocument dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "contrib", "grafana", "wgproxy.json")));
        string[] expressions = [.. dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!)];
        Assert.InRange(expressions.Length, 30, 200);
        return expressions.Select(expression => expression
            .Replace("$__rate_interval", "1m", StringComparison.Ordinal)
            .Replace("$__range", "1h", StringComparison.Ordinal)
            .Replace("$instance", ".*", StringComparison.Ordinal)
            .Replace("$server", ".*", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"- alert: (?<name>\w+)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Alert();

    [GeneratedRegex(@"\b(wgproxy|process|dotnet)_\w+(\{[^}]*\})?|\bup\{[^}]*\}", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Selector();

    /// <summary>Answers GET /metrics on loopback.</summary>
    private sealed class PageServer : IDisposable
    {
        private readonly HttpListener _listener = new();

        public PageServer(FigureReader reader)
        {
            // A listener takes no port 0, and another program may take the one that was free a moment ago.
            for (int attempt = 0; !_listener.IsListening; attempt++)
            {
                using TcpListener probe = new(IPAddress.Loopback, 0);
                probe.Start();
                Target = probe.LocalEndpoint.ToString()!;
                probe.Stop();
                _listener.Prefixes.Clear();
                _listener.Prefixes.Add($"http://{Target}/");
                try
                {
                    _listener.Start();
                }
                catch (HttpListenerException) when (attempt < 10)
                {
                    // Again.
                }
            }

            _ = AnswerAsync(reader);
        }

        public string Target { get; private set; } = "";

        public void Dispose() => _listener.Close();

        private async Task AnswerAsync(FigureReader reader)
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync();
                }
                catch (Exception end) when (end is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }

                using PageWriter? page = await reader.ReadPageAsync(CancellationToken.None);
                context.Response.ContentType = PageWriter.ContentType;
                foreach (ReadOnlyMemory<byte> part in page!.Bytes.Parts)
                {
                    await context.Response.OutputStream.WriteAsync(part);
                }

                context.Response.Close();
            }
        }
    }
}
