using System.Globalization;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Netns.Tests;

/// <summary>Rates, as TCP through a tunnel meets them: it gets nearly all that the rate lets pass, and not more; others are not held up.</summary>
[Collection(Loud.Name)]
public sealed class RatesTests
{
    private const int Seconds = 8;

    // What the rate lets pass in a second passes at once, at the beginning.
    private const int Burst = 1;
    private const int Rounds = 3;

    // Of 1,420 bytes inside a tunnel, TCP carries 1,368 (40 of IP and TCP, 12 of time stamps); the relay counts 1,452.
    private const double OfPayload = 1_368.0 / 1_452;

    /// <summary>What is between the client and its server.</summary>
    public enum Middle
    {
        /// <summary>The relay, with a rate for the client's tunnel.</summary>
        Rate,

        /// <summary>The relay without a rate: what the rig itself carries.</summary>
        Open,

        /// <summary>The same, where iperf3 sends as much as the rate would let pass: what a neighbour meets.</summary>
        Paced,

        /// <summary>The kernel's NAT, where nftables lets pass as much of the client's, with the same burst.</summary>
        Nat,
    }

    /// <summary>Each rate, with one flow and eight, at once and over 40 ms, both ways. The highest also with flows that do not take loss for congestion.</summary>
    public static TheoryData<int, int, int, bool, string> All =>
    [
        .. from congestion in (string[])["cubic", "bbr"]
           from megabits in (int[])[10, 50, 200]
           where congestion is "cubic" || megabits == 200
           from way in Ways()
           select (megabits, way.Flows, way.Milliseconds, way.IsDown, congestion),
    ];

    /// <summary>The same of the highest rate.</summary>
    public static TheoryData<int, int, bool> Highest => [.. Ways()];

    [NetnsTheory]
    [InlineData(10, 1, 0, false)]
    [InlineData(10, 8, 40, true)]
    public Task Tcp_gets_nearly_all_of_a_rate_and_not_more(int megabits, int flows, int milliseconds, bool isDown) =>
        BestOf.ThreeAsync(() => JudgeAsync(megabits, flows, milliseconds, isDown, "cubic"));

    // The handshake names the tunnel before it carries anything.
    [NetnsFact]
    public Task Tcp_gets_nearly_all_of_a_peers_rate_and_not_more() =>
        BestOf.ThreeAsync(() => JudgeAsync(10, flows: 1, milliseconds: 0, isDown: true, "cubic", "[Peer]\nName = alice\nPublicKey = CLIENT\nRate = 10mbit"));

    [LongTheory]
    [MemberData(nameof(All))]
    public Task Tcp_gets_nearly_all_of_any_rate_and_not_more(int megabits, int flows, int milliseconds, bool isDown, string congestion) =>
        BestOf.ThreeAsync(() => JudgeAsync(megabits, flows, milliseconds, isDown, congestion));

    // The machine bounds what all of them get, so they take turns.
    [LongTheory]
    [MemberData(nameof(Highest))]
    public async Task At_200_megabits_a_rate_costs_what_the_kernels_own_limit_costs(int flows, int milliseconds, bool isDown)
    {
        Dictionary<Middle, List<double>> shares = Enum.GetValues<Middle>().ToDictionary(middle => middle, _ => new List<double>());
        for (int round = 0; round < Rounds; round++)
        {
            foreach (Middle middle in Enum.GetValues<Middle>())
            {
                shares[middle].Add((await OnceAsync(middle, 200, flows, milliseconds, isDown, "cubic")).Share);
            }
        }

        Dictionary<Middle, double> medians = shares.ToDictionary(one => one.Key, one => one.Value.Order().ElementAt(Rounds / 2));
        string report = $"200 Mbit/s, {flows} flows, {milliseconds} ms, {(isDown ? "down" : "up")}: "
            + string.Join("; ", shares.Select(one => $"{one.Key} {string.Join(", ", one.Value.Select(share => $"{100 * share:0}"))} %"));
        Measured.Write(report);
        Assert.True(medians[Middle.Rate] > 0.85 * Math.Min(1, medians[Middle.Nat]), report);
    }

    private static IEnumerable<(int Flows, int Milliseconds, bool IsDown)> Ways() =>
        from flows in (int[])[1, 8]
        from milliseconds in (int[])[0, 40]
        from isDown in (bool[])[false, true]
        select (flows, milliseconds, isDown);

    private static async Task JudgeAsync(int megabits, int flows, int milliseconds, bool isDown, string congestion, string? lines = null)
    {
        (double share, ProbeAccount echoes, string report) = await OnceAsync(Middle.Rate, megabits, flows, milliseconds, isDown, congestion, lines);
        Assert.True(share is > 0.85 and < 1.03, report);

        // At 10 Mbit/s none is lost. At 200, both processors are busy, and the controls lose some too.
        Assert.True(echoes.Lost <= (megabits == 10 ? 1 : echoes.Sent / 50), report);
    }

    private static async Task<(double Share, ProbeAccount Echoes, string Report)> OnceAsync(
        Middle middle, int megabits, int flows, int milliseconds, bool isDown, string congestion, string? lines = null)
    {
        using Tunnel tunnel = middle == Middle.Nat ? await Tunnel.StartBlindAsync(Blind.KernelNat)
            : await Tunnel.StartAsync(lines: lines ?? (middle == Middle.Rate ? $"TunnelRate = {megabits}mbit" : ""));
        if (middle == Middle.Nat)
        {
            tunnel.Blind.Limit(tunnel.Client.Host, megabits * 125_000L, megabits * 125_000L * Burst);
        }

        using DelayLine line = new(tunnel.Client.Host.Space, tunnel.Front, TimeSpan.FromMilliseconds(milliseconds / 2.0));
        tunnel.Client.AddPeer(tunnel.Server, milliseconds == 0 ? tunnel.Front : line.Address);
        WireGuardInterface neighbour = await tunnel.AddClientAsync();
        await tunnel.ConnectAsync(neighbour, TimeSpan.FromSeconds(10));
        WireGuardInterface[] ends = [tunnel.Client, tunnel.Server, neighbour];
        foreach (WireGuardInterface end in ends)
        {
            end.Widen();
        }

        using ProbeStream beside = new(neighbour, tunnel.Responder, perSecond: 100);
        Transfer transfer = await Transfer.StartAsync(
            tunnel.Topology, tunnel.Client, tunnel.Server, Seconds, isDown, middle == Middle.Paced ? megabits * (Seconds + Burst) / Seconds / flows : 0, flows, congestion);
        (double got, _) = await transfer.EndAsync();
        ProbeAccount echoes = await beside.StopAsync();
        RelayStatus? status = middle == Middle.Nat ? null : await tunnel.Relay.StatusAsync();
        double share = got / (megabits * OfPayload * (Seconds + Burst) / Seconds);
        string full = string.Join(", ", ends.Select(end => $"{end.Host.Role} {end.Host.Space.Snmp("UdpRcvbufErrors") + end.Host.Space.Snmp("Udp6RcvbufErrors")} and {end.Overflowed}"));
        string report = string.Create(CultureInfo.InvariantCulture,
            $"{middle}, {congestion}: {megabits} Mbit/s, {flows} flows, {milliseconds} ms, {(isDown ? "down" : "up")}: {got:0.0} Mbit/s, {100 * share:0} % of the rate; beside it {echoes.Sent} echoes, {echoes.Lost} lost, ")
            + string.Create(CultureInfo.InvariantCulture, $"half within {echoes.Took(0.5).TotalMilliseconds:0.0} ms, 99 % within {echoes.Took(0.99).TotalMilliseconds:0.0} ms; lost in sockets and interfaces of {full}; {status}");
        Measured.Write(report);
        Assert.True(status is null || status.Faults.Count == 0, report);
        return (share, echoes, report);
    }
}
