using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A client on IPv4, and a server that the relay knows by a name only.</summary>
internal sealed class NamedServer : IDisposable
{
    public const string Name = "home.example";
    private const int Port = 51820;

    private NamedServer()
    {
    }

    public Topology Topology { get; } = new();

    public NameServer Names { get; private set; } = null!;

    public WireGuardInterface Client { get; private set; } = null!;

    public WireGuardInterface Server { get; private set; } = null!;

    public EchoResponder Responder { get; private set; } = null!;

    public RelayProcess Relay { get; private set; } = null!;

    /// <summary>A relay whose server has the addresses of these families, or none that can be asked for.</summary>
    public static async Task<NamedServer> StartAsync(params AddressFamily[] families)
    {
        NamedServer made = new();
        try
        {
            Host clientHost = made.Topology.Add("client");
            Host serverHost = made.Topology.Add("server");
            made.Names = made.Topology.Own(new NameServer(made.Topology));
            made.Names.Addresses = [.. families.Select(serverHost.Address)];
            made.Names.IsSilent = families.Length == 0;
            made.Client = await WireGuardInterface.StartAsync(made.Topology, clientHost, "10.99.0.2");
            made.Server = await WireGuardInterface.StartAsync(made.Topology, serverHost, "10.99.0.1", Port);
            made.Server.AddPeer(made.Client);
            made.Responder = made.Topology.Own(new EchoResponder(made.Server));
            made.Relay = await RelayProcess.StartNamedAsync(
                made.Topology, $"{Name}:{Port}", made.Server.Key.Public, isResolved: families.Length > 0);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>The client connects; the stream that it then sends.</summary>
    public async Task<ProbeStream> ConnectAsync(WireGuardInterface? client = null, TimeSpan? within = null)
    {
        client ??= Client;
        client.AddPeer(Server, new IPEndPoint(client.Host.Relay(AddressFamily.InterNetwork), Port));
        ProbeStream stream = new(client, Responder, perSecond: 20);
        await Eventually.TrueAsync(
            () => stream.Arrived >= 20, within ?? TimeSpan.FromSeconds(30), () => $"echoes through the tunnel; {Relay.Status()}\n{string.Join('\n', Relay.Lines)}");
        return stream;
    }

    /// <summary>How long a client that nobody knew before takes to its first echo.</summary>
    public async Task<TimeSpan> NewcomerAsync()
    {
        Host host = Topology.Add("newcomer");
        WireGuardInterface newcomer = await WireGuardInterface.StartAsync(Topology, host, $"10.99.0.{100 + host.Index}");
        Server.AddPeer(newcomer);
        Stopwatch watch = Stopwatch.StartNew();
        newcomer.AddPeer(Server, new IPEndPoint(host.Relay(AddressFamily.InterNetwork), Port));
        using ProbeStream stream = new(newcomer, Responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived > 0, TimeSpan.FromSeconds(40), () => $"a newcomer's echo; {Relay.Status()}");
        return watch.Elapsed;
    }

    /// <summary>The server's host has this address from now on, and not the former.</summary>
    public void Move(IPAddress former, IPAddress address)
    {
        string bits = address.AddressFamily == AddressFamily.InterNetwork ? "24" : "64";
        string gone = former.AddressFamily == AddressFamily.InterNetwork ? "24" : "64";
        Namespace space = Server.Host.Space;

        // In this order: with an IPv4 address, others of its network go too.
        space.Ip("addr", "del", $"{former}/{gone}", "dev", Host.Link);
        space.Ip(["addr", "add", $"{address}/{bits}", "dev", Host.Link, .. address.AddressFamily == AddressFamily.InterNetworkV6 ? (string[])["nodad"] : []]);
        Names.Addresses = [address];
    }

    /// <summary>Waits for echoes of probes sent after an instant of the stream. When the first of them was sent.</summary>
    public async Task<TimeSpan> EchoesAgainAsync(ProbeStream stream, TimeSpan deadline)
    {
        int before = stream.Arrived;
        await Eventually.TrueAsync(
            () => stream.Arrived >= before + 20, deadline, () => $"echoes again; {Relay.Status()}\n{string.Join('\n', Relay.Lines)}");
        return stream.Elapsed;
    }

    public void Dispose() => Topology.Dispose();
}
