using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>The usual stage: a client on IPv4, a server on IPv6, the relay between them, an echo responder inside the
/// tunnel, and a host for whoever means harm.</summary>
internal sealed class Tunnel : IDisposable
{
    public const int Port = 51820;

    private readonly BlindRelay? _blind;
    private readonly IPEndPoint _endpoint;
    private RelayProcess? _relay;

    private Tunnel(Topology topology, WireGuardInterface client, WireGuardInterface server, Host stranger, IPEndPoint endpoint, RelayProcess? relay, BlindRelay? blind = null)
    {
        Topology = topology;
        Client = client;
        Server = server;
        Stranger = stranger;
        _endpoint = endpoint;
        _relay = relay;
        _blind = blind;
        Responder = topology.Own(new EchoResponder(server));
    }

    public Topology Topology { get; }

    public WireGuardInterface Client { get; }

    public WireGuardInterface Server { get; }

    public Host Stranger { get; }

    public RelayProcess Relay => _relay ?? throw new InvalidOperationException("the control has no relay");

    /// <summary>What stands in the relay's place, where the stage is a control.</summary>
    public BlindRelay Blind => _blind ?? throw new InvalidOperationException("it is no control");

    public EchoResponder Responder { get; }

    /// <summary>Where the client finds the relay.</summary>
    public IPEndPoint Front => new(Client.Host.Relay(AddressFamily.InterNetwork), Port);

    /// <summary>Sets the stage of a control: the server is reached by what does not know what it carries.</summary>
    public static async Task<Tunnel> StartBlindAsync(Blind kind)
    {
        Topology topology = new();
        try
        {
            (WireGuardInterface client, WireGuardInterface server, Host stranger) = await PeopleAsync(topology);
            return new Tunnel(topology, client, server, stranger, new IPEndPoint(server.Host.Address(AddressFamily.InterNetwork), Port), relay: null, await BlindRelay.StartAsync(topology, kind, server.Host));
        }
        catch
        {
            topology.Dispose();
            throw;
        }
    }

    /// <summary>An initiation as anybody can make it who knows the server's public key: it passes mac1, no more.</summary>
    public byte[] MintInitiation(uint index) => WireMessages.Initiation(new Mac1(Server.Key.Parse()), index);

    /// <summary>Sets the stage.</summary>
    /// <param name="workers">Workers of the relay.</param>
    /// <param name="unprivileged">Whether the relay lacks CAP_NET_ADMIN.</param>
    /// <param name="onlyPeer">The name by which the relay lists the client, and nobody else; null if it lists no peers.</param>
    /// <param name="state">The directory of the relay's state; null for none.</param>
    /// <param name="away">How far the server is from the relay, each way; over IPv4 if it is not 0.</param>
    /// <param name="lines">More lines of the server's section in the file by which the relay starts, and of sections below; null if there is no
    /// file. CLIENT stands for the client's public key.</param>
    public static async Task<Tunnel> StartAsync(int? workers = null, bool unprivileged = false, string? onlyPeer = null, string? state = null, string? lines = null, TimeSpan away = default)
    {
        Topology topology = new();
        try
        {
            (WireGuardInterface client, WireGuardInterface server, Host stranger) = await PeopleAsync(topology);
            IPEndPoint endpoint = away == default
                ? new IPEndPoint(server.Host.Address(AddressFamily.InterNetworkV6), Port)
                : topology.Own(new DelayLine(topology.Relay, new IPEndPoint(server.Host.Address(AddressFamily.InterNetwork), Port), away)).Address;
            RelayProcess relay = lines is not null ? await RelayProcess.StartWithLinesAsync(topology, endpoint, server.Key.Public, lines.Replace("CLIENT", client.Key.Public, StringComparison.Ordinal))
                : onlyPeer is null
                ? await RelayProcess.StartAsync(topology, endpoint, server.Key.Public, Port, workers: workers, unprivileged: unprivileged, variables: ("WGPROXY_STATE_DIRECTORY", state ?? "none"))
                : await RelayProcess.StartWithPeersAsync(topology, endpoint, server.Key.Public, (onlyPeer, client.Key.Public));
            return new Tunnel(topology, client, server, stranger, endpoint, relay);
        }
        catch
        {
            topology.Dispose();
            throw;
        }
    }

    /// <summary>Ends the relay and starts another in its place at once.</summary>
    /// <param name="signal">How it ends.</param>
    /// <param name="state">The directory of its state; null for none.</param>
    /// <param name="meanwhile">What happens while there is none.</param>
    /// <param name="isActivated">Whether systemd-socket-activate starts the other, on IPv4.</param>
    public async Task RestartAsync(int signal, string? state, Action? meanwhile = null, bool isActivated = false)
    {
        bool waits = state is not null && meanwhile is null;
        Task<RelayProcess>? next = waits ? StartNextAsync() : null;
        if (waits)
        {
            await Eventually.TrueAsync(
                () => File.ReadAllText("/proc/locks").Contains("-> FLOCK", StringComparison.Ordinal), TimeSpan.FromSeconds(10), "the next relay waits");
        }

        await Relay.EndAsync(signal);
        meanwhile?.Invoke();
        _relay = await (next ?? StartNextAsync());

        Task<RelayProcess> StartNextAsync() => RelayProcess.StartAsync(
            Topology,
            _endpoint,
            Server.Key.Public,
            Port,
            listen: isActivated ? IPAddress.Any : null,
            waitsFor: waits ? $"{state}/lock" : null,
            isActivated: isActivated,
            variables: ("WGPROXY_STATE_DIRECTORY", state ?? "none"));
    }

    /// <summary>Tells the client of the server and awaits their first handshake and echo.</summary>
    public async Task ConnectAsync(int keepalive = 0)
    {
        Client.AddPeer(Server, Front, keepalive);
        using ProbeStream stream = new(Client, Responder, perSecond: 10);
        await Eventually.TrueAsync(() => stream.Arrived > 0, TimeSpan.FromSeconds(10), "a first echo through the tunnel");
        await Client.HandshakeAsync(Server, TimeSpan.FromSeconds(5));
    }

    /// <summary>Another client that the server knows and that has not been told of the server yet.</summary>
    public async Task<WireGuardInterface> AddClientAsync()
    {
        Host host = Topology.Add("newcomer");
        WireGuardInterface added = await WireGuardInterface.StartAsync(Topology, host, $"10.99.0.{100 + host.Index}");
        Server.AddPeer(added);
        return added;
    }

    /// <summary>Tells a client of the server; returns how long it took until the first echo.</summary>
    public async Task<TimeSpan> ConnectAsync(WireGuardInterface client, TimeSpan deadline)
    {
        client.AddPeer(Server, new IPEndPoint(client.Host.Relay(AddressFamily.InterNetwork), Port));
        using ProbeStream stream = new(client, Responder, perSecond: 20);
        return await Eventually.TrueAsync(
            () => stream.Arrived > 0,
            deadline,
            () => $"a first echo; {Relay.Status()}\n{string.Join('\n', client.Lines)}");
    }

    /// <summary>A client of the same server that was not there before: what a newcomer meets now.</summary>
    public async Task NewcomerIsServedAsync()
    {
        WireGuardInterface newcomer = await AddClientAsync();
        newcomer.AddPeer(Server, new IPEndPoint(newcomer.Host.Relay(AddressFamily.InterNetwork), Port));
        using ProbeStream stream = new(newcomer, Responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived >= 20, TimeSpan.FromSeconds(10), "a newcomer's echoes");
        (await stream.StopAsync()).AssertNoneLost(atLeast: 20);
    }

    public void Dispose() => Topology.Dispose();

    private static async Task<(WireGuardInterface Client, WireGuardInterface Server, Host Stranger)> PeopleAsync(Topology topology)
    {
        Host clientHost = topology.Add("client");
        Host serverHost = topology.Add("server");
        Host stranger = topology.Add("stranger");
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, clientHost, "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", Port);
        server.AddPeer(client);
        return (client, server, stranger);
    }
}
