using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WgProxy.Status;

namespace WgProxy.Showing;

/// <summary>A relay did not answer, or refused; in words for the operator.</summary>
internal sealed class RelaySocketException(string message) : Exception(message);

/// <summary>Asks a running relay, by HTTP on its Unix socket.</summary>
internal sealed class RelaySocket : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _path;

    /// <summary>The relay that answers on this path. Nothing is connected yet.</summary>
    public RelaySocket(string path)
    {
        _path = path;
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

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>A report, as it is written.</summary>
    /// <param name="resource">Path and query.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="RelaySocketException">There is none.</exception>
    public Task<string> ReadAsync(string resource, CancellationToken stop) => SendAsync(HttpMethod.Get, resource, stop);

    /// <summary>A report.</summary>
    /// <param name="resource">Path and query.</param>
    /// <param name="type">Its type.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="RelaySocketException">There is none.</exception>
    public async Task<T> ReadAsync<T>(string resource, JsonTypeInfo<T> type, CancellationToken stop)
    {
        string text = await ReadAsync(resource, stop);
        try
        {
            return JsonSerializer.Deserialize(text, type) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new RelaySocketException($"the relay on {_path} answers in another form than this program reads: it is of another version; restart it");
        }
    }

    private async Task<string> SendAsync(HttpMethod method, string resource, CancellationToken stop)
    {
        try
        {
            using HttpRequestMessage request = new(method, resource);
            using HttpResponseMessage answer = await _http.SendAsync(request, stop);
            string text = await answer.Content.ReadAsStringAsync(stop);
            return answer.StatusCode == HttpStatusCode.OK ? text : throw new RelaySocketException($"the relay refuses {resource}: {Reason(text)}");
        }
        catch (HttpRequestException refusal)
        {
            throw new RelaySocketException(Words((refusal.InnerException as SocketException)?.SocketErrorCode, refusal));
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new RelaySocketException($"the relay on {_path} has not answered within {Patience.TotalSeconds} s");
        }
    }

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

    private string Words(SocketError? error, Exception refusal) => error switch
    {
        SocketError.AccessDenied => $"the socket {_path} may not be opened: expected root, the relay's own user, or a member of its group",
        SocketError.ConnectionRefused or SocketError.AddressNotAvailable => NoRelay,
        _ when !Path.Exists(_path) => NoRelay,
        _ => $"the relay on {_path} cannot be asked: {refusal.Message}",
    };

    private string NoRelay => $"no relay answers on {_path}: it does not run, or its setting Control names another path (--control PATH asks there)";
}
