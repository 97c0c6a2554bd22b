using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Netns.Tests;

/// <summary>The relay's listening sockets wait with systemd while there is no relay, and what arrives meanwhile waits in them.</summary>
[Collection(Loud.Name)]
public sealed class KeptSocketsTests
{
    private const string Restarts = "Restart=on-failure\nRestartSec=1\n";
    private const string Keeps = "FileDescriptorStoreMax=64\n";
    private const string Listens = "Listen = [::]:51820";
    private const string GoOn = " listening sockets go on from the relay before";

    // Some 50 datagrams for each second without a relay: wireguard-go's socket holds 277 of them at once. Those on their way back from the
    // server at the end are lost, whatever is kept.
    [SystemdFact]
    public async Task What_comes_while_there_is_no_relay_is_carried_by_the_next() => await BestOf.ThreeAsync(async () =>
    {
        using ServiceStage stage = await ServiceStage.StartAsync(Restarts + Keeps, Listens);
        (int lost, TimeSpan silence) = await KillAsync(stage, perSecond: 50);
        Assert.True(silence > TimeSpan.FromSeconds(0.9) && lost <= 5, $"{lost} lost, silent for {silence}\n{stage.Lines()}");
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
        (int lost, TimeSpan silence) = await KillAsync(stage, perSecond: 50);
        Assert.True(silence > TimeSpan.FromSeconds(0.9) && lost <= 5, $"{lost} lost, silent for {silence}\n{stage.Lines()}");
    });

    [LongTheory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Five_restarts_of_a_service(bool isKept, bool isKilled)
    {
        Assert.SkipWhen(SystemdHost.Missing is not null, SystemdHost.Missing ?? "");
        await BestOf.ThreeAsync(async () =>
        {
            using ServiceStage stage = await ServiceStage.StartAsync($"Restart=on-failure\nRestartSec=1\n{(isKept ? Keeps : "")}", Listens);
            List<int> slow = [];
            List<int> fast = [];
            for (int i = 0; i < 5; i++)
            {
                using ProbeStream few = new(stage.Client, stage.Responder, perSecond: 10);
                using ProbeStream many = new(stage.Client, stage.Responder, perSecond: 50);
                await Eventually.TrueAsync(() => few.Arrived >= 20, TimeSpan.FromSeconds(10), stage.Lines);
                await RestartAsync(stage, isKilled);
                await Eventually.TrueAsync(() => few.Elapsed >= TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(40), "time");
                slow.Add((await few.StopAsync()).Lost);
                fast.Add((await many.StopAsync()).Lost);
            }

            string report = $"{(isKept ? "kept" : "not kept")}, {(isKilled ? "SIGKILL and RestartSec=1" : "systemctl restart")}: lost of 300: "
                + $"{string.Join(", ", slow)}; of 1,500: {string.Join(", ", fast)}";
            Measured.Write(report);
            Assert.True(isKept ? slow.Order().ElementAt(2) <= 1 && slow.Max() <= 2 : fast.Min() > 0, report);
        });
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
