namespace WgProxy.Netns.Tests;

/// <summary>All clients are answered by one listening socket. The link to one of them is full: that is this client's loss,
/// and holds up nobody else.</summary>
[Collection(Loud.Name)]
public sealed class FullLinkTests
{
    // Six of the datagrams below a second: where sends waited for room, they would wait for minutes.
    private const string Rate = "64kbit";
    private const int FloodSize = 1_250;
    private const double HalfAsMuchAgain = 9;

    // A queue that drops by itself soon, and one that takes all that the listening socket's send buffer holds, so that it is
    // this buffer that is full. 14 MiB at most are eleven thousand datagrams.
    private const int ShortQueue = 60_000;
    private const int LongQueue = 100_000_000;
    private const int Filling = 12_000;
    private const int FillingPerSecond = 4_000;

    private static readonly TimeSpan Lasting = TimeSpan.FromSeconds(5);

    [NetnsTheory]
    [InlineData(ShortQueue)]
    [InlineData(LongQueue)]
    public Task A_client_behind_a_full_link_holds_up_nobody_else(int queue) =>
        BestOf.ThreeAsync(() => A_client_behind_a_full_link_holds_up_nobody_else_once(queue));

    private async Task A_client_behind_a_full_link_holds_up_nobody_else_once(int queue)
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        WireGuardInterface slow = await tunnel.AddClientAsync();
        await tunnel.ConnectAsync();
        await tunnel.ConnectAsync(slow, TimeSpan.FromSeconds(5));
        string[] link = ["dev", slow.Host.RelayLink, "root"];
        tunnel.Topology.Relay.Tc(["qdisc", "add", .. link, "tbf", "rate", Rate, "burst", "5000", "limit", $"{queue}"]);
        using (ProbeStream filling = Send(tunnel.Server, slow, FillingPerSecond, FloodSize))
        {
            await Eventually.TrueAsync(
                () => filling.Sent - filling.Arrived > Filling, TimeSpan.FromSeconds(30), () => $"a full link; {filling.Sent} sent, {filling.Arrived} arrived");
        }

        using ProbeStream flood = Send(tunnel.Server, slow, HalfAsMuchAgain, FloodSize);
        using ProbeStream oneWay = Send(tunnel.Client, tunnel.Server, perSecond: 100, size: 200);
        using ProbeStream both = new(tunnel.Client, tunnel.Responder, perSecond: 50);
        await Eventually.TrueAsync(() => both.Elapsed > Lasting, Lasting * 2, "some seconds");
        ProbeAccount up = await oneWay.StopAsync();
        ProbeAccount echoes = await both.StopAsync();
        up.AssertNoneLost(atLeast: 400);

        RelayStatus full = await tunnel.Relay.StatusAsync();
        string report = $"queue of {queue} bytes: uplink of another {up}; of its {echoes.Sent} echoes {echoes.Lost} lost; {full}";
        Measured.Write(report);
        Assert.Equal(queue == LongQueue, full.Faults.ContainsKey("SendFailed"));

        // Where the socket's own buffer is full, others' answers find room only as often as the link takes a datagram.
        Assert.True(queue == LongQueue || echoes.Lost == 0, report);

        tunnel.Topology.Relay.Tc(["qdisc", "del", .. link]);
        await tunnel.NewcomerIsServedAsync();
        await tunnel.Relay.StopAsync();
    }

    // One way, to whoever listens inside the other's end of the tunnel.
    private static ProbeStream Send(WireGuardInterface from, WireGuardInterface to, double perSecond, int size)
    {
        Socket sink = to.Host.Space.Udp(to.Inner);
        return new ProbeStream(from.Host.Space.Udp(from.Inner), (IPEndPoint)sink.LocalEndPoint!, sink, perSecond, size);
    }
}
