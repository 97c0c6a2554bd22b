using System.Buffers.Binary;
using WgProxy.Netns.Tests.Packages;
using WgProxy.State;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>The life of the package on a Debian 12 that has systemd and little else: installed, configured, upgraded under a live tunnel,
/// downgraded, removed and purged.</summary>
[Trait("Engine", "None")]
[Collection(Loud.Name)]
public sealed class DebianTests
{
    // What apt, dpkg, systemd and the clock leave by themselves. The user stays, as Debian's policy has it.
    private static readonly string[] LeftByOthers =
        ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/.pwd.lock", "/var/log/", "/var/cache/", "/var/lib/dpkg/", "/var/lib/apt/", "/var/lib/systemd/", "/var/tmp/", "/tmp/", "/root/"];

    [LongFact]
    public async Task A_package_is_installed_upgraded_downgraded_and_purged()
    {
        Assert.SkipWhen(DebianPackage.Missing is not null, DebianPackage.Missing ?? "");
        Assert.SkipUnless(File.Exists("/usr/sbin/debootstrap"), "needs debootstrap");
        using InstalledStage stage = await InstalledStage.StartAsync(DebianRoot.Make());
        SystemdHost host = stage.Host;
        Bring(stage, DebianPackage.Path, "first.deb");
        string before = Names(host);

        // Installed: enabled, and not started.
        Install(host, "apt-get install -y /root/first.deb");
        Assert.Equal("enabled\ndisabled\n", host.Shell("systemctl is-enabled wgproxy.service; systemctl is-enabled wgproxy.socket || true"));
        Assert.Equal(("inactive", "exec-condition"), (host.Property("ActiveState"), host.Property("Result")));
        Assert.Contains("no server is configured", stage.Lines(), StringComparison.Ordinal);
        Assert.Equal("wgproxy 0700", host.Shell("stat -c '%U 0%a' /var/lib/wgproxy").Trim());

        // Two values, a start, a client.
        stage.FillIn();
        host.Control("start", "wgproxy.service");
        using ProbeStream stream = await stage.ConnectAsync();
        Assert.Contains("1 confirmed", host.Shell("wgproxy show"), StringComparison.Ordinal);

        // Upgraded: the tunnel goes on, and the edited file stays beside the package's new one.
        int process = host.MainProcess();
        int arrived = stream.Arrived;
        Bring(stage, DebianPackage.Remake(stage.Folder, "9.0", "# a line of the new release"), "second.deb");
        Install(host, "dpkg --install --force-confold /root/second.deb");
        await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(20));
        Assert.NotEqual(process, host.MainProcess());
        await stage.SaysAsync("1 of 1 mappings go on from ");
        await stage.SaysAsync(" listening sockets go on from the relay before");
        Assert.Contains($"PublicKey = {stage.PublicKey}", host.Shell($"cat {InstalledStage.Configuration}"), StringComparison.Ordinal);
        Assert.EndsWith("# a line of the new release\n", host.Shell($"cat {InstalledStage.Configuration}.dpkg-dist"), StringComparison.Ordinal);
        int lost = stream.LostSoFar;
        Measured.Write($"upgraded under a live tunnel: {lost} of {stream.Sent} echoes lost, {arrived} before it");
        Assert.InRange(lost, 0, 2);

        // Downgraded, with a state that the newer release has left in a form of its own: set aside, and a handshake makes the tunnel anew.
        host.Control("stop", "wgproxy.service");
        StampVersion(host.PathOf("/var/lib/wgproxy/mappings"));
        Install(host, "dpkg --install --force-downgrade --force-confold /root/first.deb");
        host.Control("start", "wgproxy.service");
        Assert.Equal(DebianPackage.Version, host.Shell("dpkg-query -W -f '${Version}' wgproxy"));
        await stage.GoesOnAsync(stream, TimeSpan.FromSeconds(40));
        Assert.Contains("mappings.old", host.Shell("ls /var/lib/wgproxy"), StringComparison.Ordinal);

        // Removed: the file and the state are still there. Purged: nothing is.
        Install(host, "apt-get remove -y wgproxy");
        Assert.Equal("inactive", host.Property("ActiveState"));
        _ = host.Shell($"test -f {InstalledStage.Configuration} && test -f /var/lib/wgproxy/seeds && test ! -e /usr/bin/wgproxy");
        Install(host, "apt-get purge -y wgproxy");
        string[] left = [.. Names(host).Split('\n').Except(before.Split('\n'), StringComparer.Ordinal).Where(name => !LeftByOthers.Any(other => name.StartsWith(other, StringComparison.Ordinal)))];
        Assert.Empty(left);
    }

    private static string Names(SystemdHost host) => host.Shell("find / -xdev | sort");

    private static void Bring(InstalledStage stage, string package, string name) => File.Copy(package, stage.Host.PathOf($"/root/{name}"), overwrite: true);

    private static void Install(SystemdHost host, string command) => TestContext.Current.TestOutputHelper!.WriteLine(host.Shell($"DEBIAN_FRONTEND=noninteractive {command} 2>&1"));

    // A file of the next version of its form, as StateLayout describes the first page.
    private static void StampVersion(string file)
    {
        using FileStream stream = File.Open(file, FileMode.Open, FileAccess.ReadWrite);
        byte[] page = new byte[36];
        stream.ReadExactly(page);
        page[8]++;
        BinaryPrimitives.WriteUInt32LittleEndian(page.AsSpan(32), Checksum.Of(0, page.AsSpan(0, 32)));
        stream.Position = 0;
        stream.Write(page);
    }
}
