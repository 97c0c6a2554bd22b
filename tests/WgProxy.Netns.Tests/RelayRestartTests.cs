using WgProxy.Core.Journal;
using WgProxy.Core.Vocabulary;
using WgProxy.State;

namespace WgProxy.Netns.Tests;

/// <summary>The relay ends and another takes its place, with its state directory: tunnels go on.</summary>
[Collection(Loud.Name)]
public sealed class RelayRestartTests : IDisposable
{
    private const int Restarts = 5;
    private const int ProbesPerSecond = 10;

    private readonly string _state = Path.Combine(Path.GetTempPath(), $"wgproxy-state-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_state))
        {
            Directory.Delete(_state, recursive: true);
        }
    }

    // A second, where it is 15 without a state directory: how long a process takes to start depends on who else wants the processors.
    [NetnsTheory]
    [InlineData(Libc.SIGTERM, 0, false)]
    [InlineData(Libc.SIGKILL, 10_000, true)]
    public Task A_restart_costs_a_tunnel_a_moment(int signal, int strangers, bool areBusy) =>
        BestOf.ThreeAsync(() => RestartAsync(signal, strangers, areBusy, isFlooded: false, TimeSpan.FromSeconds(3), median: 10, most: 10));

    [LongTheory]
    [InlineData(Libc.SIGTERM, 0, false)]
    [InlineData(Libc.SIGKILL, 0, false)]
    [InlineData(Libc.SIGKILL, 10_000, false)]
    [InlineData(Libc.SIGKILL, 10_000, true)]
    public Task On_a_quiet_machine_it_costs_one_of_300_echoes(int signal, int strangers, bool isFlooded) =>
        BestOf.ThreeAsync(() => RestartAsync(signal, strangers, areBusy: false, isFlooded, TimeSpan.FromSeconds(30), median: 1, most: 2));

    [NetnsFact]
    public async Task Without_a_state_directory_a_restart_costs_15_seconds()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, ProbesPerSecond);
        await Eventually.TrueAsync(() => stream.Arrived >= 10, TimeSpan.FromSeconds(10), "echoes before");
        await tunnel.RestartAsync(Libc.SIGTERM, state: null);
        int before = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived >= before + 10, TimeSpan.FromSeconds(25), "echoes after");
        ProbeAccount account = await stream.StopAsync();
        Measured.Write($"without a state directory: {account}");
        Assert.InRange(account.LongestSilence, TimeSpan.FromSeconds(13), TimeSpan.FromSeconds(20));
        await tunnel.Relay.StopAsync();
    }

    private async Task RestartAsync(int signal, int strangers, bool areBusy, bool isFlooded, TimeSpan between, int median, int most)
    {
        Dispose();
        using Tunnel tunnel = await Tunnel.StartAsync(state: _state);
        WireGuardInterface silent = await tunnel.AddClientAsync();
        List<WireGuardInterface> newcomers = [];
        for (int i = 0; i < Restarts; i++)
        {
            newcomers.Add(await tunnel.AddClientAsync());
        }

        await tunnel.ConnectAsync();
        await tunnel.ConnectAsync(silent, TimeSpan.FromSeconds(5));
        if (strangers > 0)
        {
            await tunnel.RestartAsync(Libc.SIGKILL, _state, () => Plant(tunnel, strangers, areBusy));
            await tunnel.Relay.SaysAsync($" of {strangers + 2} mappings go on from ");
        }

        Socket sink = silent.Host.Space.Udp(silent.Inner, 9);
        using ProbeStream echoes = new(tunnel.Client, tunnel.Responder, ProbesPerSecond);
        using ProbeStream down = new(tunnel.Server.Host.Space.Udp(tunnel.Server.Inner), new(silent.Inner, 9), sink, ProbesPerSecond, size: 64);
        List<ProbeStream> fresh = [];
        List<TimeSpan[]> instants = [];
        List<string> said = [];
        Attackers.LetForgedIn(tunnel.Topology, tunnel.Stranger);
        using Flood? flood = isFlooded
            ? new(
                tunnel.Stranger,
                Attackers.Target(Origin.Anywhere, tunnel.Stranger),
                20_000,
                number => Attackers.Source(Origin.Anywhere, tunnel.Stranger, number),
                Attackers.Initiations(tunnel))
            : null;
        foreach (WireGuardInterface newcomer in newcomers)
        {
            newcomer.AddPeer(tunnel.Server, new IPEndPoint(newcomer.Host.Relay(AddressFamily.InterNetwork), Tunnel.Port));
            ProbeStream stream = tunnel.Topology.Own(new ProbeStream(newcomer, tunnel.Responder, ProbesPerSecond));
            fresh.Add(stream);
            await Eventually.TrueAsync(() => stream.Arrived > 0, TimeSpan.FromSeconds(20), "a newcomer's first echo");
            await ElapsedAsync(stream, TimeSpan.FromSeconds(1));
            instants.Add([echoes.Elapsed, down.Elapsed, stream.Elapsed]);
            await tunnel.RestartAsync(signal, _state);
            await tunnel.Relay.SaysAsync(" go on from ");
            said.Add(tunnel.Relay.Lines.First(line => line.Contains(" go on from ", StringComparison.Ordinal)).Split(_state)[1]);
            await ElapsedAsync(stream, between);
        }

        ProbeAccount[] accounts = [await echoes.StopAsync(), await down.StopAsync()];
        List<ProbeAccount> newer = [];
        foreach (ProbeStream stream in fresh)
        {
            newer.Add(await stream.StopAsync());
        }

        // What is sent just before the end may be under way then.
        TimeSpan early = TimeSpan.FromSeconds(0.5);
        int[] echo = [.. instants.Select(at => accounts[0].LostBetween(at[0] - early, at[0] + between))];
        int[] server = [.. instants.Select(at => accounts[1].LostBetween(at[1] - early, at[1] + between))];
        int[] young = [.. instants.Select((at, i) => newer[i].LostBetween(at[2] - early, at[2] + between))];
        string report = $"signal {signal}, {strangers} {(areBusy ? "busy" : "idle")} strangers{(isFlooded ? ", flooded" : "")}: lost of each {between.TotalSeconds * ProbesPerSecond:0}: "
            + $"echoes {Join(echo)}; server to a silent client {Join(server)}; of a tunnel made a second before {Join(young)}; "
            + $"longest silence {accounts.Max(account => account.LongestSilence).TotalMilliseconds:0} ms; restored {string.Join(" ", said)}";
        Measured.Write(report);
        foreach (int[] lost in new[] { echo, server, young })
        {
            Assert.True(lost.Order().ElementAt(Restarts / 2) <= median && lost.Max() <= most, report);
        }

        await tunnel.Relay.StopAsync();
    }

    // The clients' own ports are not the strangers'.
    private static List<ushort> Ports(FileStream file, int cells)
    {
        List<ushort> ports = [];
        byte[] cell = new byte[StateLayout.CellSize];
        for (int number = 0; number < cells; number++)
        {
            file.Position = StateLayout.OffsetOf(number);
            file.ReadExactly(cell);
            if (StateLayout.TryRead(cell, number, out MappingRecord record))
            {
                ports.Add(record.UpstreamPort);
            }
        }

        return ports;
    }

    private static string Join(int[] lost) => string.Join(", ", lost);

    private static Task<TimeSpan> ElapsedAsync(ProbeStream stream, TimeSpan time)
    {
        TimeSpan end = stream.Elapsed + time;
        return Eventually.TrueAsync(() => stream.Elapsed >= end, time + TimeSpan.FromSeconds(5), "time");
    }

    /// <summary>Writes records of clients that never were. Busy ones were used later than any other and are restored first; the others were last
    /// used a minute ago.</summary>
    private void Plant(Tunnel tunnel, int strangers, bool areBusy)
    {
        using FileStream file = File.Open(Path.Combine(_state, "mappings"), FileMode.Open, FileAccess.ReadWrite);
        int first = StateLayout.CellsIn(file.Length);
        ushort[] ports = [.. Enumerable.Range(33_000, strangers + first).Select(port => (ushort)port).Except(Ports(file, first))];
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        byte[] cell = new byte[StateLayout.CellSize];
        byte[] bytes = new byte[MappingRecord.Size];
        for (int i = 0; i < strangers; i++)
        {
            MappingRecord record = new()
            {
                Route = RouteKey.From(tunnel.Server.Key.Parse()),
                Source = Source.From(new IPEndPoint(new IPAddress([198, 18, (byte)(i >> 8), (byte)i]), 51_820)),
                Proof = Proof.Confirmed,
                UpstreamPort = ports[i],
                Server = new IPEndPoint(tunnel.Server.Host.Address(AddressFamily.InterNetworkV6), Tunnel.Port),
                Written = new JournalInstant(0, 0, now),
                ExpiresIn = 300_000,
                ValidAgo = areBusy ? 0 : 60_000,
            };
            record.Tunnel.Pairs[0] = new RecordedIndices
            {
                ServerIndex = 0x5000_0000u + (uint)i,
                ClientIndex = 0xC000_0000u + (uint)i,
                Remaining = 180_000,
                Marks = IndexMarks.IsPresent | IndexMarks.LeadsHere,
            };
            record.Write(bytes);
            StateLayout.WriteCell(cell, first + i, now + (areBusy ? 60_000 : -60_000) + i, bytes);
            file.Position = StateLayout.OffsetOf(first + i);
            file.Write(cell);
        }
    }
}
