using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A client on IPv4, a server on IPv6, an echo responder inside the tunnel, and between them the relay as a service of a real systemd.
/// </summary>
internal sealed class ServiceStage : IDisposable
{
    /// <summary>The service.</summary>
    public const string Unit = "wgproxy.service";

    private readonly Topology _topology = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-service-").FullName;

    private string _servers = "";

    private ServiceStage()
    {
    }

    /// <summary>The client.</summary>
    public WireGuardInterface Client { get; private set; } = null!;

    /// <summary>What answers inside the tunnel.</summary>
    public EchoResponder Responder { get; private set; } = null!;

    /// <summary>The systemd.</summary>
    public SystemdHost Host { get; private set; } = null!;

    /// <summary>The file by which the relay is configured.</summary>
    public string Configuration => Path.Combine(_folder, "wgproxy.conf");

    /// <summary>Sets the stage, starts the service and awaits the first echo.</summary>
    /// <param name="service">More lines of its section [Service].</param>
    /// <param name="relay">Lines of the section [Relay] of the file.</param>
    /// <param name="socket">Lines of a unit for a socket, which is started first; null for none.</param>
    public static async Task<ServiceStage> StartAsync(string service, string relay, string? socket = null)
    {
        ServiceStage stage = new();
        try
        {
            Topology topology = stage._topology;
            Host clientHost = topology.Add("client");
            Host serverHost = topology.Add("server");
            stage.Client = await WireGuardInterface.StartAsync(topology, clientHost, "10.99.0.2");
            WireGuardInterface server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", Tunnel.Port);
            server.AddPeer(stage.Client);
            stage.Responder = topology.Own(new EchoResponder(server));
            stage._servers = $"[Server]\nEndpoint = [{serverHost.Address(AddressFamily.InterNetworkV6)}]:{Tunnel.Port}\nPublicKey = {server.Key.Public}\n";
            stage.Configure(relay);
            stage.Host = topology.Own(await SystemdHost.BootAsync(
                $"""
                Type=notify
                ExecStart={RelayProcess.Binary} --config {stage.Configuration}
                Environment=WGPROXY_ENGINE={RelayProcess.Engine} WGPROXY_STATE_DIRECTORY={stage._folder}/state
                {service}
                """,
                topology.Relay,
                socket));
            stage.Host.Control("start", socket is null ? Unit : "wgproxy.socket");
            if (socket is null)
            {
                await stage.SaysAsync(" is at ");
            }

            stage.Client.AddPeer(server, new IPEndPoint(clientHost.Relay(AddressFamily.InterNetwork), Tunnel.Port));
            using ProbeStream stream = new(stage.Client, stage.Responder, perSecond: 10);
            await Eventually.TrueAsync(() => stream.Arrived > 0, TimeSpan.FromSeconds(20), () => $"a first echo\n{stage.Lines()}");
            return stage;
        }
        catch
        {
            stage.Dispose();
            throw;
        }
    }

    /// <summary>Writes the file anew.</summary>
    public void Configure(string relay) => File.WriteAllText(Configuration, $"[Relay]\n{relay}\n{_servers}");

    /// <summary>What the relay has said.</summary>
    public string Lines() => File.Exists(Host.Lines) ? File.ReadAllText(Host.Lines) : "nothing";

    /// <summary>Awaits that the relay has said something so often.</summary>
    public Task SaysAsync(string part, int times = 1) => Eventually.TrueAsync(
        () => Lines().Split('\n').Count(line => line.Contains(part, StringComparison.Ordinal)) >= times, TimeSpan.FromSeconds(30), Lines);

    /// <inheritdoc/>
    public void Dispose()
    {
        _topology.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
