using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
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

/// <summary>How a relay is.</summary>
/// <param name="IsWell">Whether it is well.</param>
/// <param name="Text">The report, as it is written.</param>
internal readonly record struct HealthAnswer(bool IsWell, string Text);

/// <summary>Asks a running relay, by HTTP on its Unix socket: each request by a connection of its own.</summary>
/// <param name="path">The path of the socket. Nothing is connected yet.</param>
/// <param name="command">What was typed, for one who lacks the right to it.</param>
internal sealed class RelaySocket(string path, string command)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Where it is asked.</summary>
    public string Path => path;

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

    /// <summary>How the relay is: 503 is an answer too.</summary>
    /// <param name="resource">The path.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="RelaySocketException">It was refused, or no relay answers.</exception>
    public async Task<HealthAnswer> ReadHealthAsync(string resource, CancellationToken stop)
    {
        (HttpStatusCode code, string text) = await SendAsync(HttpMethod.Get, resource, null, stop);
        return code is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable
            ? new HealthAnswer(code == HttpStatusCode.OK, text)
            : throw Refusal(code, text, $"the relay refuses {resource}");
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
            throw new RelaySocketException($"the relay on {path} answers in another form than this program reads: it is of another version; restart it");
        }
    }

    private RelaySocketException Refusal(HttpStatusCode code, string text, string lead) =>
        new($"{lead}: {Reason(text)}{(code == HttpStatusCode.Forbidden ? AsRoot : string.Empty)}");

    private async Task<(HttpStatusCode Code, string Text)> SendAsync(HttpMethod method, string resource, string? body, CancellationToken stop)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), patience.Token);
            await using NetworkStream stream = new(socket);
            await stream.WriteAsync(Request(method, resource, body ?? string.Empty), patience.Token);
            HttpAnswer answer = await HttpAnswer.ReadAsync(stream, patience.Token);
            return (answer.Code, answer.Text);
        }
        catch (Exception refusal) when (refusal is SocketException or IOException)
        {
            throw Words(((refusal as SocketException) ?? refusal.InnerException as SocketException)?.SocketErrorCode, refusal);
        }
        catch (HttpAnswerException refusal)
        {
            // It may have ended meanwhile.
            throw System.IO.Path.Exists(path)
                ? new RelaySocketException($"what answers on {path} is no relay, or answers too many others: {refusal.Message}")
                : NoRelay;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new RelaySocketException($"the relay on {path} has not answered within {Patience.TotalSeconds} s");
        }
    }

    /// <summary>All servers, page by page.</summary>
    /// <exception cref="RelaySocketException">There is no report.</exception>
    public async Task<ServersReport> ReadServersAsync(CancellationToken stop)
    {
        List<ServerReport> servers = [];
        ServersReport page;
        int? from = 0;
        do
        {
            page = await ReadAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/servers?from={from}"), StatusJson.Default.ServersReport, stop);
            servers.AddRange(page.Servers);

            // What does not lead on is no relay's, and must not be asked for ever.
            from = page.Next > from ? page.Next : null;
        }
        while (from is not null);
        return page with { Servers = servers };
    }

    /// <summary>All that the one screen is made of.</summary>
    public async Task<RelayReports> ReadAllAsync(CancellationToken stop) => new(
        await ReadAsync("/v1/status", StatusJson.Default.StatusReport, stop),
        await ReadServersAsync(stop),
        await ReadAsync("/v1/peers", StatusJson.Default.PeersReport, stop));

    // RFC 9112, 3. The host is of no meaning: the socket alone says who is asked.
    private static byte[] Request(HttpMethod method, string resource, string body) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{method} {resource} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"));

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
            new RelaySocketException($"the socket {path} may not be opened: expected root, the relay's own user, or a member of its group{AsRoot}"),
        SocketError.ConnectionRefused or SocketError.AddressNotAvailable => NoRelay,
        _ when !System.IO.Path.Exists(path) => NoRelay,
        _ => new RelaySocketException($"the relay on {path} cannot be asked: {refusal.Message}"),
    };

    private string AsRoot => $"; type: sudo {command}";

    private RelaySocketException NoRelay =>
        new($"no relay answers on {path}: it does not run, or its setting Control names another path (--control PATH asks there)") { IsDown = true };
}
