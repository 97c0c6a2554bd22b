namespace WgProxy.Netns.Tests;

/// <summary>A real client and a real server over every pair of address families.</summary>
[Collection(Loud.Name)]
public sealed class FourPathsTests
{
    private const int RelayPort = 51820;
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    // In the framework form two of the four: each IP version on each side.
    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6, Traits = ["Forms", "All"])]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetwork, Traits = ["Forms", "All"])]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetworkV6)]
    public async Task A_tunnel_carries_what_it_carries_without_the_relay(AddressFamily clientSide, AddressFamily serverSide)
    {
        using Topology topology = new();
        Host clientHost = topology.Add("client");
        Host serverHost = topology.Add("server");
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, clientHost, "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", 51820);
        RelayProcess relay = await RelayProcess.StartAsync(
            topology, new IPEndPoint(serverHost.Address(serverSide), 51820), server.Key.Public, RelayPort);
        server.AddPeer(client);
        client.AddPeer(server, new IPEndPoint(clientHost.Relay(clientSide), RelayPort));
        EchoResponder responder = topology.Own(new EchoResponder(server));

        await EchoAsync(client, responder, perSecond: 20, seconds: 1, size: 64);
        await client.HandshakeAsync(server, Handshake);
        Assert.Equal(serverHost.Relay(serverSide), server.Peer(client).Endpoint?.Address);

        await FixedRateAsync(topology, relay, client, responder);
        await TransferAsync(topology, client, server);
        await FragmentsAsync(topology, client, server, responder);
        await relay.StopAsync();
    }

    private static async Task EchoAsync(WireGuardInterface from, EchoResponder to, double perSecond, int seconds, int size)
    {
        using ProbeStream stream = new(from, to, perSecond, size);
        await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
        ProbeAccount account = await stream.StopAsync();
        account.AssertNoneLost(atLeast: (int)(perSecond * seconds * 0.9));
    }

    // Judged by the kernel's counters and the relay's: what came to the relay's namespace has been passed on, and no send
    // failed. On a busy machine the two ends may lose some in their own small socket buffers; that most arrive shows that
    // there was something to lose.
    private static async Task FixedRateAsync(
        Topology topology, RelayProcess relay, WireGuardInterface client, EchoResponder responder)
    {
        const int seconds = 5;
        const int perSecond = 2000;
        RelayTraffic before = topology.RelayTraffic();
        RelayStatus statusBefore = await relay.StatusAsync();
        using ProbeStream stream = new(client, responder, perSecond, 1200);
        await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
        ProbeAccount account = await stream.StopAsync();
        RelayTraffic after = topology.RelayTraffic();
        RelayStatus status = await relay.StatusAsync();
        long received = after.Received - before.Received;
        long passed = status.Uplink.Passed + status.Downlink.Passed - statusBefore.Uplink.Passed - statusBefore.Downlink.Passed;
        string report = $"{received} received by the relay, {passed} passed on, {after.Overflowed - before.Overflowed} overflowed, "
            + $"faults {status.Faults.Count}; tunnel: {account.Sent} probes, {account.Lost} lost";
        Measured.Write($"fixed rate: {report}");
        Assert.True(passed >= received && after.Overflowed == before.Overflowed && status.Faults.Count == 0, report);
        Assert.True(passed >= 2 * perSecond * seconds * 0.9, report);
        Assert.Equal(0, account.Damaged);
    }

    private static async Task TransferAsync(Topology topology, WireGuardInterface client, WireGuardInterface server)
    {
        const int seconds = 5;
        const double leastMegabits = 20;
        Transfer transfer = await Transfer.StartAsync(topology, client, server, seconds);
        (double megabits, _) = await transfer.EndAsync();
        Measured.Write($"TCP through the tunnel: {megabits:0} Mbit/s for {seconds} s");
        Assert.True(megabits > leastMegabits, $"{megabits} Mbit/s");
    }

    // A tunnel wider than its path: each datagram leaves as four or five fragments, on both of the relay's links.
    private static async Task FragmentsAsync(
        Topology topology, WireGuardInterface client, WireGuardInterface server, EchoResponder responder)
    {
        const int wide = 6000;
        const int narrow = 1280;
        client.SetMtu(wide);
        server.SetMtu(wide);
        server.Host.SetMtu(topology.Relay, narrow);
        long before = client.Host.Space.Snmp("IpFragCreates") + client.Host.Space.Snmp("Ip6FragCreates");
        await EchoAsync(client, responder, perSecond: 20, seconds: 1, size: 5000);
        long after = client.Host.Space.Snmp("IpFragCreates") + client.Host.Space.Snmp("Ip6FragCreates");
        Assert.True(after - before >= 20 * 3, $"the path should have fragmented, but made {after - before} fragments only");
    }
}
