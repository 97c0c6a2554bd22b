using System.Globalization;
using System.Net;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A real WireGuard interface (<c>wireguard-go</c>) in a host's namespace.</summary>
internal sealed class WireGuardInterface : IDisposable
{
    // The interface's control socket lives in a directory that namespaces share: the name must be unique on the machine.
    private const string Sockets = "/var/run/wireguard";
    private static int _made;
    private readonly string _name = $"w{Environment.ProcessId}-{Interlocked.Increment(ref _made)}";
    private readonly List<string[]> _configuration = [];
    private readonly int _mtu;
    private Child? _process;

    private WireGuardInterface(Host host, IPAddress inner, WireGuardKey key, int mtu)
    {
        Host = host;
        Inner = inner;
        Key = key;
        _mtu = mtu;
    }

    public Host Host { get; }

    public WireGuardKey Key { get; }

    /// <summary>The address inside the tunnel.</summary>
    public IPAddress Inner { get; }

    /// <summary>What it logged, with every handshake in it.</summary>
    public string[] Lines => _process?.Lines ?? [];

    /// <summary>The port its messages come from.</summary>
    public int Port => int.Parse(Command.Run("wg", "show", _name, "listen-port"), CultureInfo.InvariantCulture);

    /// <summary>An interface that listens on this port; 0 draws one.</summary>
    public static async Task<WireGuardInterface> StartAsync(
        Topology topology, Host host, string inner, int port = 0, int mtu = 1420, WireGuardKey? key = null)
    {
        WireGuardInterface made = topology.Own(new WireGuardInterface(host, IPAddress.Parse(inner), key ?? WireGuardKey.New(), mtu));
        made._configuration.Add(["listen-port", $"{port}"]);
        await made.StartAsync();
        return made;
    }

    public void AddPeer(WireGuardInterface other, IPEndPoint? endpoint = null, int keepalive = 0) =>
        AddPeer(other.Key.Public, $"{other.Inner}", endpoint, keepalive);

    /// <summary>Adds a peer of which perhaps only the public key exists.</summary>
    public void AddPeer(string key, string inner, IPEndPoint? endpoint = null, int keepalive = 0)
    {
        string[] peer = ["peer", key, "allowed-ips", $"{inner}/32", "persistent-keepalive", $"{keepalive}"];
        string[] configuration = endpoint == null ? peer : [.. peer, "endpoint", endpoint.ToString()];
        _configuration.Add(configuration);
        Command.Run("wg", ["set", _name, .. configuration]);
    }

    /// <summary>Forgets a peer and all keys it had with it; port and own key stay.</summary>
    public void RemovePeer(WireGuardInterface other)
    {
        _configuration.RemoveAll(part => part.Contains(other.Key.Public, StringComparer.Ordinal));
        Command.Run("wg", "set", _name, "peer", other.Key.Public, "remove");
    }

    /// <summary>Gives up its port for another, as a client does that its host restarts on a new network.</summary>
    public void SetPort(int port) => Command.Run("wg", "set", _name, "listen-port", $"{port}");

    /// <summary>Tells it of a peer's other address.</summary>
    public void SetEndpoint(WireGuardInterface other, IPEndPoint endpoint) =>
        Command.Run("wg", "set", _name, "peer", other.Key.Public, "endpoint", endpoint.ToString());

    public void SetMtu(int mtu) => Host.Space.Ip("link", "set", _name, "mtu", $"{mtu}");

    /// <summary>Gives its UDP sockets and its interface the room that today's WireGuard has. Debian's wireguard-go (2022) leaves a socket what the
    /// system gives, 208 KiB, which hold 90 datagrams; later ones ask for 7 MiB.</summary>
    public void Widen()
    {
        const int bytes = 7 << 20;
        Host.Space.Ip("link", "set", _name, "txqueuelen", "10000");
        int widened = 0;
        foreach (string file in Directory.EnumerateFiles($"/proc/{_process!.Id}/fd"))
        {
            bool isSocket = new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true;
            widened += isSocket && Libc.WidenReceiveBuffer(_process.Id, int.Parse(Path.GetFileName(file), CultureInfo.InvariantCulture), bytes) ? 1 : 0;
        }

        Assert.True(widened >= 2, $"{widened} sockets of {Host.Role} are widened");
    }

    /// <summary>What did not fit in the interface on its way into the tunnel.</summary>
    public long Overflowed => Host.Space.Run(() => File.ReadLines("/proc/thread-self/net/dev").Select(line => line.Split((char[])[' ', ':'], StringSplitOptions.RemoveEmptyEntries))
        .Where(words => string.Equals(words[0], _name, StringComparison.Ordinal)).Sum(words => long.Parse(words[12], CultureInfo.InvariantCulture)));

    /// <summary>What the interface knows about a peer.</summary>
    public PeerState Peer(WireGuardInterface other)
    {
        foreach (string line in Command.Run("wg", "show", _name, "dump").Split('\n').Skip(1))
        {
            string[] field = line.Split('\t');
            if (string.Equals(field[0], other.Key.Public, StringComparison.Ordinal))
            {
                return new PeerState(
                    IPEndPoint.TryParse(field[2], out IPEndPoint? endpoint) ? endpoint : null,
                    long.Parse(field[4], CultureInfo.InvariantCulture),
                    long.Parse(field[5], CultureInfo.InvariantCulture),
                    long.Parse(field[6], CultureInfo.InvariantCulture));
            }
        }

        throw new InvalidOperationException($"{Host.Role} has no such peer");
    }

    public Task<TimeSpan> HandshakeAsync(WireGuardInterface other, TimeSpan deadline) => Eventually.TrueAsync(
        () => Peer(other).LatestHandshake > 0,
        deadline,
        () => $"a handshake of {Host.Role} with {other.Host.Role}\n{_process?.Tail()}");

    /// <summary>Ends the process; its port is closed and its sessions are forgotten, key and configuration stay.</summary>
    public void Stop()
    {
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Starts the process, with the key and the configuration of before.</summary>
    public async Task StartAsync()
    {
        Child process = Host.Space.Start(
            $"wireguard-go of {Host.Role}", "wireguard-go", ["-f", _name], ("LOG_LEVEL", "verbose"), ("WG_PROCESS_FOREGROUND", "1"));
        _process = process;
        await process.LineAsync(line => line.Contains("UAPI listener started", StringComparison.Ordinal), "control socket");
        Command.RunWithInput(Key.Private, "wg", "set", _name, "private-key", "/dev/stdin");
        foreach (string[] part in _configuration)
        {
            Command.Run("wg", ["set", _name, .. part]);
        }

        Host.Space.Ip("addr", "add", $"{Inner}/16", "dev", _name);
        Host.Space.Ip("link", "set", _name, "mtu", $"{_mtu}", "up");
    }

    public void Dispose() => Stop();

    /// <summary>Removes control sockets whose test process is gone.</summary>
    internal static void Sweep()
    {
        foreach (string file in Directory.Exists(Sockets) ? Directory.GetFiles(Sockets, "w*-*.sock") : [])
        {
            if (int.TryParse(Path.GetFileName(file)[1..].Split('-')[0], out int owner) && !Directory.Exists($"/proc/{owner}"))
            {
                File.Delete(file);
            }
        }
    }
}

/// <summary>A peer, as its other end sees it. Bytes are of whole messages, handshakes included.</summary>
internal sealed record PeerState(IPEndPoint? Endpoint, long LatestHandshake, long Received, long Sent);
