using System.Globalization;
using WgProxy.Tests.Guides;

namespace WgProxy.Netns.Tests.Guides;

/// <summary>A host of a guide: a network, processes, /etc, /run and /var of its own, and a real systemd as its first process. It has the
/// units of wg-quick, nftables and nginx as Debian installs them, and wgproxy's. <c>wg-quick</c> takes wireguard-go where the kernel has no
/// WireGuard.</summary>
internal sealed class GuideMachine : IDisposable
{
    private const string Begin = """
        set -e
        folder=$1 group=$2 binary=$3
        mount --make-rprivate /
        mkdir "$folder/etc" "$folder/all"
        mount -t tmpfs -o mode=755 tmpfs "$folder/etc"
        cp -a /etc/. "$folder/etc/"
        mount --move "$folder/etc" /etc
        rm -rf /etc/init.d /etc/rc?.d /etc/systemd/system /etc/sysctl.d /etc/wgproxy /etc/wireguard /etc/resolv.conf
        mkdir /etc/systemd/system /etc/sysctl.d /etc/wgproxy
        mkdir -m 700 /etc/wireguard
        : >/etc/resolv.conf
        mount --bind "$folder/../hosts" /etc/hosts
        grep -q ^wgproxy: /etc/passwd || {
            echo wgproxy:x:987:987::/nonexistent:/usr/sbin/nologin >>/etc/passwd
            echo wgproxy:x:987: >>/etc/group
        }
        for each in /run /var/lib /var/log /usr/local/bin /root; do
            mount -t tmpfs -o mode=755 tmpfs $each
        done
        mkdir -p /run/lock /run/units /var/lib/nginx /var/log/nginx
        for each in wg-quick@ nftables nginx; do
            [ ! -e /usr/lib/systemd/system/$each.service ] || cp /usr/lib/systemd/system/$each.service /run/units/
        done
        mount -t tmpfs -o mode=755 tmpfs /usr/lib/systemd/system
        cp /run/units/* "$folder/wgproxy.service" /usr/lib/systemd/system/
        for each in sysinit basic network network-online network-pre nss-lookup shutdown multi-user; do
            printf '[Unit]\nDefaultDependencies=no\n' >/usr/lib/systemd/system/$each.target
        done
        mkdir /usr/lib/systemd/system/wgproxy.service.d
        cp "$folder/test.conf" /usr/lib/systemd/system/wgproxy.service.d/
        # Not by its own place: the unit has a /tmp of its own and sees no home, and the checkout may be in either.
        mkdir /usr/local/bin/.built
        mount --bind "$(dirname "$binary")" /usr/local/bin/.built
        ln -s ".built/$(basename "$binary")" /usr/local/bin/wgproxy
        [ -e /usr/bin/wgproxy ] || sed -i 's|/usr/bin/wgproxy|/usr/local/bin/wgproxy|' /usr/lib/systemd/system/wgproxy.service
        mount -t cgroup2 none "$folder/all"
        mkdir "$folder/all/$group"
        echo $$ >"$folder/all/$group/cgroup.procs"
        umount -R /sys/fs/cgroup
        mount --bind "$folder/all/$group" /sys/fs/cgroup
        [ "$4" = systemd ] || exec sleep infinity
        export container=test
        exec /lib/systemd/systemd --system --unit=multi-user.target --log-target=console --log-level=notice
        """;

    // The cgroups are empty once the last process has gone.
    private const string End = """
        mkdir -p "$1/end"
        mount -t cgroup2 none "$1/end"
        until find "$1/end/$2" -depth -type d -exec rmdir {} + 2>/dev/null; do
            sleep 0.05
        done
        """;

    private readonly string _folder;
    private readonly string _group = $"wgproxy-guide-{Guid.NewGuid():N}";
    private readonly bool _hasSystemd;
    private readonly Child _process;

    /// <summary>Boots it.</summary>
    /// <param name="host">What the guide says of it.</param>
    /// <param name="space">Its network.</param>
    /// <param name="folder">A folder that all hosts of the guide share. The file "hosts" in it is what they know of DNS.</param>
    /// <param name="hasSystemd">Whether a systemd is its first process. Where the guide gives no units to do, it needs none.</param>
    public GuideMachine(GuideHost host, Namespace space, string folder, bool hasSystemd)
    {
        _hasSystemd = hasSystemd;
        Host = host;
        Space = space;
        _folder = Directory.CreateDirectory(Path.Combine(folder, host.Name)).FullName;
        File.WriteAllText(Path.Combine(_folder, "wgproxy.service"), GuideUnit.Text);
        File.WriteAllText(Path.Combine(_folder, "test.conf"), GuideUnit.DropIn);
        _process = new Child(
            $"systemd of {host.Name}",
            "nsenter",
            [
                $"--net={space.File}", "unshare", "--mount", "--cgroup", "--pid", "--uts", "--ipc", "--fork", "--mount-proc", "--kill-child",
                "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "sh", "-c", Begin, "sh", _folder, _group, RelayProcess.Binary, hasSystemd ? "systemd" : "",
            ]);
    }

    /// <summary>What the guide says of it, with the addresses that it has now.</summary>
    public GuideHost Host { get; private set; }

    public Namespace Space { get; }

    /// <summary>Awaits that it takes commands.</summary>
    public Task BootedAsync() => Eventually.TrueAsync(
        () => Init() is { } init && IsBooted(init), TimeSpan.FromSeconds(60), () => $"{Host.Name} boots\n{_process.Tail()}");

    /// <summary>Types commands, in one shell that ends with the first that fails, and returns what they said.</summary>
    public async Task<string> TypeAsync(string commands)
    {
        using Child shell = Start(commands);
        int code = await shell.ExitAsync(TimeSpan.FromSeconds(90));
        Assert.True(code == 0, $"exit code {code} on {Host.Name} of\n{commands}\n{string.Join('\n', shell.Lines)}\n{_process.Tail()}\n{ServiceLines()}");
        return string.Join('\n', shell.Lines);
    }

    /// <summary>Begins to type commands that go on beside the test.</summary>
    public Child Start(string commands) => new(
        $"shell on {Host.Name}",
        "nsenter",
        [
            $"--target={Init()}", "--mount", "--pid", "--net", "--uts", "--wd=/proc/self/root/root",
            "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb", "SYSTEMD_PAGER=",
            "bash", "-euo", "pipefail", "-c", $"cd /root\n{commands}",
        ]);

    /// <summary>Its addresses are others from now on.</summary>
    public void Rename(string[] addresses) => Host = Host with { Addresses = addresses };

    public void Write(string path, string text)
    {
        string outside = Outside(path);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(outside)!);
        File.WriteAllText(outside, text);
    }

    public string Read(string path) => File.ReadAllText(Outside(path));

    /// <summary>What wgproxy has said on it.</summary>
    public string ServiceLines() => File.Exists(Outside(GuideUnit.Lines)) ? Read(GuideUnit.Lines) : "";

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Dispose();
        Command.Run("unshare", "--mount", "timeout", "20", "sh", "-c", End, "sh", _folder, _group);
    }

    // The last thing that it does before its first process begins, and then that one's own word.
    private bool IsBooted(int init) => _hasSystemd
        ? File.Exists($"/proc/{init}/root/run/systemd/private") && Start("systemctl is-system-running").ExitAsync(TimeSpan.FromSeconds(20)).GetAwaiter().GetResult() is 0 or 1
        : File.ReadAllText($"/proc/{init}/comm").Trim() is "sleep";

    private string Outside(string path) => $"/proc/{Init()}/root{path}";

    // The child of unshare, which waits for it.
    private int? Init() =>
        !_process.HasExited && File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries) is [string only]
            ? int.Parse(only, CultureInfo.InvariantCulture)
            : null;
}
