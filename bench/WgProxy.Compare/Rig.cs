namespace WgProxy.Compare;

/// <summary>The namespaces of the client and of the server, and a <see cref="Way"/> between them for every relay.</summary>
internal sealed class Rig : IDisposable
{
    /// <summary>Addresses that clients may bind without anybody adding 250 of them to a device.</summary>
    public const string ManyClients = "10.78.0.0/16";

    /// <summary>The first of them.</summary>
    public const string FirstOfMany = "10.78.0.0";

    private readonly List<Way> _ways = [];

    public Rig(CompareOptions options)
    {
        Options = options;
        Prefix = $"wgbench{Environment.ProcessId}";
        (Client, Server) = ($"{Prefix}-client", $"{Prefix}-server");
        foreach (string space in (string[])[Client, Server])
        {
            Shell.Run($"ip netns add {space}");
            Shell.Run($"ip -n {space} link set lo up");
            Shell.Run($"ip netns exec {space} sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0");
        }

        Shell.Run($"ip -n {Client} route add local {ManyClients} dev lo");
    }

    public CompareOptions Options { get; }

    public string Prefix { get; }

    public string Client { get; }

    public string Server { get; }

    /// <summary>A new path.</summary>
    public Way Add(string name)
    {
        _ways.Add(new Way(this, _ways.Count, name));
        return _ways[^1];
    }

    public void Dispose()
    {
        foreach (Way way in _ways)
        {
            way.Dispose();
        }

        Shell.Run($"ip netns del {Client}");
        Shell.Run($"ip netns del {Server}");
    }
}
