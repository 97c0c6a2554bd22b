using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using WgProxy.Figures;
using WgProxy.Tests.Control;

namespace WgProxy.Tests.FigurePages;

/// <summary>The page as the program answers it.</summary>
[Trait("Forms", "All")]
[UnsupportedOSPlatform("windows")]
public sealed class MetricsResourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-metrics-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_relay_that_forwards_tells_Prometheus_what_and_promtool_finds_nothing_wrong_with_it()
    {
        string socket = Path.Combine(_folder, "run", "control.sock");
        using Farm farm = new(2);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", socket);
        IPEndPoint relay = await program.ListeningAsync();
        _ = await program.LineAsync(" info server s2 (");
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(client, relay, 2);
        using ControlClient control = await ControlClient.WhenThereAsync(socket);
        using HttpResponseMessage answer = await control.SendAsync(HttpMethod.Get, "/metrics");
        Assert.Equal((HttpStatusCode.OK, PageWriter.ContentType), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString()));
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        await Promtool.CheckMetricsAsync(text);
        PromText page = new(text);
        Assert.Equal(FigureTable.All.Select(figure => figure.PrometheusName), page.Types.Keys);
        Assert.Equal(1, page["wgproxy_server_mappings", "server=\"s2\",proof=\"Established\""]);
        Assert.Equal(0, page["wgproxy_server_mappings", "server=\"s1\",proof=\"Established\""]);
        Assert.Equal(1, page["wgproxy_server_answer_duration_seconds_count", "server=\"s2\""]);
        Assert.Equal(1, page["wgproxy_messages_total", "direction=\"downlink\",type=\"response\""]);
        Assert.Equal(180, page["wgproxy_server_io_bytes_total", "server=\"s2\",direction=\"uplink\""]);
        Assert.InRange(page["process_resident_memory_bytes"], 1e6, 1e9);
        Assert.InRange(page["process_cpu_seconds_total"], 0.001, 100);
        Assert.InRange(page["wgproxy_worker_turns_total"], 1, 1e9);
        using HttpResponseMessage head = await control.SendAsync(HttpMethod.Head, "/metrics");
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }
}
