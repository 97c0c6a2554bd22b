namespace WgProxy.Compare;

/// <summary>No relay: the path is routed. What the rig itself can carry.</summary>
internal sealed class DirectPath(Rig rig) : Relay("direct")
{
    private bool _routed;

    public override string Target => Way.Server;

    public override void Start(string? memoryGroup = null)
    {
        Shell.Run($"ip netns exec {Way.Space} sysctl -qw net.ipv4.ip_forward=1");
        if (!_routed)
        {
            _routed = true;
            Shell.Run($"ip -n {rig.Client} route add {Way.Far}.0/24 via {Way.Near}.1");
            Shell.Run($"ip -n {rig.Server} route add {Way.Near}.0/24 via {Way.Far}.1");
            Shell.Run($"ip -n {rig.Server} route add {Rig.ManyClients} via {Way.Far}.1");
        }
    }

    public override void Stop() => Shell.Run($"ip netns exec {Way.Space} sysctl -qw net.ipv4.ip_forward=0");
}

/// <summary>nftables: DNAT to the server, masquerade towards it.</summary>
internal sealed class KernelNat() : Relay("nat")
{
    private bool _loaded;

    public override bool FillsUp => true;

    public override void Start(string? memoryGroup = null)
    {
        string rules = $$"""
            table ip bench {
              chain pre { type nat hook prerouting priority dstnat; iifname "client" udp dport {{Way.Port}} dnat to {{Way.Server}}; }
              chain post { type nat hook postrouting priority srcnat; oifname "server" masquerade; }
            }
            """;
        Shell.Run($"ip netns exec {Way.Space} sysctl -qw net.ipv4.ip_forward=1");
        Shell.Run(["ip", "netns", "exec", Way.Space, "nft", "-f", "-"], rules);
        _loaded = true;
    }

    public override void Stop()
    {
        if (_loaded)
        {
            _loaded = false;
            Shell.Run($"ip netns exec {Way.Space} nft delete table ip bench");
        }
    }
}
