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

    // The control. What does not know tunnels forwards what a client sends, and the server follows it to another port. Until then a server finds
    // nobody, unless conntrack has kept the flow.
    [LongTheory]
    [InlineData("nginx", Libc.SIGTERM)]
    [InlineData("nginx", Libc.SIGKILL)]
    [InlineData("nat", Libc.SIGTERM)]
    [InlineData("nat", Libc.SIGKILL)]
    public Task A_blind_relay_in_the_same_trial(string kind, int signal) => BestOf.ThreeAsync(async () =>
    {
        Blind blind = kind is "nginx" ? Blind.Nginx : Blind.KernelNat;
        using Tunnel tunnel = await Tunnel.StartBlindAsync(blind);
        Losses losses = await TrialAsync(tunnel, TimeSpan.FromSeconds(30), strangers: null, isFlooded: false, () => tunnel.Blind.RestartAsync(signal));
        string report = $"{kind}, signal {signal}: {losses}";
        Measured.Write(report);
        Assert.True(losses.Echoes.Concat(losses.Young).Max() <= 10, report);
        Assert.True(blind == Blind.KernelNat && signal == Libc.SIGTERM ? losses.Server.Max() <= 1 : losses.Server.Max() > 2, report);
    });

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
        List<string> said = [];
        Losses losses = await TrialAsync(tunnel, between, strangers == 0 ? null : PlantAsync, isFlooded, async () =>
        {
            await tunnel.RestartAsync(signal, _state);
            await tunnel.Relay.SaysAsync(" go on from ");
            said.Add(tunnel.Relay.Lines.First(line => line.Contains(" go on from ", StringComparison.Ordinal)).Split(_state)[1]);
        });
        string report = $"signal {signal}, {strangers} {(areBusy ? "busy" : "idle")} strangers{(isFlooded ? ", flooded" : "")}: lost of each {between.TotalSeconds * ProbesPerSecond:0}: {losses}; "
            + $"restored {string.Join(" ", said)}";
        Measured.Write(report);
        foreach (int[] lost in new[] { losses.Echoes, losses.Server, losses.Young })
        {
            Assert.True(lost.Order().ElementAt(Restarts / 2) <= median && lost.Max() <= most, report);
        }

        await tunnel.Relay.StopAsync();

        async Task PlantAsync()
        {
            await tunnel.RestartAsync(Libc.SIGKILL, _state, () => Plant(tunnel, strangers, areBusy));
            await tunnel.Relay.SaysAsync($" of {strangers + 2} mappings go on from ");
        }
    }

    private static async Task<Losses> TrialAsync(Tunnel tunnel, TimeSpan between, Func<Task>? strangers, bool isFlooded, Func<Task> restart)
    {
        WireGuardInterface silent = await tunnel.AddClientAsync();
        List<WireGuardInterface> newcomers = [];
        for (int i = 0; i < Restarts; i++)
        {
            newcomers.Add(await tunnel.AddClientAsync());
        }

        await tunnel.ConnectAsync();
        await tunnel.ConnectAsync(silent, TimeSpan.FromSeconds(5));
        if (strangers is not null)
        {
            await strangers();
        }

        Socket sink = silent.Host.Space.Udp(silent.Inner, 9);
        using ProbeStream echoes = new(tunnel.Client, tunnel.Responder, ProbesPerSecond);
        using ProbeStream down = new(tunnel.Server.Host.Space.Udp(tunnel.Server.Inner), new(silent.Inner, 9), sink, ProbesPerSecond, size: 64);
        List<ProbeStream> fresh = [];
        List<TimeSpan[]> instants = [];
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
            await restart();
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
        return new Losses(
            [.. instants.Select(at => accounts[0].LostBetween(at[0] - early, at[0] + between))],
            [.. instants.Select(at => accounts[1].LostBetween(at[1] - early, at[1] + between))],
            [.. instants.Select((at, i) => newer[i].LostBetween(at[2] - early, at[2] + between))],
            accounts.Max(account => account.LongestSilence));
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

    private sealed record Losses(int[] Echoes, int[] Server, int[] Young, TimeSpan Silence)
    {
        public override string ToString() => $"echoes {Join(Echoes)}; server to a silent client {Join(Server)}; of a tunnel made a second before {Join(Young)}; "
            + $"longest silence {Silence.TotalMilliseconds:0} ms";

        private static string Join(int[] lost) => string.Join(", ", lost);
    }
}
