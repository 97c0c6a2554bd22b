namespace WgProxy.Netns.Tests;

/// <summary>Whoever knows the public key and forges the client's own address, a thousand times a second: the client's
/// stream goes on, and its next handshake comes through.</summary>
[Collection(Loud.Name)]
public sealed class SpoofedClientTests
{
    private const int PerSecond = 1_000;

    // The client is sent a cookie, and comes back with it after 5 s and up to a third of a second.
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(6.5);

    [NetnsFact]
    public Task A_flood_under_the_clients_address_stops_neither_its_stream_nor_its_next_handshake() =>
        BestOf.ThreeAsync(() => A_flood_under_the_clients_address_stops_neither_its_stream_nor_its_next_handshake_once());

    private async Task A_flood_under_the_clients_address_stops_neither_its_stream_nor_its_next_handshake_once()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        await tunnel.ConnectAsync();
        IPEndPoint? endpoint = tunnel.Server.Peer(tunnel.Client).Endpoint;
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 20);
        using Flood flood = Forge(tunnel);
        await Eventually.TrueAsync(() => stream.Elapsed > TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(10), "eight seconds");
        ProbeAccount during = await stream.StopAsync();

        // A rekey would come after 120 s. Forgetting the peer brings one at once, from the same port, to the same mapping.
        int port = tunnel.Client.Port;
        tunnel.Client.RemovePeer(tunnel.Server);
        TimeSpan taken = await tunnel.ConnectAsync(tunnel.Client, TimeSpan.FromSeconds(20));
        flood.Stop();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        string report = $"{flood.PerSecond:0}/s: {during}; echoes {taken.TotalSeconds:0.0} s after a new handshake was due; {after}";
        Measured.Write(report);

        Assert.True(flood.PerSecond > PerSecond * 0.8, report);
        Assert.True(during.Lost * 100 < during.Sent, report);
        Assert.Equal(port, tunnel.Client.Port);
        Assert.True(taken < Handshake, report);

        // Of the forged, no more than the mapping's bucket holds reached the server: 3 at once, 1/s; and one was the client's.
        int judged = tunnel.Server.Lines.Count(line => line.Contains("invalid initiation", StringComparison.Ordinal));
        Assert.InRange(judged, 5, 3 + (int)flood.Seconds + 1);
        Assert.Equal(1, after.Live);
        Assert.Equal(endpoint, tunnel.Server.Peer(tunnel.Client).Endpoint);
        await tunnel.Relay.StopAsync();
    }

    [LongFact]
    public async Task A_flood_under_the_clients_address_does_not_stop_its_rekey()
    {
        // WireGuard rekeys when a key is 120 s old (REKEY_AFTER_TIME), and does without it for 60 s more.
        TimeSpan twoRekeys = TimeSpan.FromSeconds(260);
        using Tunnel tunnel = await Tunnel.StartAsync();
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        await tunnel.ConnectAsync();
        long first = tunnel.Server.Peer(tunnel.Client).LatestHandshake;
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 10);
        using Flood flood = Forge(tunnel);
        await Eventually.TrueAsync(() => stream.Elapsed > twoRekeys, twoRekeys + TimeSpan.FromSeconds(10), "two rekeys");
        flood.Stop();
        ProbeAccount account = await stream.StopAsync();
        long last = tunnel.Server.Peer(tunnel.Client).LatestHandshake;
        string report = $"{flood.PerSecond:0}/s: {account}; last handshake {last - first} s after the first; {await tunnel.Relay.StatusAsync()}";
        Measured.Write(report);
        Assert.True(account.Lost * 100 < account.Sent, report);
        Assert.True(last - first >= 240, report);
        await tunnel.Relay.StopAsync();
    }

    private static Flood Forge(Tunnel tunnel)
    {
        IPEndPoint forged = new(tunnel.Client.Host.Address(AddressFamily.InterNetwork), tunnel.Client.Port);
        tunnel.Stranger.Space.Ip(
            "route", "add", $"{tunnel.Front.Address}/32", "via", $"{tunnel.Stranger.Relay(AddressFamily.InterNetwork)}");
        return new Flood(tunnel.Stranger, tunnel.Front, PerSecond, _ => forged, Attackers.Initiations(tunnel));
    }
}
