using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace WgProxy.Tests.Control;

/// <summary>Asks a relay by HTTP on a Unix socket.</summary>
internal sealed class ControlClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _http;
    private readonly string _path;

    public ControlClient(string path)
    {
        _path = path;
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        { BaseAddress = new Uri("http://localhost"), Timeout = Patience };
    }

    /// <summary>A client of a relay that may still be starting: its socket comes after the line that says where it listens.</summary>
    public static async Task<ControlClient> WhenThereAsync(string path)
    {
        ControlClient client = new(path);
        for (int tries = 0; ; tries++)
        {
            try
            {
                _ = await client.GetAsync("/healthz");
                return client;
            }
            catch (HttpRequestException) when (tries < 800)
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }
        }
    }

    public void Dispose() => _http.Dispose();

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path) =>
        _http.SendAsync(new HttpRequestMessage(method, path), TestContext.Current.CancellationToken);

    /// <summary>A report, and the code of its answer.</summary>
    public async Task<(HttpStatusCode Code, JsonElement Report)> AskAsync(string path, HttpMethod? method = null)
    {
        using HttpResponseMessage answer = await SendAsync(method ?? HttpMethod.Get, path);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("application/json; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        return (answer.StatusCode, JsonDocument.Parse(text).RootElement);
    }

    /// <summary>A report that is there.</summary>
    public async Task<JsonElement> GetAsync(string path)
    {
        (HttpStatusCode code, JsonElement report) = await AskAsync(path);
        Assert.True(code == HttpStatusCode.OK, $"{path}: {code} {report}");
        return report;
    }

    /// <summary>Gives an order, and returns the answer, which has this code.</summary>
    public async Task<JsonElement> OrderAsync(HttpMethod method, string path, string body, HttpStatusCode code)
    {
        using HttpRequestMessage request = new(method, path) { Content = new StringContent(body) };
        using HttpResponseMessage answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == code, $"{path} {body}: {answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>A report that will be as wanted.</summary>
    public async Task<JsonElement> EventuallyAsync(string path, Func<JsonElement, bool> isWanted)
    {
        for (int tries = 0; ; tries++)
        {
            JsonElement report = await GetAsync(path);
            if (isWanted(report) || tries == 400)
            {
                return report;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Sends bytes as they are, and returns everything that is answered until the relay closes the connection.</summary>
    public async Task<string> SendRawAsync(string request)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_path), TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.Latin1.GetBytes(request), TestContext.Current.CancellationToken);
        using StreamReader reader = new(new NetworkStream(socket), Encoding.Latin1);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
    }
}
