namespace WgProxy.Netns.Tests;

/// <summary>These tests run once for each engine: that it is the one that was asked for shows in its threads.</summary>
public sealed class EngineTests
{
    [Trait("Forms", "All")]
    [NetnsFact]
    public async Task The_relay_moves_datagrams_by_the_engine_that_this_run_is_about()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        string[] threads = tunnel.Relay.Threads;
        Assert.Equal(RelayProcess.Engine is "linux", threads.Any(name => name.StartsWith("worker", StringComparison.Ordinal)));
        Assert.Equal(RelayProcess.Engine is "portable", threads.Contains("deadlines", StringComparer.Ordinal));
        await tunnel.Relay.StopAsync();
    }
}
