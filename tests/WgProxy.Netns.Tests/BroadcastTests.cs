namespace WgProxy.Netns.Tests;

/// <summary>An attacker on one of the relay's own networks sends by broadcast and to groups, to have one datagram answered by each
/// of the relay's sockets.</summary>
public sealed class BroadcastTests
{
    private const int Asking = 1_600;

    // Of those that ask so many are answered by the relay itself, at least: more ask than a quarter of what may, or the server is
    // loaded by them.
    private const int Answered = 100;
    private const int Datagrams = 100;

    [NetnsTheory]
    [InlineData(1)]
    [InlineData(8)]
    public async Task A_broadcast_draws_no_more_bytes_than_were_sent(int workers)
    {
        Assert.SkipWhen(RelayProcess.Engine is "portable" && workers > 1, "the portable engine has no workers");
        using Tunnel tunnel = await Tunnel.StartAsync(RelayProcess.Engine is "portable" ? null : workers);
        await tunnel.ConnectAsync();
        Host stranger = tunnel.Stranger;
        IPAddress link = stranger.Space.Run(() => IPAddress.Parse($"fe80::1%{Host.Link}"));
        IPEndPoint[] targets =
        [
            IPEndPoint.Parse($"10.81.{stranger.Index}.255:{Tunnel.Port}"), IPEndPoint.Parse($"224.0.0.1:{Tunnel.Port}"),
            new IPEndPoint(IPAddress.Broadcast, Tunnel.Port), new IPEndPoint(new IPAddress(IPAddress.Parse("ff02::1").GetAddressBytes(), link.ScopeId), Tunnel.Port),
        ];
        stranger.Space.Ip("route", "add", "224.0.0.0/4", "dev", Host.Link);
        stranger.Space.Ip("route", "add", "255.255.255.255", "dev", Host.Link);

        // So many ask that whoever comes next is answered by the relay itself.
        uint index = 1;
        using Socket four = Open(stranger, AddressFamily.InterNetwork);
        using Socket six = Open(stranger, AddressFamily.InterNetworkV6);
        stranger.Space.Run(() =>
        {
            for (int i = 0; i < Asking; i++)
            {
                using Socket asks = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                asks.SendTo(tunnel.MintInitiation(index++), new IPEndPoint(stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port));
            }
        });

        await Eventually.TrueAsync(
            () => tunnel.Relay.Status().Uplink.Dropped.GetValueOrDefault("Reply") >= Answered, TimeSpan.FromSeconds(10), () => $"a crowd; {tunnel.Relay.Status()}");
        foreach (IPEndPoint target in targets)
        {
            Socket socket = target.AddressFamily == AddressFamily.InterNetwork ? four : six;
            RelayStatus before = await tunnel.Relay.StatusAsync();
            long sent = 0;
            for (int i = 0; i < Datagrams; i++)
            {
                sent += socket.SendTo(tunnel.MintInitiation(index++), target);
            }

            long back = 0;
            byte[] buffer = new byte[2_000];
            while (socket.Poll(TimeSpan.FromMilliseconds(300), SelectMode.SelectRead))
            {
                back += socket.Receive(buffer);
            }

            RelayStatus after = await tunnel.Relay.StatusAsync();
            Measured.Write($"{workers} workers, {target.Address}: {sent} bytes sent, {back} came back ({(double)back / sent:0.00}), "
                + $"{after.Mappings.GetValueOrDefault("Asked") - before.Mappings.GetValueOrDefault("Asked")} mappings more; {after}");
            Assert.InRange(back, 0, RelayProcess.Engine is "portable" ? sent : 0);
        }

        await tunnel.Relay.StopAsync();
    }

    private static Socket Open(Host host, AddressFamily family)
    {
        Socket socket = host.Space.Udp(host.Address(family));
        socket.EnableBroadcast = family == AddressFamily.InterNetwork;
        return socket;
    }
}
