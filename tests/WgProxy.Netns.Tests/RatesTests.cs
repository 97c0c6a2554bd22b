using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Netns.Tests;

/// <summary>Rates, as TCP through a tunnel meets them: it gets nearly all that the rate lets pass, and not more; others are not held up.</summary>
[Collection(Loud.Name)]
public sealed class RatesTests
{
    private const int Seconds = 8;

    // What the rate lets pass in a second passes at once, at the beginning.
    private const int Burst = 1;

    // Of 1,420 bytes inside a tunnel, TCP carries 1,368 (40 of IP and TCP, 12 of time stamps); the relay counts 1,452.
    private const double OfPayload = 1_368.0 / 1_452;

    /// <summary>Each rate, with one flow and eight, at once and over 40 ms, both ways.</summary>
    public static TheoryData<int, int, int, bool> All =>
    [
        .. from megabits in (int[])[10, 50, 200]
           from flows in (int[])[1, 8]
           from milliseconds in (int[])[0, 40]
           from isDown in (bool[])[false, true]
           select (megabits, flows, milliseconds, isDown),
    ];

    [NetnsTheory]
    [InlineData(10, 1, 0, false)]
    [InlineData(10, 8, 40, true)]
    public Task Tcp_gets_nearly_all_of_a_rate_and_not_more(int megabits, int flows, int milliseconds, bool isDown) =>
        BestOf.ThreeAsync(() => OnceAsync(megabits, flows, milliseconds, isDown));

    // The handshake names the tunnel before it carries anything.
    [NetnsFact]
    public Task Tcp_gets_nearly_all_of_a_peers_rate_and_not_more() =>
        BestOf.ThreeAsync(() => OnceAsync(10, flows: 1, milliseconds: 0, isDown: true, "[Peer]\nName = alice\nPublicKey = CLIENT\nRate = 10mbit"));

    [LongTheory]
    [MemberData(nameof(All))]
    public Task Tcp_gets_nearly_all_of_any_rate_and_not_more(int megabits, int flows, int milliseconds, bool isDown) =>
        BestOf.ThreeAsync(() => OnceAsync(megabits, flows, milliseconds, isDown));

    private static async Task OnceAsync(int megabits, int flows, int milliseconds, bool isDown, string? lines = null)
    {
        using Tunnel tunnel = await Tunnel.StartAsync(lines: lines ?? $"TunnelRate = {megabits}mbit");
        using DelayLine line = new(tunnel.Client.Host.Space, tunnel.Front, TimeSpan.FromMilliseconds(milliseconds / 2.0));
        tunnel.Client.AddPeer(tunnel.Server, milliseconds == 0 ? tunnel.Front : line.Address);
        WireGuardInterface neighbour = await tunnel.AddClientAsync();
        await tunnel.ConnectAsync(neighbour, TimeSpan.FromSeconds(10));
        using ProbeStream beside = new(neighbour, tunnel.Responder, perSecond: 100);
        Transfer transfer = await Transfer.StartAsync(tunnel.Topology, tunnel.Client, tunnel.Server, Seconds, reverse: isDown, flows: flows);
        (double got, _) = await transfer.EndAsync();
        ProbeAccount echoes = await beside.StopAsync();
        RelayStatus status = await tunnel.Relay.StatusAsync();
        double share = got / (megabits * OfPayload * (Seconds + Burst) / Seconds);
        string report = $"{megabits} Mbit/s, {flows} flows, {milliseconds} ms, {(isDown ? "down" : "up")}: {got:0.0} Mbit/s, {share:P0} of the rate; beside it {echoes}; {status}";
        Measured.Write(report);
        Assert.True(share is > 0.85 and < 1.03, report);
        Assert.Empty(status.Faults);

        // At 10 Mbit/s none is lost. Of bursts of 6 and 25 MB, wireguard-go or the host lost 2 to 11 echoes of 800, while the relay had no fault.
        Assert.True(echoes.Lost <= (megabits == 10 ? 1 : echoes.Sent / 50), report);
    }
}
