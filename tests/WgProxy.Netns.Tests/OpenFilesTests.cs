namespace WgProxy.Netns.Tests;

/// <summary>The process may open no file more: nobody new is let in, and whoever is in does not notice.</summary>
public sealed class OpenFilesTests
{
    [Trait("Forms", "All")]
    [NetnsFact]
    public async Task Without_open_files_newcomers_wait_and_tunnels_go_on()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        WireGuardInterface newcomer = await tunnel.AddClientAsync();
        await tunnel.ConnectAsync();
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 20);
        tunnel.Relay.LimitOpenFiles(none: true);
        Task<TimeSpan> connecting = tunnel.ConnectAsync(newcomer, TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(
            () => tunnel.Relay.Lines.Any(line => line.Contains("cannot be served", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(10),
            "a newcomer that is not served");
        int before = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived >= before + 20, TimeSpan.FromSeconds(5), "echoes of the client meanwhile");
        Assert.False(connecting.IsCompleted);

        tunnel.Relay.LimitOpenFiles(none: false);
        await connecting;
        (await stream.StopAsync()).AssertNoneLost(atLeast: 40);
        await tunnel.Relay.StopAsync();
    }
}
