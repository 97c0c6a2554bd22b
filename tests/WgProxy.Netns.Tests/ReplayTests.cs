using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>Captured packets, sent again from elsewhere.</summary>
public sealed class ReplayTests
{
    [NetnsFact]
    public async Task Replayed_packets_take_nothing_from_their_client()
    {
        const int rounds = 20;
        using Tunnel tunnel = await Tunnel.StartAsync();
        using Capture capture = await Capture.StartAsync(tunnel.Client.Host);
        await tunnel.ConnectAsync();
        byte[] initiation = await capture.FirstAsync(
            datagram => datagram.Length == WireMessages.InitiationLength && datagram[0] == 1, "the client's initiation");
        byte[] data = await capture.FirstAsync(
            datagram => datagram.Length > WireMessages.KeepaliveLength && datagram[0] == 4, "the client's data");
        IPEndPoint? endpoint = tunnel.Server.Peer(tunnel.Client).Endpoint;
        Host stranger = tunnel.Stranger;
        List<Socket> sockets = [];

        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 10);
        for (int round = 0; round < rounds; round++)
        {
            AddressFamily family = round % 2 == 0 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            Socket socket = tunnel.Topology.Own(stranger.Space.Udp(stranger.Address(family)));
            sockets.Add(socket);
            IPEndPoint target = new(stranger.Relay(family), Tunnel.Port);
            await socket.SendToAsync(initiation, target);
            await socket.SendToAsync(data, target);
            await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        }

        ProbeAccount account = await stream.StopAsync();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        Measured.Write($"{account}; {status}");
        account.AssertNoneLost(atLeast: 90);
        Assert.Equal(endpoint, tunnel.Server.Peer(tunnel.Client).Endpoint);
        Assert.Equal(1, status.Mappings["Confirmed"]);

        // A live server refuses an old initiation, so nothing comes back to whoever replays it.
        Assert.All(sockets, socket => Assert.Equal(0, socket.Available));
        await tunnel.Relay.StopAsync();
    }
}
