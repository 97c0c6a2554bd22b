using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WgProxy.Logging;

namespace WgProxy.Control;

/// <summary>Answers requests by HTTP on a Unix socket, and takes orders from root and the relay's own user.</summary>
internal sealed class ControlEndpoint : IAsyncDisposable
{
    private readonly HttpServer _server;
    private readonly ControlSocket _socket;

    private ControlEndpoint(HttpServer server, ControlSocket socket) => (_server, _socket) = (server, socket);

    /// <summary>Where a program finds the socket of a relay that runs; null if the relay has none.</summary>
    /// <param name="setting">The text of the setting: off, auto or a path.</param>
    public static string? PathForClients(string setting) => setting switch
    {
        "off" => null,
        "auto" => "/run/wgproxy/control.sock",
        _ => setting,
    };

    /// <summary>Begins to answer; null if the socket cannot be made. Then one line said why.</summary>
    /// <param name="place">Where the socket is.</param>
    /// <param name="resources">What can be asked for.</param>
    /// <param name="log">Told where it answers, or what is wrong.</param>
    public static async Task<ControlEndpoint?> StartAsync(ControlPlace place, IReadOnlyList<Resource> resources, Log log)
    {
        ControlSocket? socket = null;
        HttpServer server = new(
            options => options.ListenUnixSocket(place.Path, listen => listen.Protocols = HttpProtocols.Http1), _ => socket!.Bound);
        try
        {
            socket = ControlSocket.Make(place.Path, place.GroupNumber());
            await server.StartAsync(new ControlApplication(resources, SocketDoor.Judge));
            socket.Publish();
            log.ControlAnswers(place.Path);
            return new ControlEndpoint(server, socket);
        }
        catch (Exception refusal) when (refusal is IOException or SocketException or UnauthorizedAccessException)
        {
            await server.DisposeAsync();
            socket?.Dispose();
            log.ControlIsUnusable(place.Path, place.IsChosen, (refusal.InnerException ?? refusal).Message);
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _socket.Dispose();
    }
}
