using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A server, clients that are not yet told of it, and a relay of which the operator has chosen by what it reaches the server.</summary>
internal sealed class BoundStage : IDisposable
{
    private readonly AddressFamily _family;
    private RelayProcess? _relay;

    private BoundStage(Topology topology, AddressFamily family, WireGuardInterface server, IReadOnlyList<WireGuardInterface> clients)
    {
        (Topology, _family, Server, Clients) = (topology, family, server, clients);
        Responder = topology.Own(new EchoResponder(server));
    }

    public Topology Topology { get; }

    public WireGuardInterface Server { get; }

    public IReadOnlyList<WireGuardInterface> Clients { get; }

    public EchoResponder Responder { get; }

    public RelayProcess Relay => _relay!;

    /// <summary>Everything but the relay.</summary>
    public static async Task<BoundStage> StartAsync(AddressFamily family, int clients)
    {
        Topology topology = new();
        try
        {
            WireGuardInterface server = await WireGuardInterface.StartAsync(topology, topology.Add("server"), "10.99.0.1", Tunnel.Port);
            List<WireGuardInterface> all = [];
            for (int i = 0; i < clients; i++)
            {
                all.Add(await WireGuardInterface.StartAsync(topology, topology.Add($"client {i}"), $"10.99.0.{10 + i}"));
                server.AddPeer(all[i]);
            }

            return new BoundStage(topology, family, server, all);
        }
        catch
        {
            topology.Dispose();
            throw;
        }
    }

    /// <summary>The exit code and the error of a relay that does not start.</summary>
    public static async Task<(int Code, string Line)> RefusalAsync(
        Topology topology, bool unprivileged, params (string Name, string Value)[] variables)
    {
        Child process = topology.Own(RelayProcess.Start(
            topology.Relay, IPEndPoint.Parse("10.81.1.2:51820"), WireGuardKey.New().Public, unprivileged: unprivileged, variables: variables));
        int code = await process.ExitAsync(TimeSpan.FromSeconds(20));
        return (code, process.Lines.Single(line => line.Contains(" error ", StringComparison.Ordinal)));
    }

    /// <summary>The exit code and the report of <c>wgproxy check</c> with these settings.</summary>
    public static async Task<(int Code, string Report)> CheckAsync(Topology topology, bool unprivileged, params (string Name, string Value)[] variables)
    {
        Child process = topology.Own(RelayProcess.Start(
            topology.Relay, IPEndPoint.Parse("10.81.1.2:51820"), WireGuardKey.New().Public, command: "check", unprivileged: unprivileged, variables: variables));
        int code = await process.ExitAsync(TimeSpan.FromSeconds(20));
        return (code, string.Join('\n', process.Lines));
    }

    /// <inheritdoc cref="RefusalAsync(Topology, bool, ValueTuple{string, string}[])"/>
    public static Task<(int Code, string Line)> RefusalAsync(Topology topology, params (string Name, string Value)[] variables) =>
        RefusalAsync(topology, unprivileged: false, variables);

    /// <summary>Starts the relay with these settings.</summary>
    public async Task RelayAsync(params (string Name, string Value)[] variables) => _relay = await RelayProcess.StartAsync(
        Topology, new IPEndPoint(Server.Host.Address(_family), Tunnel.Port), Server.Key.Public, variables: variables);

    /// <summary>Tells a client of the server, and awaits a first echo.</summary>
    public async Task ConnectAsync(WireGuardInterface client)
    {
        client.AddPeer(Server, new IPEndPoint(client.Host.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        using ProbeStream stream = new(client, Responder, perSecond: 20);
        await Eventually.TrueAsync(
            () => stream.Arrived > 0, TimeSpan.FromSeconds(15), () => $"a first echo; {Relay.Status()}\n{string.Join('\n', Relay.Lines)}");
    }

    public void Dispose() => Topology.Dispose();
}
