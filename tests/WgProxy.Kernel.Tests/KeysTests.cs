namespace WgProxy.Kernel.Tests;

/// <summary>Keys and interfaces that are made anew.</summary>
public sealed class KeysTests(Machine machine)
{
    [KernelFact]
    public Task A_client_takes_another_key() => Trial.EchoesAsync(machine, async stage =>
    {
        await stage.ClientEchoAsync();
        string before = stage.Client.Key.Public;
        stage.Client.Key = WireGuardKey.New();
        await stage.Client.RunAsync($"wg set {KernelPeer.Wg} private-key <(echo {stage.Client.Key.Private})");
        await stage.Server.RunAsync($"wg set {KernelPeer.Wg} peer {before} remove");
        await stage.Server.AddPeerAsync(stage.Client);
        return await stage.ClientEchoAsync();
    });

    // The relay knows the server by its key: it is told the new one, as the client is.
    [KernelFact]
    public Task A_server_takes_another_key() => Trial.EchoesAsync(machine, async stage =>
    {
        await stage.ClientEchoAsync();
        await stage.Client.RunAsync($"wg set {KernelPeer.Wg} peer {stage.Server.Key.Public} remove");
        stage.Server.Key = WireGuardKey.New();
        await stage.Server.RunAsync($"wg set {KernelPeer.Wg} private-key <(echo {stage.Server.Key.Private})");
        await stage.ReplaceRelayAsync(
            new IPEndPoint(stage.Server.Address(AddressFamily.InterNetworkV6), Stage.Port), stage.Server.Key.Public);
        await stage.Client.AddPeerAsync(stage.Server, stage.Front(AddressFamily.InterNetwork));
        return await stage.ClientEchoAsync();
    });

    // The client notices when its data stay unanswered for 15 s; what it still believes is worth nothing to the new interface.
    [KernelFact]
    public Task A_server_is_made_anew() => Trial.OutagesAsync(machine, async stage =>
    {
        IPAddress inner = stage.Server.Inner(AddressFamily.InterNetwork);
        await stage.Client.EchoAsync(inner);
        Pings pings = await Pings.StartAsync(stage.Client, inner, perSecond: 5);
        await stage.Client.EchoAsync(inner);
        await stage.Server.RunAsync($"ip link del {KernelPeer.Wg}");
        await stage.Server.MakeInterfaceAsync();
        await stage.Server.AddPeerAsync(stage.Client);
        await stage.Client.EchoAsync(inner);
        return await pings.StopAsync();
    });

    // Another peer is given the client's address inside: what the client sends under it is dropped by the server, not by the relay.
    [KernelFact]
    public async Task An_address_that_the_server_gave_to_another_peer_stays_with_that_peer()
    {
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                IPAddress inner = stage.Server.Inner(AddressFamily.InterNetwork);
                IPAddress own = stage.Client.Inner(AddressFamily.InterNetwork);
                await stage.Client.EchoAsync(inner);
                string other = WireGuardKey.New().Public;
                await stage.Server.RunAsync($"wg set {KernelPeer.Wg} peer {other} allowed-ips {own}/32");
                (int refused, _) = await stage.Client.Shell.TryAsync($"ping -n -q -c 3 -i 0.2 -W 1 {inner}");
                await stage.Client.EchoAllAsync(stage.Server.Inner(AddressFamily.InterNetworkV6), 3);
                await stage.Server.RunAsync($"wg set {KernelPeer.Wg} peer {other} remove");
                await stage.Server.AddPeerAsync(stage.Client);
                await stage.Client.EchoAsync(inner);
                return refused != 0 ? "refused, then served" : "not refused";
            },
            outcomes => outcomes.All(what => what is "refused, then served", "an address of one peer only"));
    }
}
