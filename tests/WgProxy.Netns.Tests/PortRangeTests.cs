using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>A range of ports that the kernel redirects to the one on which the relay listens, by the rules of docs/listen.md.</summary>
public sealed class PortRangeTests
{
    private static readonly string Rules = RulesOf("listen.md");

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task Answers_come_from_the_port_that_the_client_asked(AddressFamily family)
    {
        using BoundStage stage = await BoundStage.StartAsync(AddressFamily.InterNetwork, clients: 3);
        stage.Topology.Relay.Nft(Rules);
        await stage.RelayAsync();
        int sockets = stage.Relay.Sockets;
        int[] ports = [4500, 5000, 5499];
        for (int i = 0; i < ports.Length; i++)
        {
            WireGuardInterface client = stage.Clients[i];
            IPEndPoint asked = new(client.Host.Relay(family), ports[i]);
            client.AddPeer(stage.Server, asked);
            using ProbeStream stream = new(client, stage.Responder, perSecond: 20);
            await Eventually.TrueAsync(() => stream.Arrived > 20, TimeSpan.FromSeconds(15), () => $"echoes by port {asked.Port}; {stage.Relay.Status()}");
            (await stream.StopAsync()).AssertNoneLost(atLeast: 20);

            // WireGuard goes to where an answer came from.
            Assert.Equal(asked, client.Peer(stage.Server).Endpoint);
        }

        // One upstream socket for each client, and none for a port.
        Assert.Equal(sockets + ports.Length, stage.Relay.Sockets);
    }

    // What the page tells operators to load.
    private static string RulesOf(string page)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "docs", page)))
        {
            folder = folder.Parent;
        }

        Assert.NotNull(folder);
        return File.ReadAllText(Path.Combine(folder.FullName, "docs", page)).Split("```")
            .Select(block => block[(block.IndexOf('\n') + 1)..]).Single(block => block.StartsWith("table inet", StringComparison.Ordinal));
    }
}
