namespace WgProxy.Netns.Tests;

/// <summary>Whoever knows the public key may ask the server, and takes nothing from a tunnel by asking.</summary>
public sealed class KeyHolderTests
{
    [NetnsFact]
    public async Task One_valid_initiation_a_second_takes_nothing_from_a_client()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        Host stranger = tunnel.Stranger;
        IPAddress own = stranger.Address(AddressFamily.InterNetwork);
        IPEndPoint target = new(stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port);
        Socket first = tunnel.Topology.Own(stranger.Space.Udp(own));
        await AskForAMinuteAsync(tunnel, second =>
        {
            // Half of them from the same source, half from ever new ones.
            Socket from = second % 2 == 0 ? first : tunnel.Topology.Own(stranger.Space.Udp(own));
            from.SendTo(tunnel.MintInitiation(second), target);
        });
    }

    /// <summary>Sends every second of a minute while a client's echoes run; none of them may be lost.</summary>
    internal static async Task AskForAMinuteAsync(Tunnel tunnel, Action<uint> ask)
    {
        const uint seconds = 60;
        const int perSecond = 10;
        IPEndPoint? endpoint = tunnel.Server.Peer(tunnel.Client).Endpoint;
        long passed = (await tunnel.Relay.StatusAsync()).Uplink.Passed;
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond);
        using PeriodicTimer timer = new(TimeSpan.FromSeconds(1));
        for (uint second = 0; second < seconds; second++)
        {
            ask(second);
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }

        ProbeAccount account = await stream.StopAsync();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        Measured.Write($"{account}; {status}");
        account.AssertNoneLost(atLeast: (int)seconds * perSecond * 9 / 10);
        Assert.Equal(endpoint, tunnel.Server.Peer(tunnel.Client).Endpoint);

        // The initiations did pass, so there was something to withstand.
        Assert.True(status.Uplink.Passed - passed >= account.Sent + seconds, status.Line);
        await tunnel.Relay.StopAsync();
    }
}
