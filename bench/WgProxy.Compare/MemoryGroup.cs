using System.Globalization;

namespace WgProxy.Compare;

/// <summary>A control group that accounts a relay's memory, the kernel's on its behalf included. Version 1 and version 2
/// name the same things differently; where neither has the memory controller there is no account.</summary>
internal sealed class MemoryGroup : IDisposable
{
    private readonly string _folder;
    private readonly string _usage;

    private MemoryGroup(string folder, string usage)
    {
        (_folder, _usage) = (folder, usage);
        Directory.CreateDirectory(folder);
    }

    /// <summary>The file that takes the pid.</summary>
    public string Processes => Path.Combine(_folder, "cgroup.procs");

    /// <summary>Bytes charged now.</summary>
    public long Usage =>
        long.Parse(File.ReadAllText(Path.Combine(_folder, _usage)), CultureInfo.InvariantCulture);

    /// <summary>A new group; null if this machine has none to give.</summary>
    public static MemoryGroup? Open()
    {
        string name = $"wgbench{Environment.ProcessId}";
        if (File.Exists("/sys/fs/cgroup/memory/memory.usage_in_bytes"))
        {
            return new MemoryGroup($"/sys/fs/cgroup/memory/{name}", "memory.usage_in_bytes");
        }

        const string children = "/sys/fs/cgroup/cgroup.subtree_control";
        return File.Exists(children) && File.ReadAllText(children).Contains("memory", StringComparison.Ordinal)
            ? new MemoryGroup($"/sys/fs/cgroup/{name}", "memory.current")
            : null;
    }

    public void Dispose() => Directory.Delete(_folder);
}
