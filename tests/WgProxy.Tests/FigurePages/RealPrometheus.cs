using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace WgProxy.Tests.FigurePages;

/// <summary>A Prometheus of the test's own on loopback, with the rules of contrib, that scrapes one page.</summary>
internal sealed class RealPrometheus : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-prometheus-").FullName;
    private readonly HttpClient _client;
    private readonly Process _process;

    /// <param name="target">Where the page is: host and port, with <c>/metrics</c> behind it.</param>
    public RealPrometheus(string target)
    {
        int port = FreePort();
        File.WriteAllText(Path.Combine(_folder, "prometheus.yml"), $$"""
            global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }
            rule_files: [ "{{Path.Combine(Repository.Root, "contrib", "prometheus", "wgproxy.rules.yml")}}" ]
            scrape_configs: [ { job_name: wgproxy, static_configs: [ { targets: [ "{{target}}" ] } ] } ]
            """);
        _process = Process.Start(new ProcessStartInfo("prometheus",
        [
            $"--config.file={_folder}/prometheus.yml", $"--storage.tsdb.path={_folder}/data", string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"), "--log.level=warn",
        ])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();
        _client = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/")) };
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Evaluates an expression: how many series it has.</summary>
    public async Task<int> CountAsync(string expression)
    {
        using HttpResponseMessage answer = await _client.GetAsync(new Uri($"api/v1/query?query={Uri.EscapeDataString(expression)}", UriKind.Relative), TestContext.Current.CancellationToken);
        if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            throw new HttpRequestException("it starts");
        }

        using JsonDocument result = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.True(result.RootElement.GetProperty("status").GetString() is "success", $"{expression}: {result.RootElement}");
        return result.RootElement.GetProperty("data").GetProperty("result").GetArrayLength();
    }

    /// <summary>Awaits that an expression has a series.</summary>
    public async Task AwaitAsync(string expression)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await CountAsync(expression) > 0)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // It starts.
            }

            Assert.True(waited.Elapsed < Patience, $"no series: {expression}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The expressions of all alerts, each with its name, once each has been evaluated without an error.</summary>
    public async Task<IReadOnlyList<(string Alert, string Expression)>> AlertsAsync()
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            using JsonDocument rules = JsonDocument.Parse(await _client.GetStringAsync(new Uri("api/v1/rules", UriKind.Relative), TestContext.Current.CancellationToken));
            JsonElement[] all = [.. rules.RootElement.GetProperty("data").GetProperty("groups").EnumerateArray().SelectMany(group => group.GetProperty("rules").EnumerateArray())];
            if (all.Length > 0 && all.All(rule => rule.GetProperty("health").GetString() is "ok"))
            {
                return [.. all.Select(rule => (rule.GetProperty("name").GetString()!, rule.GetProperty("query").GetString()!))];
            }

            Assert.True(waited.Elapsed < Patience, rules.RootElement.ToString());
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    private static int FreePort()
    {
        using TcpListener probe = new(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
