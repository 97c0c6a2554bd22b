using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>
/// Two relays of a fleet with one address, as anycast and load balancers have it: a router in the middle says which of them a packet comes to. Their store is a real
/// redis-server on a link of its own.
/// <code>
///   client ──┐              ┌── first:  relay, 10.70.0.1
///   client ──┼──[ router ]──┤── second: relay, 10.70.0.1
///      …   ──┘              ├── store
///                           └── server
/// </code>
/// </summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
internal sealed class FleetStage : IDisposable
{
    private const int Port = 51820;
    private const int StorePort = 6379;
    private const string Address = "10.70.0.1";
    private const string Second = "101";

    private readonly Topology _topology = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-fleet-").FullName;
    private readonly bool _hasStore;
    private Host _store = null!;
    private WireGuardInterface _server = null!;
    private IPEndPoint _target = null!;

    private FleetStage(bool hasStore) => _hasStore = hasStore;

    /// <summary>The hosts of the relays, and the relays.</summary>
    public List<(Host Host, RelayProcess Relay)> Relays { get; } = [];

    /// <summary>The clients.</summary>
    public List<WireGuardInterface> Clients { get; } = [];

    /// <summary>What answers inside the tunnels.</summary>
    public EchoResponder Responder { get; private set; } = null!;

    /// <summary>The store.</summary>
    public Child? Store { get; private set; }

    /// <summary>Sets the stage. All packets come to the first relay.</summary>
    /// <param name="clients">How many.</param>
    /// <param name="hasStore">Whether the relays have a store.</param>
    public static async Task<FleetStage> StartAsync(int clients, bool hasStore = true)
    {
        FleetStage made = new(hasStore);
        try
        {
            await made.BeginAsync(clients);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>From now on, the clients' packets come to this relay.</summary>
    public void SteerTo(int relay) =>
        _topology.Relay.Ip("route", "replace", Address, "via", $"{Relays[relay].Host.Address(AddressFamily.InterNetwork)}");

    /// <summary>From now on, each packet of the clients' comes to another relay than the one before; or no longer.</summary>
    public void Spread(bool on) => _topology.Relay.Nft(!on ? "add table ip spread; delete table ip spread" : $$"""
        table ip spread {
            chain coming {
                type filter hook prerouting priority mangle
                ip daddr {{Address}} meta mark set numgen inc mod 2
            }
        }
        """);

    /// <summary>Ends a relay at once, and steers its clients to the other. How long the steering takes is not the relays' doing: it takes as long as one command.</summary>
    public Task KillAsync(int relay)
    {
        Task ended = Relays[relay].Relay.EndAsync(Libc.SIGKILL);
        SteerTo(1 - relay);
        return ended;
    }

    /// <summary>Starts a relay where one was ended.</summary>
    public async Task RestartAsync(int relay)
    {
        (Host host, _) = Relays[relay];
        Relays[relay] = (host, await StartRelayAsync(host));
    }

    /// <summary>Echoes of all clients.</summary>
    public ProbeStream[] Streams(double perSecond) => [.. Clients.Select(client => new ProbeStream(client, Responder, perSecond))];

    /// <summary>Awaits a first echo of each client.</summary>
    public async Task ConnectAsync()
    {
        foreach (WireGuardInterface client in Clients)
        {
            client.AddPeer(_server, new IPEndPoint(IPAddress.Parse(Address), Port));
        }

        ProbeStream[] streams = Streams(perSecond: 5);
        try
        {
            await Eventually.TrueAsync(
                () => streams.All(stream => stream.Arrived > 0),
                TimeSpan.FromSeconds(40),
                () => $"a first echo of each: {string.Join(' ', streams.Select(stream => stream.Arrived))}; {Relays[0].Relay.Status()}");
        }
        finally
        {
            Array.ForEach(streams, stream => stream.Dispose());
        }
    }

    public void Dispose()
    {
        _topology.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task BeginAsync(int clients)
    {
        _topology.Relay.WriteSysctl("net/ipv4/ip_forward", "1");
        _store = Add("store");
        Host serverHost = Add("server");
        _target = new IPEndPoint(serverHost.Address(AddressFamily.InterNetwork), Port);
        _server = await WireGuardInterface.StartAsync(_topology, serverHost, "10.99.0.1", Port);
        Responder = _topology.Own(new EchoResponder(_server));
        if (_hasStore)
        {
            Store = _topology.Own(_store.Space.Start(
                "redis-server", "redis-server", ["--bind", $"{_store.Address(AddressFamily.InterNetwork)}", "--port", $"{StorePort}", "--protected-mode", "no", "--save", "", "--dir", _folder]));
            await Store.LineAsync(line => line.Contains("Ready to accept connections", StringComparison.Ordinal), "the store is ready");
            string key = Path.Combine(_folder, "key");
            await File.WriteAllTextAsync(key, WireGuardKey.New().Private + "\n");
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        foreach (string role in (string[])["first", "second"])
        {
            Host host = Add(role);
            host.Space.Ip("addr", "add", $"{Address}/32", "dev", "lo");
            Relays.Add((host, await StartRelayAsync(host)));
        }

        _topology.Relay.Ip("route", "add", Address, "via", $"{Relays[1].Host.Address(AddressFamily.InterNetwork)}", "table", Second);
        _topology.Relay.Ip("rule", "add", "fwmark", "1", "table", Second);
        SteerTo(0);
        for (int number = 0; number < clients; number++)
        {
            WireGuardInterface client = await WireGuardInterface.StartAsync(_topology, Add($"client {number}"), $"10.99.1.{number + 1}");
            _server.AddPeer(client);
            Clients.Add(client);
        }
    }

    private async Task<RelayProcess> StartRelayAsync(Host host)
    {
        string file = Path.Combine(_folder, $"{host.Role}.conf");
        string fleet = !_hasStore ? "" : $"""
            [Fleet]
            Store = redis://{_store.Address(AddressFamily.InterNetwork)}:{StorePort}
            Key = {_folder}/key
            Name = {host.Role}

            """;
        await File.WriteAllTextAsync(file, $"[Relay]\nListen = {Address}:{Port}\nLogLevel = 2\n{fleet}[Server]\nEndpoint = {_target}\nPublicKey = {_server.Key.Public}\n");
        return await RelayProcess.StartConfiguredAsync(_topology, file, resolved: 1, host.Space);
    }

    private Host Add(string role)
    {
        Host host = _topology.Add(role);
        host.Space.Ip("route", "add", "default", "via", $"{host.Relay(AddressFamily.InterNetwork)}");
        return host;
    }
}
