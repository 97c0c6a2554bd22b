namespace WgProxy.Netns.Tests;

/// <summary>The same under the client's own address and port, as from a network that lets forged senders out.</summary>
public sealed class SpoofedKeyHolderTests
{
    [NetnsFact]
    public async Task One_valid_initiation_a_second_from_the_clients_own_address_takes_nothing_from_it()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        Host stranger = tunnel.Stranger;
        stranger.Space.Ip(
            "route", "add", $"{tunnel.Front.Address}/32", "via", stranger.Relay(AddressFamily.InterNetwork).ToString());
        IPAddress forged = tunnel.Client.Host.Address(AddressFamily.InterNetwork);
        Socket socket = tunnel.Topology.Own(stranger.Space.UdpAs(forged, tunnel.Client.Port));
        await KeyHolderTests.AskForAMinuteAsync(tunnel, second => socket.SendTo(tunnel.MintInitiation(second), tunnel.Front));
        RelayStatus status = RelayStatus.Parse(tunnel.Relay.Lines.Last(
            line => line.Contains(" status: ", StringComparison.Ordinal)));
        Assert.Equal(1, status.Live);
    }
}
