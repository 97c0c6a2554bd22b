namespace WgProxy.Kernel.Tests;

/// <summary>Tunnels in which nothing is said for a while, or only WireGuard itself speaks.</summary>
public sealed class IdleTests(Machine machine)
{
    [KernelFact]
    public Task After_half_a_minute_of_silence_the_server_speaks_first() => Trial.EchoesAsync(machine, async stage =>
    {
        await stage.ClientEchoAsync();
        await Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        return await stage.ServerEchoAsync(AddressFamily.InterNetworkV6);
    });

    // No user's packet on either side: the client's keepalive makes the tunnel, and the server's word finds it.
    [KernelFact]
    public Task A_keepalive_alone_makes_a_tunnel_that_the_server_can_use() => Trial.EchoesAsync(machine, async stage =>
    {
        await stage.Client.AddPeerAsync(stage.Server, stage.Front(AddressFamily.InterNetworkV6), keepalive: 1);
        await stage.Server.RunAsync($"until [ \"$(wg show {KernelPeer.Wg} latest-handshakes | cut -f 2)\" -gt 0 ]; do sleep 0.2; done");
        return await stage.ServerEchoAsync();
    });

    // Keys are renewed after 120 s by the end that made them, under the echoes of both.
    [LongKernelFact]
    public async Task Keys_are_renewed_under_echoes_that_notice_nothing()
    {
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                IPAddress server = stage.Server.Inner(AddressFamily.InterNetwork);
                await stage.Client.EchoAsync(server);
                string before = await HandshakeAsync(stage);
                Pings pings = await Pings.StartAsync(stage.Client, server, perSecond: 10);
                await stage.Client.Shell.RunAsync(
                    $"until [ \"$(wg show {KernelPeer.Wg} latest-handshakes | cut -f 2)\" != {before} ]; do sleep 1; done", TimeSpan.FromSeconds(200));
                await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
                return await pings.StopAsync();
            },
            outcomes =>
            {
                outcomes.Measure(account => $"{account}");
                outcomes.EachLikeControl((account, control) => account.Outage <= control.Outage + TimeSpan.FromSeconds(1), "no outage that the control has not");
                outcomes.EachLikeControl((account, control) => account.Lost <= control.Lost + 2, "no more lost");
            });
    }

    // After 180 s all keys are void and the relay's mapping lingers: the server makes new ones, and finds its client.
    [LongKernelFact]
    public Task After_all_keys_have_expired_the_server_speaks_first() => Trial.EchoesAsync(machine, async stage =>
    {
        await stage.ClientEchoAsync();
        await Task.Delay(TimeSpan.FromSeconds(200), TestContext.Current.CancellationToken);
        return await stage.ServerEchoAsync();
    });

    private static async Task<string> HandshakeAsync(Stage stage) =>
        (await stage.Client.RunAsync($"wg show {KernelPeer.Wg} latest-handshakes | cut -f 2")).Trim();
}
