using System.Globalization;
using WgProxy.Netns.Tests.Packages;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>The package's service, started by a real systemd with everything that its unit forbids.</summary>
[Trait("Engine", "None")]
public sealed class InstalledServiceTests
{
    // Only this may be missing under the unit where the package's sysctl.d was not applied.
    private const string SmallBuffers = "net.core.";

    [PackageFact]
    public async Task Without_a_server_it_is_not_started_and_with_a_wrong_setting_it_is_not_tried_again()
    {
        using InstalledStage stage = await InstalledStage.StartAsync();
        SystemdHost host = stage.Host;
        host.Control("start", "wgproxy.service");
        Assert.Equal("inactive", host.Property("ActiveState"));
        Assert.Contains("no server is configured: expected a [Server] with Endpoint and PublicKey in /etc/wgproxy/wgproxy.conf", Assert.Single(Lines(stage)), StringComparison.Ordinal);

        // The line names what is wrong, and nothing is tried again: with Restart=always, a second start would be there in a second.
        stage.FillIn();
        host.Shell($"echo 'Colour = red' >>{InstalledStage.Configuration}");
        Assert.Throws<InvalidOperationException>(() => host.Control("start", "wgproxy.service"));
        Assert.Equal(("failed", "exit-code", "2", "0"), (host.Property("ActiveState"), host.Property("Result"), host.Property("ExecMainStatus"), host.Property("NRestarts")));
        Assert.Contains("unknown key \"Colour\"", Lines(stage)[^1], StringComparison.Ordinal);
    }

    [PackageFact]
    public async Task Nothing_that_the_unit_forbids_is_missed()
    {
        using InstalledStage stage = await InstalledStage.StartAsync();
        SystemdHost host = stage.Host;
        stage.FillIn();
        host.Control("start", "wgproxy.service");
        using ProbeStream stream = await stage.ConnectAsync();
        int process = host.MainProcess();
        Dictionary<string, string> status = Status(process);
        Assert.Equal(
            ("0000000000000000", "0000000000000000", "1", "2"),
            (status["CapEff"], status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]));
        Assert.NotEqual("0", status["Uid"].Split('\t')[0]);

        // The same parts of the kernel are in use as outside: the ring, and a socket for routes.
        Assert.Contains("anon_inode:[io_uring]", Open(process));
        Assert.All(Lines(stage).Where(line => line.Contains(" warning ", StringComparison.Ordinal)), line => Assert.Contains(SmallBuffers, line, StringComparison.Ordinal));
        string ports = host.Shell("cat /proc/sys/net/ipv4/ip_local_port_range");
        Assert.Equal(2, ports.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.DoesNotContain("ip_local_port_range", stage.Lines(), StringComparison.Ordinal);

        // State, socket and orders; and a reload.
        Assert.Equal("wgproxy", host.Shell("stat -c %U /var/lib/wgproxy/mappings").Trim());
        Assert.Contains($"public key: {stage.PublicKey}", host.Shell("wgproxy show"), StringComparison.Ordinal);
        Assert.Contains(" info ", Lines(stage)[^1], StringComparison.Ordinal);
        host.Control("reload", "wgproxy.service");
        await stage.SaysAsync("SIGHUP");
        await Eventually.TrueAsync(() => host.Property("SubState") is "running", TimeSpan.FromSeconds(10), stage.Lines);

        // A restart: kept sockets, kept mappings, and a tunnel that goes on.
        int sent = stream.Sent - stream.Arrived;
        host.Control("restart", "wgproxy.service");
        await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(20));
        await stage.SaysAsync(" listening sockets go on from the relay before");
        await stage.SaysAsync("1 of 1 mappings go on from ");
        ProbeAccount account = await stream.StopAsync();
        Measured.Write($"restart under the installed unit: {account}; {sent} were on their way");
        Assert.InRange(account.Lost, 0, 4);
        host.Control("stop", "wgproxy.service");
        Assert.Equal(("inactive", "success"), (host.Property("ActiveState"), host.Property("Result")));
    }

    // As the install page has them.
    [PackageFact]
    public async Task What_some_settings_need_is_given_back_by_a_few_lines()
    {
        using InstalledStage stage = await InstalledStage.StartAsync();
        SystemdHost host = stage.Host;
        stage.FillIn();
        host.Shell($"sed -i 's/^\\[Relay\\]/[Relay]\\nListen = [::]:443\\nFwMark = 7\\nControlGroup = adm/' {InstalledStage.Configuration}");
        Assert.Throws<InvalidOperationException>(() => host.Control("start", "wgproxy.service"));
        Assert.Contains("error --fwmark (WGPROXY_FWMARK): ", stage.Lines(), StringComparison.Ordinal);
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/install.md"));
        string lines = page.Split("wgproxy.service.d/more.conf\n")[1].Split("```")[0];
        File.WriteAllText(host.PathOf("/run/systemd/system/wgproxy.service.d/more.conf"), lines);
        host.Control("daemon-reload");
        host.Control("start", "wgproxy.service");
        Assert.Equal("660 adm", host.Shell("stat -c '%a %G' /run/wgproxy/control.sock").Trim());
        Assert.Contains("[::]:443", host.Shell("setpriv --reuid=nobody --regid=adm --clear-groups wgproxy show"), StringComparison.Ordinal);
        Assert.Equal("0000000000001400", Status(host.MainProcess())["CapBnd"]);
    }

    private static string[] Lines(InstalledStage stage) => stage.Lines().Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static Dictionary<string, string> Status(int process) => File.ReadAllLines($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status")
        .Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.Ordinal);

    private static IEnumerable<string?> Open(int process) =>
        Directory.EnumerateFiles($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/fd").Select(file => new FileInfo(file).LinkTarget);
}
