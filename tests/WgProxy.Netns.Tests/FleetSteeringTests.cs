namespace WgProxy.Netns.Tests;

/// <summary>Clients come to another relay of the fleet in the middle of their sessions, and go on after a store's round trip.</summary>
[Collection(Loud.Name)]
public sealed class FleetSteeringTests
{
    private const int PerSecond = 10;
    private const int Echoes = 300;

    [NetnsFact]
    public Task A_killed_relay_costs_each_tunnel_two_of_300_echoes() => BestOf.ThreeAsync(() => KillAsync(clients: 6));

    [LongFact]
    public Task A_killed_relay_costs_each_of_50_tunnels_two_of_300_echoes() => BestOf.ThreeAsync(() => KillAsync(clients: 50));

    [NetnsFact]
    public Task Packets_that_each_come_to_another_relay_cost_two_of_300_echoes() => BestOf.ThreeAsync(async () =>
    {
        using FleetStage stage = await FleetStage.StartAsync(clients: 6);
        await stage.ConnectAsync();
        stage.Spread(on: true);
        await RunAsync(stage, "each packet to another relay", _ => Task.CompletedTask);
        stage.Spread(on: false);
        await RunAsync(stage, "back at the first", _ => Task.CompletedTask);
    });

    [NetnsFact]
    public async Task Without_a_store_it_costs_until_the_next_handshake()
    {
        using FleetStage stage = await FleetStage.StartAsync(clients: 1, hasStore: false);
        await stage.ConnectAsync();
        using ProbeStream stream = stage.Streams(PerSecond)[0];
        await Eventually.TrueAsync(() => stream.Arrived >= 10, TimeSpan.FromSeconds(10), "echoes before");
        await stage.KillAsync(0);
        int before = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived >= before + 10, TimeSpan.FromSeconds(30), "echoes after");
        ProbeAccount account = await stream.StopAsync();
        Measured.Write($"without a store: {account}");
        Assert.InRange(account.LongestSilence, TimeSpan.FromSeconds(13), TimeSpan.FromSeconds(25));
    }

    private static async Task KillAsync(int clients)
    {
        using FleetStage stage = await FleetStage.StartAsync(clients);
        await stage.ConnectAsync();
        await RunAsync(stage, $"{clients} tunnels, the first relay killed", _ => stage.KillAsync(0));
        await stage.RestartAsync(0);
        await RunAsync(stage, $"{clients} tunnels, back to the first", _ =>
        {
            stage.SteerTo(0);
            return Task.CompletedTask;
        });
    }

    /// <summary>300 echoes of each client, with something in the middle.</summary>
    private static async Task RunAsync(FleetStage stage, string what, Func<ProbeStream[], Task> midway)
    {
        ProbeStream[] streams = stage.Streams(PerSecond);
        try
        {
            await Eventually.TrueAsync(() => streams.All(stream => stream.Sent >= Echoes / 3), TimeSpan.FromSeconds(60), "a third");
            await midway(streams);
            await Eventually.TrueAsync(() => streams.All(stream => stream.Sent >= Echoes), TimeSpan.FromSeconds(90), "all");
            List<int> lost = [];
            foreach (ProbeStream stream in streams)
            {
                ProbeAccount account = await stream.StopAsync();
                lost.Add(account.Lost);
            }

            string report = $"{what}: lost of some {Echoes} echoes each: {string.Join(' ', lost)}";
            Measured.Write(report);
            Assert.True(lost.Max() <= 2, $"{report}\n{string.Join('\n', stage.Relays.Where(each => !each.Relay.HasExited).Select(each => each.Relay.Status()))}");
        }
        finally
        {
            Array.ForEach(streams, stream => stream.Dispose());
        }
    }
}
