namespace WgProxy.Compare;

/// <summary>One client – relay – server path: a namespace for the relay and a link to either side. Every relay has its own,
/// so that none pays for another's connection tracking.</summary>
internal sealed class Way : IDisposable
{
    public const int Port = 51820;

    private readonly bool _created;

    public Way(Rig rig, int number, string name)
    {
        Space = $"{rig.Prefix}-{name}";
        (Near, Far) = ($"10.77.{2 * number}", $"10.77.{(2 * number) + 1}");
        Shell.Run($"ip netns add {Space}");
        _created = true;
        Link(rig.Client, $"p{number}", "client", Near, rig.Options);
        Link(rig.Server, $"p{number}", "server", Far, rig.Options);
        foreach (string setting in (string[])["conf.all.rp_filter=0", "conf.default.rp_filter=0", "ip_forward=0"])
        {
            Shell.Run($"ip netns exec {Space} sysctl -qw net.ipv4.{setting}");
        }

        Shell.Run($"ip -n {Space} link set lo up");
        Shell.Run($"ip -n {Space} route add {Rig.ManyClients} via {Near}.2");
    }

    /// <summary>The relay's namespace.</summary>
    public string Space { get; }

    /// <summary>The first three parts of the addresses between client and relay.</summary>
    public string Near { get; }

    /// <summary>The first three parts of the addresses between relay and server.</summary>
    public string Far { get; }

    /// <summary>Where the load is sent if there is a relay.</summary>
    public string Relay => $"{Near}.1:{Port}";

    /// <summary>Where the sink listens, seen from this relay.</summary>
    public string Server => $"{Far}.2:{Port}";

    public void Dispose()
    {
        if (_created)
        {
            Shell.Run($"ip netns del {Space}");
        }
    }

    // The relay's end is .1, the other one's .2.
    private void Link(string other, string device, string ours, string net, CompareOptions options)
    {
        Shell.Run($"ip link add {ours} netns {Space} type veth peer name {device} netns {other}");
        End(Space, ours, $"{net}.1", options);
        End(other, device, $"{net}.2", options);
    }

    private static void End(string space, string device, string address, CompareOptions options)
    {
        Shell.Run($"ip -n {space} addr add {address}/24 dev {device}");
        Shell.Run($"ip -n {space} link set {device} up");
        if (options.Wire)
        {
            Shell.Run($"ip netns exec {space} ethtool -K {device} tx-udp-segmentation off");
        }

        if (options.Coalesce)
        {
            Shell.Run($"ip netns exec {space} ethtool -K {device} gro on");
        }
    }
}
