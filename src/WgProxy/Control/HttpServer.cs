using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace WgProxy.Control;

/// <summary>Kestrel with the limits of an endpoint beside a packet path. It is Kestrel alone: without a host, TLS and a router.</summary>
internal sealed class HttpServer : IAsyncDisposable
{
    /// <summary>Connections of one endpoint at most; further ones are closed at once. The relay keeps files for so many.</summary>
    public const int MostConnections = 64;

    private const int MostHeaderBytes = 8 * 1024;
    private const int MostLineBytes = 2 * 1024;
    private const int MostBodyBytes = 4 * 1024;

    private static readonly TimeSpan ForHeaders = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeptIdle = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ForLastAnswers = TimeSpan.FromSeconds(1);

    private readonly IServer _server;
    private readonly ServiceProvider _parts;

    /// <summary>A server that has not begun.</summary>
    /// <param name="listen">Says where it listens.</param>
    /// <param name="bind">Makes the sockets that it listens by; null for Kestrel's own way.</param>
    public HttpServer(Action<KestrelServerOptions> listen, Func<EndPoint, Socket>? bind = null)
    {
        KestrelServerOptions options = new();
        Limit(options);
        listen(options);
        SocketTransportOptions transport = new();
        transport.CreateBoundListenSocket = bind ?? transport.CreateBoundListenSocket;
        _server = PlainKestrel.Make(options, transport, out _parts);
    }

    /// <summary>Begins.</summary>
    /// <param name="application">Answers requests.</param>
    public Task StartAsync(IHttpApplication<HttpContext> application) => _server.StartAsync(application, CancellationToken.None);

    /// <summary>Ends it: what is being answered has a moment to end.</summary>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource patience = new(ForLastAnswers);
        await _server.StopAsync(patience.Token);
        await _parts.DisposeAsync();
    }

    private static void Limit(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        options.Limits.MaxConcurrentConnections = MostConnections;
        options.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
        options.Limits.MaxRequestLineSize = MostLineBytes;
        options.Limits.MaxRequestBodySize = MostBodyBytes;
        options.Limits.RequestHeadersTimeout = ForHeaders;
        options.Limits.KeepAliveTimeout = KeptIdle;
    }
}
