namespace WgProxy.Netns.Tests.Harness;

/// <summary>What a machine needs to run WireGuard in network namespaces.</summary>
internal static class Requirements
{
    private const int Minute = 60_000;
    private static readonly string[] Tools = ["ip", "tc", "wg", "wireguard-go", "iperf3", "tcpdump", "nft"];

    /// <summary>What this machine lacks; null if nothing.</summary>
    public static string? Missing { get; } = Find();

    /// <summary>Why a test is skipped, if it is, and the milliseconds after which it is given up.</summary>
    public static (string? Skip, int Timeout) OfATest => (Missing, 3 * Minute);

    /// <inheritdoc cref="OfATest"/>
    public static (string? Skip, int Timeout) OfALongTest => (
        Missing ?? (Environment.GetEnvironmentVariable("WGPROXY_LONG") is "1" ? null : "long: run ./test --long"), 10 * Minute);

    private static string? Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "needs Linux";
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

        if (!File.Exists("/dev/net/tun"))
        {
            return "needs /dev/net/tun";
        }

        try
        {
            using Namespace probe = new();
            return null;
        }
        catch (InvalidOperationException refused)
        {
            return $"needs network namespaces: {refused.Message}";
        }
    }

    private static bool InPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':', StringSplitOptions.RemoveEmptyEntries)
        .Any(folder => File.Exists(Path.Combine(folder, tool)));
}
