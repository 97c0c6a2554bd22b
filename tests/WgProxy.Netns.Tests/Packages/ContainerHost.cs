using System.Globalization;
using System.Text.Json;

namespace WgProxy.Netns.Tests.Packages;

/// <summary>podman with runc, for one test: its images and containers are in a folder of their own, and "the host's network" is a namespace. It is
/// asked as an operator asks it, and starts each container with what its manifest says: user, seccomp, capabilities, read-only root.</summary>
internal sealed class ContainerHost : IDisposable
{
    private static readonly Lazy<string?> Refusal = new(Try);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-pod-").FullName;
    private readonly Namespace _space;

    /// <summary>A host in a namespace, which has the image.</summary>
    public ContainerHost(Namespace space)
    {
        _space = space;

        // A limit that is set may not be above what this process has, unless it may raise limits.
        string files = Command.Run("sh", "-c", "ulimit -Hn").Trim();
        File.WriteAllText(Configuration, $"""
            [containers]
            default_ulimits = ["nofile={files}:{files}", "nproc=1000:1000"]
            [engine]
            runtime = "runc"
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            """);
        File.WriteAllText(Path.Combine(_folder, "storage.conf"), $"""
            [storage]
            driver = "vfs"
            graphroot = "{_folder}/storage"
            runroot = "{_folder}/run"
            """);
        Podman("load", "--quiet", "--input", ContainerImage.Path);
    }

    /// <summary>Why no container can be started here; null if one can. Starts one, so it is no question to ask before the tests run.</summary>
    public static string? Missing => Refusal.Value;

    /// <summary>A folder for the test's own files.</summary>
    public string Folder => _folder;

    private string Configuration => Path.Combine(_folder, "containers.conf");

    /// <summary>Reads YAML documents as an operator's program does, into JSON.</summary>
    public static JsonElement[] Yaml(string file) =>
    [
        .. JsonDocument.Parse(Command.Run(
            "/usr/bin/python3", "-c", "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))", file)).RootElement.EnumerateArray(),
    ];

    /// <summary>Types a command of podman; what it said.</summary>
    public string Podman(params IEnumerable<string> arguments) => Command.Run(
        "env",
        [
            $"--chdir={_folder}", $"CONTAINERS_CONF={Configuration}", $"CONTAINERS_STORAGE_CONF={_folder}/storage.conf", "nsenter", $"--net={_space.File}", "--",
            "podman", "--tmpdir", $"{_folder}/tmp", .. arguments,
        ]);

    /// <summary>What the kernel says of a container's first process.</summary>
    public string[] Status(string container) => File.ReadAllLines(
        $"/proc/{int.Parse(Podman("inspect", "--format", "{{.State.Pid}}", container).Trim(), CultureInfo.InvariantCulture)}/status");

    /// <summary>What a container has logged.</summary>
    public string Logs(string container) => Command.Run(
        "sh", "-c", "\"$@\" 2>&1", "sh", "env", $"CONTAINERS_CONF={Configuration}", $"CONTAINERS_STORAGE_CONF={_folder}/storage.conf", "podman", "--tmpdir", $"{_folder}/tmp", "logs", container);

    public void Dispose()
    {
        Podman("pod", "rm", "--all", "--force", "--time", "2");
        Podman("rm", "--all", "--force", "--time", "2");
        Podman("volume", "rm", "--all", "--force");
        Directory.Delete(_folder, recursive: true);
    }

    private static string? Try()
    {
        using Namespace space = new();
        using ContainerHost host = new(space);
        try
        {
            host.Podman("run", "--rm", "--network=host", "--read-only", "--cap-drop=all", "--no-healthcheck", ContainerImage.Name, "--version");
            return null;
        }
        catch (InvalidOperationException refusal)
        {
            return $"podman and runc start no container here: {refusal.Message}";
        }
    }
}
