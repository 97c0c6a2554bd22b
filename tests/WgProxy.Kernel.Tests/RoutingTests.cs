namespace WgProxy.Kernel.Tests;

/// <summary>Tunnels that are the default route, and tunnels in tunnels.</summary>
public sealed class RoutingTests(Machine machine)
{
    private const int Echoes = 20;

    // As wg-quick does it: marked messages of the tunnel itself go by the main table, all else by the tunnel.
    [KernelFact]
    public Task The_tunnel_is_the_default_route_by_mark_and_table() => Trial.EchoesAsync(machine, async stage =>
    {
        KernelPeer client = stage.Client;
        await stage.Server.RunAsync(
            $"""
            ip -batch - <<end
            addr add 192.168.99.7/32 dev {KernelPeer.Wg}
            addr add fd98::7/128 dev {KernelPeer.Wg}
            end
            """);
        await client.RunAsync(
            $"""
            wg set {KernelPeer.Wg} fwmark 51820 peer {stage.Server.Key.Public} allowed-ips 0.0.0.0/0,::/0
            for family in -4 -6; do
                ip $family -batch - <<end
            route add default dev {KernelPeer.Wg} table 51820
            rule add not fwmark 51820 table 51820
            rule add table main suppress_prefixlength 0
            end
            done
            """);
        TimeSpan echo = await client.EchoAsync(IPAddress.Parse("192.168.99.7"));
        await client.EchoAllAsync(IPAddress.Parse("192.168.99.7"), Echoes);
        await client.EchoAllAsync(IPAddress.Parse("fd98::7"), Echoes);
        await client.EchoAllAsync(IPAddress.Parse("192.168.99.7"), Echoes, options: $"-I {KernelPeer.Wg}");
        return echo;
    });

    [KernelFact]
    public Task A_tunnel_in_the_tunnel_carries_what_the_outer_one_does() => Trial.EchoesAsync(machine, async stage =>
    {
        WireGuardKey client = WireGuardKey.New();
        WireGuardKey server = WireGuardKey.New();
        await InnerAsync(stage.Server, "10.98.0.1", server, client, "10.98.0.2", endpoint: "");
        await InnerAsync(
            stage.Client, "10.98.0.2", client, server, "10.98.0.1", $"endpoint [{stage.Server.Inner(AddressFamily.InterNetworkV6)}]:5");
        TimeSpan echo = await stage.Client.EchoAsync(IPAddress.Parse("10.98.0.1"));
        await stage.Client.EchoAllAsync(IPAddress.Parse("10.98.0.1"), Echoes, size: 1_300);
        await stage.Server.EchoAllAsync(IPAddress.Parse("10.98.0.2"), Echoes, size: 1_300);
        return echo;
    });

    private static Task<string> InnerAsync(KernelPeer at, string address, WireGuardKey own, WireGuardKey other, string to, string endpoint) =>
        at.RunAsync(
            $"""
            ip link add wg1 type wireguard
            ip addr add {address}/24 dev wg1
            wg set wg1 listen-port 5 private-key <(echo {own.Private}) peer {other.Public} allowed-ips {to}/32 {endpoint}
            ip link set wg1 mtu 1340 up
            """);
}
