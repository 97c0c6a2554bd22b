namespace WgProxy.Netns.Tests;

/// <summary>A server that is away and comes back.</summary>
public sealed class UnreachableServerTests
{
    // WireGuard asks anew 15 s after data went unanswered (KEEPALIVE_TIMEOUT + REKEY_TIMEOUT), and every 5 s from then on.
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(40);

    [Trait("Forms", "All")]
    [NetnsFact]
    public async Task A_tunnel_outlives_its_servers_restart()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        IPEndPoint? endpoint = tunnel.Server.Peer(tunnel.Client).Endpoint;
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 10);
        await Eventually.TrueAsync(() => stream.Arrived >= 5, TimeSpan.FromSeconds(5), "echoes before");

        tunnel.Server.Stop();
        await Eventually.TrueAsync(
            () => tunnel.Server.Host.Space.Snmp("Icmp6OutDestUnreachs") >= 10, TimeSpan.FromSeconds(10), "ICMP port unreachable from the server");
        Assert.False(tunnel.Relay.HasExited);
        Assert.Equal(1, (await tunnel.Relay.StatusAsync()).Mappings["Confirmed"]);

        await tunnel.Server.StartAsync();
        int before = stream.Arrived;
        TimeSpan taken = await Eventually.TrueAsync(
            () => stream.Arrived >= before + 20, Recovery, () => $"echoes after the restart; {tunnel.Relay.Status()}");
        RelayStatus status = await tunnel.Relay.StatusAsync();
        Measured.Write($"echoes again after {taken.TotalSeconds:0.0} s; {status}");
        Assert.Equal(endpoint, tunnel.Server.Peer(tunnel.Client).Endpoint);
        Assert.Equal(1, status.Live);
        Assert.NotEmpty(status.Faults);
        await tunnel.Relay.StopAsync();
    }
}
