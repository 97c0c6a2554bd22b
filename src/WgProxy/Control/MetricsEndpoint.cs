using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using WgProxy.Logging;

namespace WgProxy.Control;

/// <summary>Answers over TCP, to everybody who can reach it: figures of the relay, and no client's address unless the operator wants
/// that. Nothing can be changed there.</summary>
internal sealed class MetricsEndpoint : IAsyncDisposable
{
    private readonly HttpServer _server;

    private MetricsEndpoint(HttpServer server) => _server = server;

    /// <summary>Begins to answer; null if the address cannot be had. Then one line said why.</summary>
    /// <param name="settings">Where, and to whom.</param>
    /// <param name="resources">Everything that can be asked for; what is not for everybody is left out.</param>
    /// <param name="log">Told where it answers, or what is wrong.</param>
    public static async Task<MetricsEndpoint?> StartAsync(MetricsSettings settings, IReadOnlyList<Resource> resources, Log log)
    {
        Audience widest = settings.ShowsSessions ? Audience.Local : Audience.Everybody;
        ListenOptions? listening = null;
        HttpServer server = new(options => options.Listen(settings.Listen, listen =>
        {
            listening = listen;
            listen.Protocols = HttpProtocols.Http1;
        }));
        try
        {
            await server.StartAsync(
                new ControlApplication([.. resources.Where(resource => resource.Audience <= widest)], new MetricsDoor(settings.Hosts).Judge));

            // Port 0 has become another.
            log.MetricsAnswers(listening?.IPEndPoint ?? settings.Listen);
            return new MetricsEndpoint(server);
        }
        catch (Exception refusal) when (refusal is IOException or SocketException)
        {
            await server.DisposeAsync();
            log.MetricsAreUnusable(settings.Listen, (refusal.InnerException ?? refusal).Message);
            return null;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _server.DisposeAsync();
}

/// <summary>The settings of the endpoint over TCP.</summary>
/// <param name="Listen">Where it listens.</param>
/// <param name="Hosts">Names by which it may be asked.</param>
/// <param name="ShowsSessions">Whether it shows mappings, with clients' addresses.</param>
internal sealed record MetricsSettings(IPEndPoint Listen, IReadOnlyList<string> Hosts, bool ShowsSessions);
