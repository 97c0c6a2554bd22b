namespace WgProxy.Netns.Tests;

/// <summary>The relay ends while a tunnel gets new keys, and another takes its place with its state directory.</summary>
[Collection(Loud.Name)]
public sealed class RekeyRestartTests : IDisposable
{
    private const string Asks = "Sending handshake initiation";
    private const string IsAnswered = "Received handshake response";
    private const int Clients = 5;
    private const int ProbesPerSecond = 10;

    // Of the server, each way: its answer comes long after the next relay serves.
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(1);

    // WireGuard renews its keys after 120 s (REKEY_AFTER_TIME); each client begins so much after the one before.
    private static readonly TimeSpan Apart = TimeSpan.FromSeconds(20);

    private readonly string _state = Path.Combine(Path.GetTempPath(), $"wgproxy-state-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_state))
        {
            Directory.Delete(_state, recursive: true);
        }
    }

    // A client that hears nothing for 15 s asks for new keys, and uses the old ones meanwhile (WireGuard, section 6.5). So the server's keepalives are
    // kept from it. Its initiation passed the relay before, whose successor does not know it (decision 45): the answer is lost, and nothing else.
    [NetnsFact]
    public Task Killed_between_initiation_and_answer_it_costs_what_a_restart_costs() => BestOf.ThreeAsync(async () =>
    {
        Dispose();
        using Tunnel tunnel = await Tunnel.StartAsync(state: _state, away: Away);
        await tunnel.ConnectAsync();
        tunnel.Client.Host.Space.Nft("table ip silence {\n chain in {\n type filter hook input priority filter;\n udp sport 51820 udp length 40 drop\n }\n}\n");
        using ProbeStream up = new(
            tunnel.Client.Host.Space.Udp(tunnel.Client.Inner), new(tunnel.Server.Inner, 9), tunnel.Server.Host.Space.Udp(tunnel.Server.Inner, 9), ProbesPerSecond, size: 64);
        int asked = Count(tunnel.Client, Asks);
        int answered = Count(tunnel.Client, IsAnswered);
        await Eventually.TrueAsync(() => Count(tunnel.Client, Asks) > asked, TimeSpan.FromSeconds(20), "the client asks for new keys");
        await tunnel.RestartAsync(Libc.SIGKILL, _state);
        await tunnel.Relay.SaysAsync(" go on from ");
        Assert.Equal(answered, Count(tunnel.Client, IsAnswered));
        await Eventually.TrueAsync(() => Count(tunnel.Client, IsAnswered) > answered, TimeSpan.FromSeconds(12), "new keys");
        int arrived = up.Arrived;
        await Eventually.TrueAsync(() => up.Arrived > arrived + ProbesPerSecond, TimeSpan.FromSeconds(10), "probes with new keys");
        ProbeAccount account = await up.StopAsync();
        string report = $"killed before the answer: asked {Count(tunnel.Client, Asks) - asked} times; {account}; {tunnel.Relay.Status()}";
        Measured.Write(report);
        Assert.True(account.Lost <= 2 * ProbesPerSecond && Count(tunnel.Client, Asks) <= asked + 2, report);
        await tunnel.Relay.StopAsync();
    });

    [LongTheory]
    [InlineData(Libc.SIGTERM)]
    [InlineData(Libc.SIGKILL)]
    public async Task Restarted_within_a_second_of_each_renewal_of_keys(int signal)
    {
        using Tunnel tunnel = await Tunnel.StartAsync(state: _state);
        List<WireGuardInterface> clients = [];
        List<ProbeStream> streams = [];
        while (clients.Count < Clients)
        {
            WireGuardInterface client = await tunnel.AddClientAsync();
            client.AddPeer(tunnel.Server, new IPEndPoint(client.Host.Relay(AddressFamily.InterNetwork), Tunnel.Port));
            ProbeStream stream = tunnel.Topology.Own(new ProbeStream(client, tunnel.Responder, ProbesPerSecond));
            await Eventually.TrueAsync(() => stream.Arrived > 0, TimeSpan.FromSeconds(20), "a first echo");
            clients.Add(client);
            streams.Add(stream);
            await ElapsedAsync(stream, Apart);
        }

        int[] before = [.. clients.Select(client => Count(client, Asks))];
        List<TimeSpan[]> instants = [];
        for (int i = 0; i < Clients; i++)
        {
            await Eventually.TrueAsync(() => Count(clients[i], Asks) > before[i], TimeSpan.FromSeconds(125), "a renewal of keys");
            instants.Add([.. streams.Select(stream => stream.Elapsed)]);
            await tunnel.RestartAsync(signal, _state);
            await tunnel.Relay.SaysAsync(" go on from ");
        }

        await ElapsedAsync(streams[^1], Apart);
        List<ProbeAccount> accounts = [];
        foreach (ProbeStream stream in streams)
        {
            accounts.Add(await stream.StopAsync());
        }

        TimeSpan early = TimeSpan.FromSeconds(0.5);
        int[] own = [.. instants.Select((at, i) => accounts[i].LostBetween(at[i] - early, at[i] + Apart - early))];
        int[] others = [.. instants.Select((at, i) => accounts.Index().Max(one => one.Index == i ? 0 : one.Item.LostBetween(at[one.Index] - early, at[one.Index] + Apart - early)))];
        string report = $"signal {signal} within a second of a renewal: lost of each 200 echoes of the client that renewed {string.Join(", ", own)}; of the worst of the others {string.Join(", ", others)}; "
            + $"asked {string.Join(", ", clients.Select((client, i) => Count(client, Asks) - before[i]))} times; longest silence {accounts.Max(account => account.LongestSilence).TotalMilliseconds:0} ms";
        Measured.Write(report);

        // How long the next relay takes to start is the machine's, and the same for all. The renewal adds nothing: its answer arrived, and only once.
        Assert.All(own.Zip(others), lost => Assert.True(lost.First <= lost.Second + 1 && lost.Second <= ProbesPerSecond, report));
        Assert.All(clients.Zip(before), client => Assert.True(Count(client.First, Asks) == client.Second + 1, report));
        await tunnel.Relay.StopAsync();
    }

    private static int Count(WireGuardInterface end, string what) => end.Lines.Count(line => line.Contains(what, StringComparison.Ordinal));

    private static Task<TimeSpan> ElapsedAsync(ProbeStream stream, TimeSpan time)
    {
        TimeSpan end = stream.Elapsed + time;
        return Eventually.TrueAsync(() => stream.Elapsed >= end, time + TimeSpan.FromSeconds(5), "time");
    }
}
