using System.Globalization;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A real systemd, first process of namespaces of its own (processes, mounts, cgroups, network). Alone it has one service and
/// writes no journal: the service's lines go to a file.</summary>
internal sealed class SystemdHost : IDisposable
{
    private const string Unit = "wgproxy.service";

    // A cgroup of version 2 of its own, whichever the machine has; a /run of its own; and no unit that the machine has.
    private const string Begin = """
        set -e
        mount --make-rprivate /
        mkdir -p "$1/all"
        mount -t cgroup2 none "$1/all"
        mkdir -p "$1/all/$2"
        echo $$ > "$1/all/$2/cgroup.procs"
        export container=test
        . "$1/prepare"
        exec /lib/systemd/systemd --system $boot
        """;

    private const string Alone = """
        mount -t tmpfs tmpfs /run
        mkdir -p /run/systemd/system
        umount -R /sys/fs/cgroup
        mount --bind "$1/all/$2" /sys/fs/cgroup
        cp -r "$1/units/." /run/systemd/system/
        boot="--unit=started.target --log-target=console --log-level=info"
        """;

    // The cgroups are empty once the last process has gone.
    private const string End = """
        mount -t cgroup2 none "$1/all"
        until find "$1/all/$2" -depth -type d -exec rmdir {} + 2>/dev/null; do
            sleep 0.05
        done
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-systemd-").FullName;
    private readonly string _cgroup = $"wgproxy-test-{Guid.NewGuid():N}";
    private readonly Child _process;

    /// <summary>Boots it alone.</summary>
    /// <param name="service">The lines of the service's section [Service].</param>
    /// <param name="space">The network that it is in; null for one of its own.</param>
    /// <param name="socket">The lines of the section [Socket] of a unit of that kind; null for none.</param>
    public SystemdHost(string service, Namespace? space = null, string? socket = null)
    {
        Write($"units/{Unit}", $"[Unit]\nDefaultDependencies=no\n[Service]\nStandardOutput=append:{Lines}\nStandardError=append:{Lines}\n{service}\n");
        Write("units/started.target", "[Unit]\nDefaultDependencies=no\n");
        Write("units/wgproxy.socket", $"[Unit]\nDefaultDependencies=no\n[Socket]\n{socket}\n");
        _process = Start(Alone, space);
    }

    private SystemdHost(Namespace space, Func<SystemdHost, string> prepare) => _process = Start(prepare(this), space);

    /// <summary>Why no systemd can run here; null if one can.</summary>
    public static string? Missing =>
        Requirements.Missing ?? (File.Exists("/lib/systemd/systemd") && File.Exists("/usr/bin/systemctl") ? null : "needs systemd");

    /// <summary>What systemd itself said.</summary>
    public string[] Said => _process.Lines;

    /// <summary>The file that has what the service said.</summary>
    public string Lines => Path.Combine(_folder, "lines");

    /// <summary>Boots it alone, and awaits that it takes commands.</summary>
    public static Task<SystemdHost> BootAsync(string service, Namespace? space = null, string? socket = null) => AwaitAsync(new SystemdHost(service, space, socket));

    /// <summary>Boots it with a package's files laid over the machine's, and awaits that it takes commands. The service is the package's, with
    /// what its package would have made: a user and directories.</summary>
    /// <param name="files">The package's files, unpacked.</param>
    /// <param name="space">The network that it is in.</param>
    public static Task<SystemdHost> BootWithAsync(string files, Namespace space) => AwaitAsync(new SystemdHost(space, host =>
    {
        // Without what a service usually begins after: those would be the machine's own units.
        host.Write("units/wgproxy.service.d/test.conf", $"[Unit]\nDefaultDependencies=no\n[Service]\nStandardOutput=append:{host.Lines}\nStandardError=append:{host.Lines}\n");
        host.Write("units/started.target", "[Unit]\nDefaultDependencies=no\n");
        return $"""
            mkdir "$1/over"
            mount -t tmpfs tmpfs "$1/over"
            for each in usr etc var; do
                mkdir -p "$1/over/$each" "$1/over/$each.work"
                mount -t overlay overlay -o "lowerdir={files}/$each:/$each,upperdir=$1/over/$each,workdir=$1/over/$each.work" "/$each"
            done
            {Alone}
            systemd-sysusers wgproxy.conf
            systemd-tmpfiles --create wgproxy.conf
            """;
    }));

    /// <summary>Boots a whole Debian, and awaits that it has started. What it changes is gone with it.</summary>
    /// <param name="root">The folder that has its files.</param>
    /// <param name="space">The network that it is in.</param>
    public static Task<SystemdHost> BootDebianAsync(string root, Namespace space) => AwaitAsync(new SystemdHost(space, host => $"""
        mkdir "$1/over"
        mount -t tmpfs tmpfs "$1/over"
        mkdir "$1/over/upper" "$1/over/work" "$1/root"
        mount -t overlay overlay -o "lowerdir={root},upperdir=$1/over/upper,workdir=$1/over/work" "$1/root"
        cd "$1/root"
        mount -t proc proc proc
        mount --bind proc/sys proc/sys
        mount -o remount,bind,ro proc/sys
        mount -t sysfs -o ro sysfs sys
        mount --bind "$1/all/$2" sys/fs/cgroup
        mount -t tmpfs -o mode=755 tmpfs dev
        for each in null zero full random urandom tty; do
            touch "dev/$each"
            mount --bind "/dev/$each" "dev/$each"
        done
        mkdir dev/shm dev/pts .machine
        ln -s /proc/self/fd dev/fd
        ln -s pts/ptmx dev/ptmx
        mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
        mount -t tmpfs tmpfs run
        pivot_root . .machine
        umount -l /.machine
        rmdir /.machine
        boot="--log-target=journal"
        """));

    private static async Task<SystemdHost> AwaitAsync(SystemdHost host)
    {
        try
        {
            await Eventually.TrueAsync(
                host.IsRunning,
                TimeSpan.FromSeconds(30),
                host._process.Tail);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Gives a command, and awaits its end.</summary>
    public string Control(params string[] arguments) => Command.Run("nsenter", Inside(arguments));

    /// <summary>What the journal has, an object of JSON each. Something must have started it.</summary>
    public string[] Journal(params string[] matches) => Command.Run(
        "nsenter", [$"--target={Init()}", "--mount", "--pid", "--net", "journalctl", "--no-pager", "--output=json", "--quiet", .. matches])
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The command that <see cref="Control"/> gives, to run beside the test.</summary>
    public Child Begins(params string[] arguments) => new($"systemctl {arguments[0]}", "nsenter", Inside(arguments));

    /// <summary>Runs a shell's commands inside, as a user who has logged in, and awaits their end.</summary>
    public string Shell(string script) => Command.Run("nsenter", $"--target={Init()}", "--mount", "--pid", "--net", "--uts", "--ipc", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "sh", "-ec", script);

    /// <summary>The path by which a file inside is reached from out here.</summary>
    public string PathOf(string file) => $"/proc/{Init()}/root{file}";

    /// <summary>A property of the service.</summary>
    public string Property(string name) => Control("show", "--value", $"--property={name}", Unit).Trim();

    /// <summary>The relay that the service runs, by the number of its process out here.</summary>
    public int MainProcess() => ChildrenOf(Init()).Single(process => File.ReadAllText($"/proc/{process}/comm").Trim() is "wgproxy");

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Dispose();

        // The cgroups outlive the namespaces that they were made in.
        Command.Run("unshare", "--mount", "timeout", "20", "sh", "-c", End, "sh", _folder, _cgroup);
        Directory.Delete(_folder, recursive: true);
    }

    private void Write(string file, string text)
    {
        string path = Path.Combine(_folder, file);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private Child Start(string prepare, Namespace? space)
    {
        Write("prepare", prepare);
        string[] first = space is null ? ["unshare", "--net"] : ["nsenter", $"--net={space.File}", "unshare"];
        return new Child(
            "systemd",
            first[0],
            [.. first[1..], "--mount", "--cgroup", "--pid", "--uts", "--ipc", "--fork", "--mount-proc", "--kill-child", "sh", "-c", Begin, "sh", _folder, _cgroup]);
    }

    private string[] Inside(string[] arguments) =>
        [$"--target={Init()}", "--mount", "--pid", "--net", "systemctl", .. arguments];

    // The child of unshare, which waits for it.
    private int Init() => ChildrenOf(_process.Id).Single();

    private static IEnumerable<int> ChildrenOf(int process) => File.ReadAllText($"/proc/{process}/task/{process}/children")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(child => int.Parse(child, CultureInfo.InvariantCulture));

    private bool IsRunning()
    {
        try
        {
            return Control("is-system-running").Trim() is "running";
        }
        catch (InvalidOperationException)
        {
            // Not yet, by exit code; or nobody to ask, or no process yet.
            return false;
        }
    }
}
