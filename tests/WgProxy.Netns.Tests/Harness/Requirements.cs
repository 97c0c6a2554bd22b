namespace WgProxy.Netns.Tests.Harness;

/// <summary>What this machine lacks to run WireGuard in network namespaces; null if nothing.</summary>
internal static class Requirements
{
    private static readonly string[] Tools = ["ip", "wg", "wireguard-go", "iperf3", "tcpdump", "nft"];

    public static string? Missing { get; } = Find();

    public static bool Long { get; } = Environment.GetEnvironmentVariable("WGPROXY_LONG") is "1";

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
