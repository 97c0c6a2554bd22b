using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>A relay did not answer, or refused; in words for the operator.</summary>
internal sealed class RelaySocketException(string message) : Exception(message)
{
    /// <summary>Whether no relay answers.</summary>
    public bool IsDown { get; init; }
}

/// <summary>What came of an order.</summary>
/// <param name="IsDone">Whether it was carried out.</param>
/// <param name="Text">The report, as it is written.</param>
internal readonly record struct OrderAnswer(bool IsDone, string Text);

/// <summary>Asks a running relay, by HTTP on its Unix socket.</summary>
internal sealed class RelaySocket : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _command;

    /// <summary>The relay that answers on this path. Nothing is connected yet.</summary>
    /// <param name="path">The path.</param>
    /// <param name="command">What was typed, for one who lacks the right to it.</param>
    public RelaySocket(string path, string command)
    {
        (Path, _command) = (path, command);
        SocketsHttpHandler handler = new()
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, stop) =>
            {
                Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };

        // The name is of no meaning: the socket alone says who is asked.
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Patience };
    }

    /// <summary>Where it is asked.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>A report, as it is written.</summary>
    /// <param name="resource">Path and query.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="RelaySocketException">There is none.</exception>
    public async Task<string> ReadAsync(string resource, CancellationToken stop)
    {
        (HttpStatusCode code, string text) = await SendAsync(HttpMethod.Get, resource, null, stop);
        return code == HttpStatusCode.OK ? text : throw Refusal(code, text, $"the relay refuses {resource}");
    }

    /// <summary>A report.</summary>
    /// <param name="resource">Path and query.</param>
    /// <param name="type">Its type.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="RelaySocketException">There is none.</exception>
    public async Task<T> ReadAsync<T>(string resource, JsonTypeInfo<T> type, CancellationToken stop) => Parse(await ReadAsync(resource, stop), type);

    /// <summary>Gives an order.</summary>
    /// <param name="method">POST or PUT.</param>
    /// <param name="resource">Its path.</param>
    /// <param name="body">Its body.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>What came of it: carried out, or refused by a report of its own form.</returns>
    /// <exception cref="RelaySocketException">It was refused, or no relay answers.</exception>
    public async Task<OrderAnswer> OrderAsync(HttpMethod method, string resource, string body, CancellationToken stop)
    {
        (HttpStatusCode code, string text) = await SendAsync(method, resource, body, stop);
        return code is HttpStatusCode.OK or HttpStatusCode.Conflict
            ? new OrderAnswer(code == HttpStatusCode.OK, text)
            : throw Refusal(code, text, "the relay refuses");
    }

    /// <summary>Reads a report.</summary>
    /// <exception cref="RelaySocketException">It is of another form.</exception>
    public T Parse<T>(string text, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new RelaySocketException($"the relay on {Path} answers in another form than this program reads: it is of another version; restart it");
        }
    }

    private RelaySocketException Refusal(HttpStatusCode code, string text, string lead) =>
        new($"{lead}: {Reason(text)}{(code == HttpStatusCode.Forbidden ? AsRoot : string.Empty)}");

    private async Task<(HttpStatusCode Code, string Text)> SendAsync(HttpMethod method, string resource, string? body, CancellationToken stop)
    {
        try
        {
            using HttpRequestMessage request = new(method, resource) { Content = body is null ? null : new StringContent(body) };
            using HttpResponseMessage answer = await _http.SendAsync(request, stop);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(stop));
        }
        catch (HttpRequestException refusal)
        {
            throw Words((refusal.InnerException as SocketException)?.SocketErrorCode, refusal);
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new RelaySocketException($"the relay on {Path} has not answered within {Patience.TotalSeconds} s");
        }
    }

    /// <summary>All that the one screen is made of.</summary>
    public async Task<RelayReports> ReadAllAsync(CancellationToken stop) => new(
        await ReadAsync("/v1/status", StatusJson.Default.StatusReport, stop),
        await ReadAsync("/v1/servers", StatusJson.Default.ServersReport, stop),
        await ReadAsync("/v1/peers", StatusJson.Default.PeersReport, stop));

    private static string Reason(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, StatusJson.Default.ErrorReport)?.Error ?? text;
        }
        catch (JsonException)
        {
            return text;
        }
    }

    private RelaySocketException Words(SocketError? error, Exception refusal) => error switch
    {
        SocketError.AccessDenied =>
            new RelaySocketException($"the socket {Path} may not be opened: expected root, the relay's own user, or a member of its group{AsRoot}"),
        SocketError.ConnectionRefused or SocketError.AddressNotAvailable => NoRelay,
        _ when !System.IO.Path.Exists(Path) => NoRelay,
        _ => new RelaySocketException($"the relay on {Path} cannot be asked: {refusal.Message}"),
    };

    private string AsRoot => $"; type: sudo {_command}";

    private RelaySocketException NoRelay =>
        new($"no relay answers on {Path}: it does not run, or its setting Control names another path (--control PATH asks there)") { IsDown = true };
}
