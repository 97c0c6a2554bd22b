using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>Whoever forges the server's address reaches every port of the relay, and changes nothing: what proves a
/// mapping are indices that only its two ends know.</summary>
[Collection(Loud.Name)]
public sealed class SpoofedServerTests
{
    private const int FirstPort = 32_768;
    private const int Ports = 60_999 - FirstPort + 1;
    private const int PerSecond = 20_000;
    private const int Known = 20;

    [NetnsFact]
    public Task Forged_messages_of_the_server_to_every_port_disturb_nobody_and_prove_nothing() =>
        BestOf.ThreeAsync(() => Forged_messages_of_the_server_to_every_port_disturb_nobody_and_prove_nothing_once());

    private async Task Forged_messages_of_the_server_to_every_port_disturb_nobody_and_prove_nothing_once()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        IPEndPoint? endpoint = tunnel.Server.Peer(tunnel.Client).Endpoint;
        Assert.InRange(endpoint!.Port, FirstPort, FirstPort + Ports - 1);

        // A stranger who has asked and whom the server does not know: what he would like to have proven.
        Socket stranger = tunnel.Topology.Own(tunnel.Stranger.Space.Udp(tunnel.Stranger.Address(AddressFamily.InterNetwork)));
        await stranger.SendToAsync(
            tunnel.MintInitiation(1), new IPEndPoint(tunnel.Stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        RelayStatus before = await tunnel.Relay.StatusAsync();
        await Eventually.TrueAsync(
            () => (before = tunnel.Relay.Status()).Mappings.GetValueOrDefault("Asked") == 1,
            TimeSpan.FromSeconds(5),
            () => $"a stranger who has asked; {before}");

        byte[][] messages =
        [
            WireMessages.New(9, 100),
            WireMessages.Initiation(new Mac1(tunnel.Client.Key.Parse()), 7),
            WireMessages.Response(2, 3),
            WireMessages.CookieReply(4),
            WireMessages.Transport(5, 128),
        ];
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 20);
        long files = tunnel.Relay.Sockets;

        long overflowed = tunnel.Topology.RelayTraffic().Overflowed;
        long clientOverflowed = tunnel.Client.Host.Space.Snmp("UdpInErrors");

        // Every message to every port, and one in twenty to the one port that is the client's.
        using Flood flood = Forge(
            tunnel,
            PerSecond,
            number => number % Known == 0 ? endpoint.Port : FirstPort + (int)(number % Ports),
            number => messages[number / Ports % messages.Length]);
        await Eventually.TrueAsync(
            () => flood.Sent >= (long)Ports * messages.Length, TimeSpan.FromSeconds(20), () => $"{flood.Sent} sent");
        flood.Stop();
        ProbeAccount account = await stream.StopAsync();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        string report = $"{flood.Sent} forged, {flood.PerSecond:0}/s: {account}; overflowed {tunnel.Topology.RelayTraffic().Overflowed - overflowed} at the relay, "
            + $"{tunnel.Client.Host.Space.Snmp("UdpInErrors") - clientOverflowed} at the client; {after}";
        Measured.Write(report);

        Assert.True(account.Lost * 100 < account.Sent, report);
        Assert.Equal(endpoint, tunnel.Server.Peer(tunnel.Client).Endpoint);
        Assert.Equal(1, after.Mappings["Confirmed"]);
        Assert.Equal(1, after.Mappings.GetValueOrDefault("Asked") + after.Mappings.GetValueOrDefault("Lingering"));
        Assert.Equal(2, after.Live);
        // One may ask the kernel about paths by now.
        Assert.InRange(tunnel.Relay.Sockets, files, files + 1);

        // They did arrive: garbage is dropped, the rest is the client's to judge.
        Assert.True(after.Downlink.Dropped.GetValueOrDefault("NotWireGuard") > Ports / Known * 0.8, report);
        Assert.True(after.Downlink.Passed - before.Downlink.Passed > Ports / Known * 3, report);
        await tunnel.Relay.StopAsync();
    }

    [NetnsFact]
    public async Task Whoever_also_knows_the_public_key_can_answer_himself_and_holds_a_slot_that_goes_nowhere()
    {
        const uint asked = 0xA51;
        const uint answered = 0xA52;
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 20);
        Socket stranger = tunnel.Topology.Own(tunnel.Stranger.Space.Udp(tunnel.Stranger.Address(AddressFamily.InterNetwork)));
        stranger.Connect(new IPEndPoint(tunnel.Stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        await stranger.SendAsync(tunnel.MintInitiation(asked));
        byte[] answer = WireMessages.Response(answered, asked);
        using Flood flood = Forge(tunnel, PerSecond, number => FirstPort + (int)(number % Ports), _ => answer);
        byte[] received = new byte[2048];
        int length = await stranger.ReceiveAsync(received, TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        flood.Stop();
        Assert.Equal(answer, received[..length]);
        await stranger.SendAsync(WireMessages.Transport(answered));
        RelayStatus held = await tunnel.Relay.StatusAsync();
        await tunnel.NewcomerIsServedAsync();
        ProbeAccount account = await stream.StopAsync();
        string report = $"{flood.Sent} forged, {flood.PerSecond:0}/s: {account}; {held}";
        Measured.Write(report);
        Assert.True(account.Lost * 100 < account.Sent, report);
        Assert.Equal(1, held.Mappings["Confirmed"]);
        Assert.Equal(1, held.Mappings.GetValueOrDefault("Answered") + held.Mappings.GetValueOrDefault("Established"));
        Assert.Equal(0, stranger.Available);
        await tunnel.Relay.StopAsync();
    }

    [NetnsFact]
    public async Task Where_only_peers_are_served_a_forged_answer_needs_a_listed_public_key()
    {
        const uint asked = 0xA51;
        using Tunnel tunnel = await Tunnel.StartAsync(onlyPeer: "alice-phone");
        await tunnel.ConnectAsync();
        await tunnel.Relay.SaysAsync($" info client {tunnel.Client.Host.Address(AddressFamily.InterNetwork)}:{tunnel.Client.Port} (alice-phone) has a tunnel");

        // The server knows this client, but the relay does not list it.
        WireGuardInterface unlisted = await tunnel.AddClientAsync();
        unlisted.AddPeer(tunnel.Server, new IPEndPoint(unlisted.Host.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        using ProbeStream refused = new(unlisted, tunnel.Responder, perSecond: 10);
        await Eventually.TrueAsync(
            () => tunnel.Relay.Status().Downlink.Dropped.GetValueOrDefault("NotAPeer") > 0, TimeSpan.FromSeconds(10), () => $"a refused answer; {tunnel.Relay.Status()}");
        Assert.Equal(0, refused.Arrived);

        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 20);
        Socket stranger = tunnel.Topology.Own(tunnel.Stranger.Space.Udp(tunnel.Stranger.Address(AddressFamily.InterNetwork)));
        stranger.Connect(new IPEndPoint(tunnel.Stranger.Relay(AddressFamily.InterNetwork), Tunnel.Port));
        await stranger.SendAsync(tunnel.MintInitiation(asked));
        long before = tunnel.Relay.Status().Downlink.Dropped.GetValueOrDefault("NotAPeer");
        byte[] answer = WireMessages.Response(0xA52, asked, new Mac1(WireGuardKey.New().Parse()));
        byte[] listed = WireMessages.Response(0xA53, asked, new Mac1(tunnel.Client.Key.Parse()));
        long tries = 0;
        RelayStatus held;
        using (Flood flood = Forge(tunnel, PerSecond, number => FirstPort + (int)(number % Ports), _ => answer))
        {
            await Eventually.TrueAsync(() => flood.Sent >= 3L * Ports, TimeSpan.FromSeconds(15), () => $"{flood.Sent} sent");
            held = await tunnel.Relay.StatusAsync();
            tries = held.Downlink.Dropped.GetValueOrDefault("NotAPeer") - before;
            flood.Stop();
        }

        ProbeAccount account = await stream.StopAsync();
        string report = $"{tries} answers to the stranger refused: {account}; {held}";
        Measured.Write(report);
        Assert.InRange(tries, 1, int.MaxValue);
        Assert.True(account.Lost * 100 < account.Sent, report);
        Assert.Equal(0, held.Mappings.GetValueOrDefault("Answered") + held.Mappings.GetValueOrDefault("Established"));
        Assert.Equal(0, stranger.Available);

        // A listed public key is no secret: every peer knows its own.
        await stranger.SendAsync(tunnel.MintInitiation(asked));
        using Flood second = Forge(tunnel, PerSecond, number => FirstPort + (int)(number % Ports), _ => listed, route: false);
        byte[] received = new byte[2048];
        int length = await stranger.ReceiveAsync(received, TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        second.Stop();
        Assert.Equal(listed, received[..length]);
        await tunnel.Relay.StopAsync();
    }

    private static Flood Forge(Tunnel tunnel, int perSecond, Func<long, int> port, Func<long, byte[]> message, bool route = true)
    {
        IPEndPoint server = new(tunnel.Server.Host.Address(AddressFamily.InterNetworkV6), Tunnel.Port);
        IPAddress relay = tunnel.Server.Host.Relay(AddressFamily.InterNetworkV6);
        if (route)
        {
            tunnel.Stranger.Space.Ip(
                "-6", "route", "add", $"{relay}/128", "via", $"{tunnel.Stranger.Relay(AddressFamily.InterNetworkV6)}");
        }

        return new Flood(
            tunnel.Stranger.Space,
            relay,
            perSecond,
            (number, packet) => Forgery.WriteUdp(packet, server, new IPEndPoint(relay, port(number)), message(number)));
    }
}
