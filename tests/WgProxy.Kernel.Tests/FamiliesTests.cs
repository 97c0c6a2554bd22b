using System.Globalization;

namespace WgProxy.Kernel.Tests;

/// <summary>A tunnel over each pair of address families, with all that goes through one.</summary>
[Collection(Loud.Name)]
public sealed class FamiliesTests(Machine machine)
{

    // Without the relay there is one family for both: the client's.
    [KernelTheory]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetwork, AddressFamily.InterNetworkV6)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6, AddressFamily.InterNetworkV6)]
    public async Task Echoes_TCP_and_UDP_pass_both_ways(AddressFamily clientSide, AddressFamily serverSide)
    {
        await Trial.InTurnAsync(
            machine,
            async stage =>
            {
                KernelPeer client = stage.Client;
                KernelPeer server = stage.Server;
                await client.EchoAsync(server.Inner(AddressFamily.InterNetwork));
                await client.EchoAllAsync(server.Inner(AddressFamily.InterNetworkV6), 10);
                await server.EchoAllAsync(client.Inner(AddressFamily.InterNetwork), 10);
                await server.EchoAllAsync(client.Inner(AddressFamily.InterNetworkV6), 10);
                IPEndPoint seen = await server.EndpointAsync();
                Assert.Equal(
                    stage.Way == Way.Control ? client.Address(clientSide) : server.Gateway(serverSide), seen.Address);
                return new Rates(
                    await Iperf.BothWaysAsync(stage, AddressFamily.InterNetwork, "-t 2"),
                    await Iperf.BothWaysAsync(stage, AddressFamily.InterNetworkV6, "-u -b 5M -l 1200 -t 1"));
            },
            serverSide,
            clientSide,
            outcomes =>
            {
                outcomes.Measure(rates => $"{rates}");
                // What the emulator computes limits both; a relay that lost or delayed packets would show by more than that.
                outcomes.EachLikeControl((rates, control) => rates.Tcp >= control.Tcp / 8 && rates.Udp >= control.Udp / 4, "about as much");
            });
    }

    private sealed record Rates(double Tcp, double Udp)
    {
        public override string ToString() =>
            string.Create(CultureInfo.InvariantCulture, $"TCP {Tcp:0.#} and UDP {Udp:0.#} Mbit/s each way");
    }
}
