using System.Buffers.Binary;
using System.Security.Cryptography;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Vocabulary;
using WgProxy.Fleet;

namespace WgProxy.Netns.Tests.Pairs;

/// <summary>
/// Two hosts that share an address by a real keepalived, each with a relay; their store; a server, and clients. All are on one Ethernet, with a bridge in the middle.
/// <code>
///   first  .11 ─┐             ┌─ .20 store (redis-server)
///   second .12 ─┤ 10.70.0.0/24 ├─ .9  server
///     shared .100             ├─ .3  client       .4 silent client
///                             └─ .5  NAT's client .6 NAT's silent client (the control)
/// </code>
/// The control is the kernel's NAT on both hosts, with conntrackd between them.
/// </summary>
internal sealed class PairStage : IDisposable
{
    public const int RelayPort = 51_820;
    public const int NatPort = 51_821;

    private const string Files = "pair";
    private const string Bridge = "bridge";

    private readonly Topology _topology = new();
    private readonly string _folder = Directory.CreateTempSubdirectory($"wgproxy-{Files}-").FullName;

    /// <summary>The shared address.</summary>
    public static IPAddress Shared { get; } = Address(100);

    /// <summary>The two hosts that can have it, the preferred one first.</summary>
    public PairHost[] Hosts { get; private set; } = [];

    public WireGuardInterface Server { get; private set; } = null!;

    public WireGuardInterface Client { get; private set; } = null!;

    public WireGuardInterface Silent { get; private set; } = null!;

    public WireGuardInterface ControlClient { get; private set; } = null!;

    public WireGuardInterface ControlSilent { get; private set; } = null!;

    public EchoResponder Responder { get; private set; } = null!;

    /// <summary>The fleet's secret.</summary>
    public string KeyFile => Path.Combine(_folder, "fleet.key");

    /// <summary>The store's socket, for who has no network there.</summary>
    public string StoreSocket => Path.Combine(_folder, "store.sock");

    /// <summary>The address of a host.</summary>
    public static IPAddress Address(int number) => new([10, 70, 0, (byte)number]);

    /// <summary>Sets the stage: nothing has the address yet, and no relay runs.</summary>
    public static async Task<PairStage> StartAsync()
    {
        PairStage made = new();
        try
        {
            await made.BeginAsync();
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Streams of echoes and of what the server says to a client that is silent: the relay's, then the control's.</summary>
    public ProbeStream[] Streams(int perSecond) =>
    [
        new(Client, Responder, perSecond),
        new(Server.Host.Space.Udp(Server.Inner), new(Silent.Inner, 9), Silent.Host.Space.Udp(Silent.Inner, 9), perSecond, size: 64),
        new(ControlClient, Responder, perSecond),
        new(Server.Host.Space.Udp(Server.Inner), new(ControlSilent.Inner, 9), ControlSilent.Host.Space.Udp(ControlSilent.Inner, 9), perSecond, size: 64),
    ];

    /// <summary>Tells the clients where the server is, and awaits an echo of each.</summary>
    public async Task ConnectAsync()
    {
        foreach ((WireGuardInterface client, int port) in new[] { (Client, RelayPort), (Silent, RelayPort), (ControlClient, NatPort), (ControlSilent, NatPort) })
        {
            client.AddPeer(Server, new IPEndPoint(Shared, port));
            using ProbeStream stream = new(client, Responder, perSecond: 10);
            await Eventually.TrueAsync(() => stream.Arrived > 0, TimeSpan.FromSeconds(20), () => $"a first echo of {client.Host.Role}\n{Hosts[0].Tail()}");
        }
    }

    /// <summary>Writes records of clients that never were into the store, as if a relay had them.</summary>
    public async Task PlantAsync(PairHost relay, int count)
    {
        if (count == 0)
        {
            return;
        }

        Assert.True(StoreAddress.TryParse($"unix:{StoreSocket}", out StoreAddress? address, out _));
        FleetSettings settings = new(address, KeyFile, relay.Name);
        await using FleetStore store = FleetFiles.Open(settings, (_, refusal) => Assert.Fail(refusal))!;
        await store.ConnectAsync();
        using FleetPublisher publisher = new(store, relay.Name, RandomNumberGenerator.GetBytes(16), _ => { });
        for (int i = 0; i < count; i++)
        {
            await Eventually.TrueAsync(() => publisher.Count < FleetPublisher.Waiting / 2, TimeSpan.FromSeconds(30), "the store takes records");
            publisher.Add(Stranger(i));
        }

        await Eventually.TrueAsync(() => store.Figures[FleetCount.Written] == count, TimeSpan.FromSeconds(30), () => $"{count} records are written; {store.Trouble}");
    }

    public void Dispose()
    {
        _topology.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private MappingRecord Stranger(int number)
    {
        MappingRecord record = new()
        {
            Route = RouteKey.From(Server.Key.Parse()),
            Source = Source.From(new IPAddress([198, 18, (byte)(number >> 8), (byte)number]).MapToIPv6().GetAddressBytes(), 51_820, 0, Shared.MapToIPv6().GetAddressBytes(), RelayPort),
            Proof = Proof.Confirmed,
            UpstreamPort = (ushort)(34_000 + number),
            UpstreamLocal = UpstreamEnd.Mapped | BinaryPrimitives.ReadUInt32BigEndian(Shared.GetAddressBytes()),
            Server = new IPEndPoint(Address(9), RelayPort),
            Written = new JournalInstant(0, 0, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()),
            ExpiresIn = 300_000,
            ValidAgo = 60_000,
        };
        record.Tunnel.Pairs[0] = new RecordedIndices
        {
            ServerIndex = 0x5000_0000u + (uint)number,
            ClientIndex = 0xC000_0000u + (uint)number,
            Remaining = 180_000,
            Marks = IndexMarks.IsPresent | IndexMarks.LeadsHere,
        };
        return record;
    }

    private async Task BeginAsync()
    {
        _topology.Relay.Ip("link", "add", Bridge, "type", "bridge");
        _topology.Relay.Ip("link", "set", Bridge, "up");
        Host store = Join("store", 20);
        byte[] secret = new byte[32];
        Random.Shared.NextBytes(secret);
        await File.WriteAllTextAsync(KeyFile, $"{Convert.ToBase64String(secret)}\n");
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Child redis = _topology.Own(store.Space.Start(
            "redis-server",
            "redis-server",
            ["--bind", $"{Address(20)}", "--port", "6379", "--protected-mode", "no", "--unixsocket", StoreSocket, "--save", string.Empty, "--dir", _folder]));
        await redis.LineAsync(line => line.Contains("eady to accept connections", StringComparison.Ordinal), "redis listens");
        Server = await WireGuardInterface.StartAsync(_topology, Join("server", 9), "10.99.0.1", RelayPort);
        Client = await AddClientAsync("client", 3);
        Silent = await AddClientAsync("silent", 4);
        ControlClient = await AddClientAsync("nat", 5);
        ControlSilent = await AddClientAsync("nat-silent", 6);
        Responder = _topology.Own(new EchoResponder(Server));
        Hosts = [new PairHost(_topology, Join("first", 11), this, _folder, other: 12), new PairHost(_topology, Join("second", 12), this, _folder, other: 11)];
    }

    private async Task<WireGuardInterface> AddClientAsync(string role, int number)
    {
        WireGuardInterface client = await WireGuardInterface.StartAsync(_topology, Join(role, number), $"10.99.0.{number}");
        Server.AddPeer(client);
        return client;
    }

    private Host Join(string role, int number)
    {
        Host host = _topology.Own(new Host(role, new Namespace(), number));
        Command.Run("ip", "link", "add", Host.Link, "netns", host.Space.Name, "type", "veth", "peer", "name", host.RelayLink, "netns", _topology.Relay.Name);
        _topology.Relay.Ip("link", "set", host.RelayLink, "master", Bridge, "up");
        host.Space.Ip("addr", "add", $"{Address(number)}/24", "dev", Host.Link);
        host.Space.Ip("link", "set", Host.Link, "up");
        return host;
    }

    /// <summary>Cuts a host off, or joins it again: its cable is out.</summary>
    public void Cut(PairHost host, bool isCut) => _topology.Relay.Ip("link", "set", host.Host.RelayLink, isCut ? "down" : "up");
}
