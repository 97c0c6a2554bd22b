using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>What carries datagrams without knowing what they are.</summary>
internal enum Blind
{
    /// <summary>nftables: DNAT to the server, masquerade towards it.</summary>
    KernelNat,

    /// <summary>nginx with its stream module and one worker.</summary>
    Nginx,
}

/// <summary>A control in the relay's place: it shows what the rig and WireGuard themselves cost.</summary>
internal sealed class BlindRelay : IDisposable
{
    private const string Module = "/usr/lib/nginx/modules/ngx_stream_module.so";
    private const string Worker = "start worker process ";

    private readonly Topology _topology;
    private readonly Blind _kind;
    private readonly Host _server;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"wgproxy-blind-{Guid.NewGuid():N}");
    private Child? _nginx;

    private BlindRelay(Topology topology, Blind kind, Host server) => (_topology, _kind, _server) = (topology, kind, server);

    /// <summary>Begins to carry datagrams to the server's port, as nginx to its IPv6 address.</summary>
    public static async Task<BlindRelay> StartAsync(Topology topology, Blind kind, Host server)
    {
        BlindRelay blind = topology.Own(new BlindRelay(topology, kind, server));
        topology.Relay.WriteSysctl("net/ipv4/ip_forward", "1");
        if (kind == Blind.KernelNat)
        {
            blind.Load();
        }
        else
        {
            blind._nginx = blind.Begin();
            await blind.ServesAsync();
        }

        return blind;
    }

    /// <summary>Ends, and begins again at once: the next nginx waits for the end of the one before. The kernel's rules are loaded anew; with SIGKILL,
    /// what it knows of flows is lost too.</summary>
    public async Task RestartAsync(int signal)
    {
        if (_kind == Blind.KernelNat)
        {
            if (signal == Libc.SIGKILL)
            {
                Command.Run("ip", "netns", "exec", _topology.Relay.Name, "conntrack", "-F");
            }

            Load();
            return;
        }

        Child before = _nginx!;
        Child next = Begin();
        await Eventually.TrueAsync(
            () => File.ReadAllText("/proc/locks").Contains("-> FLOCK", StringComparison.Ordinal), TimeSpan.FromSeconds(10), "the next nginx waits");
        before.Signal(signal);
        if (signal == Libc.SIGKILL)
        {
            EndWorkers();
        }

        _nginx = next;
        await ServesAsync();
    }

    /// <summary>Lets of a client's datagrams so many bytes of UDP payload a second pass, each way, and as many at once as this.</summary>
    public void Limit(Host client, long perSecond, long burst)
    {
        Assert.Equal(Blind.KernelNat, _kind);
        IPAddress address = client.Address(AddressFamily.InterNetwork);

        // The kernel counts the headers of IP and UDP too: 28 bytes of each 1,480.
        string limit = $"limit rate over {perSecond * 1_480 / 1_452} bytes/second burst {burst * 1_480 / 1_452} bytes counter drop";
        _topology.Relay.Nft($"table ip limits {{\n chain pass {{\n type filter hook forward priority filter;\n ip saddr {address} {limit}\n ip daddr {address} {limit}\n }}\n}}\n");
    }

    public void Dispose()
    {
        _nginx?.Dispose();
        if (Directory.Exists(_folder))
        {
            EndWorkers();
            Directory.Delete(_folder, recursive: true);
        }
    }

    private void Load() => _topology.Relay.Nft(
        $$"""
        table ip blind
        delete table ip blind
        table ip blind {
          chain in { type nat hook prerouting priority dstnat; udp dport {{Tunnel.Port}} dnat to {{_server.Address(AddressFamily.InterNetwork)}}:{{Tunnel.Port}}; }
          chain out { type nat hook postrouting priority srcnat; oifname "{{_server.RelayLink}}" masquerade; }
        }

        """);

    // Master and workers hold the lock, and the next waits for it.
    private Child Begin()
    {
        Directory.CreateDirectory(_folder);
        string file = Path.Combine(_folder, "nginx.conf");
        File.WriteAllText(file, $$"""
            {{(File.Exists(Module) ? $"load_module {Module};" : "")}}
            user root;
            daemon off;
            worker_processes 1;
            pid {{_folder}}/nginx.pid;
            error_log stderr notice;
            events { worker_connections 1024; }
            stream {
              server {
                listen {{Tunnel.Port}} udp rcvbuf=4m;
                proxy_pass {{new IPEndPoint(_server.Address(AddressFamily.InterNetworkV6), Tunnel.Port)}};
                proxy_timeout 300s;
              }
            }
            """);
        return _topology.Own(_topology.Relay.Start("nginx", "flock", ["-F", Path.Combine(_folder, "lock"), "nginx", "-p", _folder, "-c", file, "-e", "stderr"]));
    }

    private Task<string> ServesAsync() => _nginx!.LineAsync(line => line.Contains(Worker, StringComparison.Ordinal), "a worker");

    // A master that is killed leaves its worker, which would go on serving. systemd ends both.
    private void EndWorkers()
    {
        foreach (string line in (_nginx?.Lines ?? []).Where(line => line.Contains(Worker, StringComparison.Ordinal)))
        {
            int process = int.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
            string command = $"/proc/{process}/cmdline";
            if (File.Exists(command) && File.ReadAllText(command).StartsWith("nginx", StringComparison.Ordinal))
            {
                Libc.Signal(process, Libc.SIGKILL);
            }
        }
    }
}
