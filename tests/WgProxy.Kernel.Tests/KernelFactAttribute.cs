using System.Runtime.CompilerServices;

namespace WgProxy.Kernel.Tests;

/// <summary>A test with the kernel's WireGuard, skipped with the reason where the machine cannot run it.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelFactAttribute : FactAttribute
{
    public KernelFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = KernelRequirements.OfATest;
}

/// <inheritdoc cref="KernelFactAttribute"/>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelTheoryAttribute : TheoryAttribute
{
    public KernelTheoryAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = KernelRequirements.OfATest;
}

/// <summary>A test of minutes: runs only when asked for.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongKernelFactAttribute : FactAttribute
{
    public LongKernelFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => (Skip, Timeout) = KernelRequirements.OfALongTest;
}

/// <summary>What a machine needs to boot a kernel that has WireGuard. Whether the kernel itself can be had shows only when
/// it is fetched: see <see cref="Machine.RunningAsync"/>.</summary>
internal static class KernelRequirements
{
    private const int Minute = 60_000;
    private static readonly string[] Tools =
        ["qemu-system-x86_64", "busybox", "apt-get", "dpkg-deb", "bash", "ip", "wg", "ping", "iperf3", "nft", "ethtool"];

    /// <summary>What this machine lacks; null if nothing.</summary>
    public static string? Missing { get; } = Find();

    public static (string? Skip, int Timeout) OfATest => (Missing, 10 * Minute);

    public static (string? Skip, int Timeout) OfALongTest => (
        Missing ?? (Environment.GetEnvironmentVariable("WGPROXY_LONG") is "1" ? null : "long: run ./test --long"), 20 * Minute);

    private static string? Find()
    {
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.OSArchitecture
            != System.Runtime.InteropServices.Architecture.X64)
        {
            return "needs Linux on x86-64, for it boots a kernel of that kind";
        }

        if (!Environment.IsPrivilegedProcess)
        {
            return "needs root, to make network namespaces";
        }

        string[] missing = [.. Tools.Where(tool => !InPath(tool))];
        if (missing.Length > 0)
        {
            return $"needs {string.Join(", ", missing)}";
        }

        return File.Exists("/dev/net/tun") ? null : "needs /dev/net/tun";
    }

    private static bool InPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, tool)));
}
