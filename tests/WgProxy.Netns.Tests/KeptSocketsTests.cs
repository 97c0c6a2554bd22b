using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Netns.Tests;

/// <summary>The relay's listening sockets wait with systemd while there is no relay, and what arrives meanwhile waits in them.</summary>
[Collection(Loud.Name)]
public sealed class KeptSocketsTests
{
    private const string Restarts = "Restart=on-failure\nRestartSec=1\n";
    private const string Keeps = "FileDescriptorStoreMax=64\n";
    private const string Listens = "Listen = [::]:51820";
    private const int Times = 5;
    private const string GoOn = " listening sockets go on from the relay before";
    private static readonly TimeSpan Trial = TimeSpan.FromSeconds(30);

    // Ten datagrams for each second without a relay, and a second at least: a busy machine makes it ten, and wireguard-go's socket holds some 270
    // at once. Those on their way back from the server at the end are lost, whatever is kept.
    [SystemdFact]
    public async Task What_comes_while_there_is_no_relay_is_carried_by_the_next() => await BestOf.ThreeAsync(async () =>
    {
        using ServiceStage stage = await ServiceStage.StartAsync(Restarts + Keeps, Listens);
        (int lost, TimeSpan silence) = await KillAsync(stage, perSecond: 10);
        Assert.True(silence > TimeSpan.FromSeconds(0.9) && lost <= 2, $"{lost} lost, silent for {silence}\n{stage.Lines()}");
        Assert.Contains(GoOn, stage.Lines(), StringComparison.Ordinal);
        int process = stage.Host.MainProcess();
        stage.Host.Control("restart", ServiceStage.Unit);
        await stage.SaysAsync(GoOn, times: 2);
        Assert.NotEqual(process, stage.Host.MainProcess());

        // Other workers: the kept sockets do not fit, and none is left in the new ones' way.
        stage.Configure($"{Listens}\nWorkers = 3");
        stage.Host.Control("restart", ServiceStage.Unit);
        bool isLinux = RelayProcess.Engine is "linux";
        await stage.SaysAsync(isLinux ? " kept listening sockets are closed, because they do not fit" : GoOn, times: isLinux ? 1 : 3);
        using ProbeStream stream = new(stage.Client, stage.Responder, perSecond: 10);
        await Eventually.TrueAsync(() => stream.Arrived > 5, TimeSpan.FromSeconds(20), stage.Lines);

        // A stop ends the keeping: the port is free.
        stage.Host.Control("stop", ServiceStage.Unit);
        Assert.Equal("0", stage.Host.Property("NFileDescriptorStore"));
        stage.Configure(Listens);
        stage.Host.Control("start", ServiceStage.Unit);
        Assert.DoesNotContain(" another program uses ", stage.Lines(), StringComparison.Ordinal);
    });

    [SystemdFact]
    public async Task A_socket_unit_hands_over_what_has_come() => await BestOf.ThreeAsync(async () =>
    {
        using ServiceStage stage = await ServiceStage.StartAsync(
            "Restart=on-failure\nRestartSec=1\n", "MaxMappings = 100", "ListenDatagram=0.0.0.0:51820\nFileDescriptorName=front");
        await stage.SaysAsync(" as \"front\"");
        (int lost, TimeSpan silence) = await KillAsync(stage, perSecond: 10);
        Assert.True(silence > TimeSpan.FromSeconds(0.9) && lost <= 2, $"{lost} lost, silent for {silence}\n{stage.Lines()}");
    });

    [LongFact]
    public Task Five_times_restarted_with_kept_sockets() => RestartAsync(Keeps, isKilled: false, median: 1, most: 2, least: 0);

    [LongFact]
    public Task Five_times_killed_with_kept_sockets() => RestartAsync(Keeps, isKilled: true, median: 1, most: 2, least: 0);

    // The control: a second of RestartSec= is ten echoes.
    [LongFact]
    public Task Five_times_killed_without() => RestartAsync("", isKilled: true, median: 300, most: 300, least: 9);

    // The socket is closed when the relay ends, and bound again at once. What comes then waits for the relay.
    [LongFact]
    public async Task Five_times_killed_and_started_by_systemd_socket_activate() => await BestOf.ThreeAsync(async () =>
    {
        string state = Path.Combine(Path.GetTempPath(), $"wgproxy-activated-{Guid.NewGuid():N}");
        using Tunnel tunnel = await Tunnel.StartAsync(state: state);
        await tunnel.ConnectAsync();
        List<ProbeAccount> accounts = [];
        for (int i = 0; i < Times; i++)
        {
            using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 10);
            await Eventually.TrueAsync(() => stream.Arrived >= 20, TimeSpan.FromSeconds(10), "echoes before");
            await tunnel.RestartAsync(Libc.SIGKILL, state, isActivated: true);
            await Eventually.TrueAsync(() => stream.Elapsed >= Trial, 2 * Trial, "time");
            accounts.Add(await stream.StopAsync());
        }

        await tunnel.Relay.StopAsync();
        Directory.Delete(state, recursive: true);
        Judge("systemd-socket-activate, SIGKILL", accounts, median: 1, most: 2, least: 0);
    });

    private static Task RestartAsync(string service, bool isKilled, int median, int most, int least) => BestOf.ThreeAsync(async () =>
    {
        Assert.SkipWhen(SystemdHost.Missing is not null, SystemdHost.Missing ?? "");
        using ServiceStage stage = await ServiceStage.StartAsync(Restarts + service, Listens);
        List<ProbeAccount> accounts = [];
        for (int i = 0; i < Times; i++)
        {
            using ProbeStream stream = new(stage.Client, stage.Responder, perSecond: 10);
            await Eventually.TrueAsync(() => stream.Arrived >= 20, TimeSpan.FromSeconds(10), stage.Lines);
            await RestartAsync(stage, isKilled);
            await Eventually.TrueAsync(() => stream.Elapsed >= Trial, 2 * Trial, "time");
            accounts.Add(await stream.StopAsync());
        }

        Judge($"{(service.Length > 0 ? "kept" : "not kept")}, {(isKilled ? "SIGKILL and RestartSec=1" : "systemctl restart")}", accounts, median, most, least);
    });

    private static void Judge(string what, List<ProbeAccount> accounts, int median, int most, int least)
    {
        int[] lost = [.. accounts.Select(account => account.Lost)];
        string report = $"{what}: lost of 300: {string.Join(", ", lost)}; silent for {string.Join(", ", accounts.Select(account => $"{account.LongestSilence.TotalSeconds:0.0}"))} s";
        Measured.Write(report);
        Assert.True(lost.Order().ElementAt(Times / 2) <= median && lost.Max() <= most && lost.Min() >= least, report);
    }

    private static async Task<(int Lost, TimeSpan Silence)> KillAsync(ServiceStage stage, int perSecond)
    {
        using ProbeStream stream = new(stage.Client, stage.Responder, perSecond);
        await Eventually.TrueAsync(() => stream.Arrived > perSecond, TimeSpan.FromSeconds(10), stage.Lines);
        await RestartAsync(stage, isKilled: true);
        int arrived = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived > arrived + (2 * perSecond), TimeSpan.FromSeconds(20), stage.Lines);
        ProbeAccount account = await stream.StopAsync();
        stage.Host.Control("kill", "--signal=USR1", ServiceStage.Unit);
        await stage.SaysAsync(" status: ");
        Measured.Write($"SIGKILL and a second without a relay: {account}; silent for {account.LongestSilence.TotalSeconds:0.00} s");
        return (account.Lost, account.LongestSilence);
    }

    private static async Task RestartAsync(ServiceStage stage, bool isKilled)
    {
        int process = stage.Host.MainProcess();
        int starts = stage.Lines().Split(" relays from ").Length;
        if (isKilled)
        {
            Assert.True(Libc.Signal(process, Libc.SIGKILL));
        }
        else
        {
            stage.Host.Control("restart", ServiceStage.Unit);
        }

        await stage.SaysAsync(" relays from ", starts);
    }
}
