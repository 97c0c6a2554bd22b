using System.Globalization;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A real systemd, first process of namespaces of its own (processes, mounts, cgroups, network), with one service. It
/// writes no journal: the service's lines go to a file.</summary>
internal sealed class SystemdHost : IDisposable
{
    private const string Unit = "wgproxy.service";

    // A cgroup of version 2 of its own, whichever the machine has; a /run of its own; and no unit that the machine has.
    private const string Begin = """
        set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs /run
        mkdir -p "$1/all" /run/systemd/system
        mount -t cgroup2 none "$1/all"
        mkdir -p "$1/all/$2"
        echo $$ > "$1/all/$2/cgroup.procs"
        umount -R /sys/fs/cgroup
        mount --bind "$1/all/$2" /sys/fs/cgroup
        cp "$1/wgproxy.service" "$1/wgproxy.socket" "$1/started.target" /run/systemd/system/
        export container=test
        exec /lib/systemd/systemd --system --unit=started.target --log-target=console --log-level=info
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

    /// <summary>Boots it.</summary>
    /// <param name="service">The lines of the service's section [Service].</param>
    /// <param name="space">The network that it is in; null for one of its own.</param>
    /// <param name="socket">The lines of the section [Socket] of a unit of that kind; null for none.</param>
    public SystemdHost(string service, Namespace? space = null, string? socket = null)
    {
        File.WriteAllText(Path.Combine(_folder, Unit), $"""
            [Unit]
            DefaultDependencies=no
            [Service]
            StandardOutput=append:{Lines}
            StandardError=append:{Lines}
            {service}
            """);
        File.WriteAllText(Path.Combine(_folder, "started.target"), """
            [Unit]
            DefaultDependencies=no
            """);
        File.WriteAllText(Path.Combine(_folder, "wgproxy.socket"), $"""
            [Unit]
            DefaultDependencies=no
            [Socket]
            {socket}
            """);
        string[] first = space is null ? ["unshare", "--net"] : ["nsenter", $"--net={space.File}", "unshare"];
        _process = new Child(
            "systemd",
            first[0],
            [.. first[1..], "--mount", "--cgroup", "--pid", "--uts", "--ipc", "--fork", "--mount-proc", "--kill-child", "sh", "-c", Begin, "sh", _folder, _cgroup]);
    }

    /// <summary>Why no systemd can run here; null if one can.</summary>
    public static string? Missing =>
        Requirements.Missing ?? (File.Exists("/lib/systemd/systemd") && File.Exists("/usr/bin/systemctl") ? null : "needs systemd");

    /// <summary>What systemd itself said.</summary>
    public string[] Said => _process.Lines;

    /// <summary>The file that has what the service said.</summary>
    public string Lines => Path.Combine(_folder, "lines");

    /// <summary>Boots, and awaits that systemd takes commands.</summary>
    public static async Task<SystemdHost> BootAsync(string service, Namespace? space = null, string? socket = null)
    {
        SystemdHost host = new(service, space, socket);
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
