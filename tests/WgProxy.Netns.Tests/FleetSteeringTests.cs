namespace WgProxy.Netns.Tests;

/// <summary>Clients come to another relay of the fleet in the middle of their sessions, and go on after a store's round trip.</summary>
[Collection(Loud.Name)]
[Trait("Engine", "None")]
public sealed class FleetSteeringTests
{
    private const int PerSecond = 10;

    // What is lost is lost at once: the long runs show that nothing follows.
    private const int Few = 90;
    private const int Many = 300;

    [NetnsFact]
    public Task A_killed_relay_costs_each_tunnel_two_echoes() => BestOf.ThreeAsync(() => KillAsync(clients: 6, Few));

    [LongFact]
    public Task A_killed_relay_costs_each_of_50_tunnels_two_of_300_echoes() => BestOf.ThreeAsync(() => KillAsync(clients: 50, Many));

    [NetnsFact]
    public Task Packets_that_each_come_to_another_relay_cost_two_echoes() => BestOf.ThreeAsync(() => SpreadAsync(Few));

    [LongFact]
    public Task Packets_that_each_come_to_another_relay_cost_two_of_300_echoes() => BestOf.ThreeAsync(() => SpreadAsync(Many));

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

    private static async Task SpreadAsync(int echoes)
    {
        using FleetStage stage = await FleetStage.StartAsync(clients: 6);
        await stage.ConnectAsync();
        stage.Spread(on: true);
        await RunAsync(stage, echoes, "each packet to another relay", _ => Task.CompletedTask);
        stage.Spread(on: false);
        await RunAsync(stage, echoes, "back at the first", _ => Task.CompletedTask);
    }

    private static async Task KillAsync(int clients, int echoes)
    {
        using FleetStage stage = await FleetStage.StartAsync(clients);
        await stage.ConnectAsync();
        await RunAsync(stage, echoes, $"{clients} tunnels, the first relay killed", _ => stage.KillAsync(0));
        await stage.RestartAsync(0);
        await RunAsync(stage, echoes, $"{clients} tunnels, back to the first", _ =>
        {
            stage.SteerTo(0);
            return Task.CompletedTask;
        });
    }

    /// <summary>So many echoes of each client, with something in the middle.</summary>
    private static async Task RunAsync(FleetStage stage, int echoes, string what, Func<ProbeStream[], Task> midway)
    {
        ProbeStream[] streams = stage.Streams(PerSecond);
        try
        {
            await Eventually.TrueAsync(() => streams.All(stream => stream.Sent >= echoes / 3), TimeSpan.FromSeconds(60), "a third");
            await midway(streams);
            await Eventually.TrueAsync(() => streams.All(stream => stream.Sent >= echoes), TimeSpan.FromSeconds(90), "all");
            List<int> lost = [];
            foreach (ProbeStream stream in streams)
            {
                ProbeAccount account = await stream.StopAsync();
                lost.Add(account.Lost);
            }

            string report = $"{what}: lost of some {echoes} echoes each: {string.Join(' ', lost)}";
            Measured.Write(report);
            Assert.True(lost.Max() <= 2, $"{report}\n{string.Join('\n', stage.Relays.Where(each => !each.Relay.HasExited).Select(each => each.Relay.Status()))}");
        }
        finally
        {
            Array.ForEach(streams, stream => stream.Dispose());
        }
    }
}
