using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>A server that has just started has forgotten which initiations it has seen, and answers an old one. The relay
/// has not forgotten: for two minutes it lets none through that it forwarded.</summary>
public sealed class ReplayAfterRestartTests
{
    // WireGuard asks anew 15 s after data went unanswered (KEEPALIVE_TIMEOUT + REKEY_TIMEOUT) and up to a third of a second.
    private static readonly TimeSpan Timer = TimeSpan.FromSeconds(15.5);

    [NetnsFact]
    public async Task A_replay_to_a_restarted_server_costs_the_client_what_it_costs_without_a_relay()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        IPEndPoint relayed = new(tunnel.Stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port);
        using Topology plain = new();
        Host clientHost = plain.Add("client");
        Host serverHost = plain.Add("server");
        Host stranger = plain.Add("stranger");
        plain.ForwardIPv4();
        WireGuardInterface client = await WireGuardInterface.StartAsync(plain, clientHost, "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(plain, serverHost, "10.99.0.1", Tunnel.Port);
        server.AddPeer(client);
        EchoResponder responder = plain.Own(new EchoResponder(server));
        IPEndPoint straight = new(serverHost.Address(AddressFamily.InterNetwork), Tunnel.Port);

        TimeSpan[] outages = await Task.WhenAll(
            OutageAsync(plain, client, server, responder, straight, stranger, straight, answered: true),
            OutageAsync(tunnel.Topology, tunnel.Client, tunnel.Server, tunnel.Responder, tunnel.Front, tunnel.Stranger, relayed, answered: false));
        RelayStatus status = await tunnel.Relay.StatusAsync();
        Measured.Write($"echoes back after {outages[0].TotalSeconds:0.0} s without a relay, {outages[1].TotalSeconds:0.0} s through it; {status}");

        // The timer runs from the first echo that the stopped server owes, so stopping it costs nothing on top.
        TimeSpan slack = TimeSpan.FromSeconds(1.5);
        Assert.All(outages, outage => Assert.InRange(outage, TimeSpan.FromSeconds(14), Timer + slack));
        Assert.InRange(outages[1] - outages[0], -slack, slack);
        Assert.True(status.Uplink.Dropped.GetValueOrDefault("Replayed") >= 10, status.Line);
        Assert.Equal(1, status.Live);
        await tunnel.Relay.StopAsync();
    }

    private static async Task<TimeSpan> OutageAsync(
        Topology topology,
        WireGuardInterface client,
        WireGuardInterface server,
        EchoResponder responder,
        IPEndPoint front,
        Host stranger,
        IPEndPoint target,
        bool answered)
    {
        using Capture capture = await Capture.StartAsync(client.Host);
        client.AddPeer(server, front);
        using ProbeStream stream = new(client, responder, perSecond: 10);
        await Eventually.TrueAsync(() => stream.Arrived >= 10, TimeSpan.FromSeconds(10), "echoes before");
        byte[] initiation = await capture.FirstAsync(
            datagram => datagram.Length == WireMessages.InitiationLength && datagram[0] == 1, "the client's initiation");

        server.Stop();
        await server.StartAsync();
        Socket replaying = topology.Own(stranger.Space.Udp(stranger.Address(AddressFamily.InterNetwork)));
        await replaying.SendToAsync(initiation, target, TestContext.Current.CancellationToken);
        if (answered)
        {
            byte[] answer = new byte[2048];
            int length = await replaying.ReceiveAsync(answer, TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
            Assert.Equal(WireMessages.ResponseLength, length);
        }

        // And again every second, so that there is one beside the client's own question too.
        int before = stream.Arrived;
        using Pace again = new(perSecond: 1, _ => replaying.SendTo(initiation, target));
        await Eventually.TrueAsync(() => stream.Arrived >= before + 20, TimeSpan.FromSeconds(40), "echoes after the restart");
        await again.StopAsync();
        Assert.True(answered || replaying.Available == 0, "the relay let a replay through");
        ProbeAccount account = await stream.StopAsync();
        Assert.Equal(0, account.LostAfter(account.SentAt[^1] - TimeSpan.FromSeconds(1)));
        return account.LongestSilence;
    }
}
