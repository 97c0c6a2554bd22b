using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using WgProxy.Logging;

namespace WgProxy.Control;

/// <summary>
/// Answers requests by HTTP on a Unix socket. The server is Kestrel alone: without a host, a container and a router, which would
/// cost the native form more than they do here. Where there is no endpoint, none of this is touched.
/// </summary>
internal sealed class ControlEndpoint : IAsyncDisposable
{
    private const int MostConnections = 64;
    private const int MostHeaderBytes = 8 * 1024;
    private const int MostLineBytes = 2 * 1024;
    private const int MostBodyBytes = 4 * 1024;

    private static readonly TimeSpan ForHeaders = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeptIdle = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ForLastAnswers = TimeSpan.FromSeconds(1);

    private readonly KestrelServer _server;
    private readonly ControlSocket _socket;

    private ControlEndpoint(KestrelServer server, ControlSocket socket) => (_server, _socket) = (server, socket);

    /// <summary>Which socket a setting means; null for none.</summary>
    /// <param name="setting">The text of the setting: off, auto or a path.</param>
    /// <param name="ofService"><c>$RUNTIME_DIRECTORY</c>, which systemd sets to the paths of RuntimeDirectory= with colons between.</param>
    public static string? PathOf(string setting, string? ofService) => setting switch
    {
        "off" => null,
        "auto" => ofService?.Split(':') is [{ Length: > 0 } first, ..] && Path.IsPathRooted(first) ? Path.Combine(first, "control.sock") : null,
        _ => setting,
    };

    /// <summary>Where a program finds the socket of a relay that runs; null if the relay has none.</summary>
    /// <param name="setting">The text of the setting: off, auto or a path.</param>
    public static string? PathForClients(string setting) => setting switch
    {
        "off" => null,
        "auto" => "/run/wgproxy/control.sock",
        _ => setting,
    };

    /// <summary>Begins to answer; null if the socket cannot be made. Then one line said why.</summary>
    /// <param name="path">The path of the socket.</param>
    /// <param name="resources">What can be asked for.</param>
    /// <param name="log">Told what is wrong.</param>
    public static async Task<ControlEndpoint?> StartAsync(string path, IReadOnlyList<Resource> resources, Log log)
    {
        KestrelServerOptions options = new() { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MostConnections;
        options.Limits.MaxRequestHeadersTotalSize = MostHeaderBytes;
        options.Limits.MaxRequestLineSize = MostLineBytes;
        options.Limits.MaxRequestBodySize = MostBodyBytes;
        options.Limits.RequestHeadersTimeout = ForHeaders;
        options.Limits.KeepAliveTimeout = KeptIdle;
        ControlSocket? socket = null;
        options.ListenUnixSocket(path, listen => listen.Protocols = HttpProtocols.Http1);
        KestrelServer server = new(
            Options.Create(options),
            new SocketTransportFactory(
                Options.Create(new SocketTransportOptions { CreateBoundListenSocket = _ => socket!.Bound }), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance);
        try
        {
            socket = ControlSocket.Make(path);
            await server.StartAsync(new ControlApplication(resources), CancellationToken.None);
            socket.Publish();
            return new ControlEndpoint(server, socket);
        }
        catch (Exception refusal) when (refusal is IOException or SocketException or UnauthorizedAccessException)
        {
            server.Dispose();
            socket?.Dispose();
            log.ControlIsUnusable(path, refusal.Message);
            return null;
        }
    }

    /// <summary>Ends it: what is being answered has a moment to end.</summary>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource patience = new(ForLastAnswers);
        await _server.StopAsync(patience.Token);
        _server.Dispose();
        _socket.Dispose();
    }
}
