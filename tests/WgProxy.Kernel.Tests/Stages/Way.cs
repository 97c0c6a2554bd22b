namespace WgProxy.Kernel.Tests.Stages;

/// <summary>What is between the client and the server of a stage.</summary>
public enum Way
{
    /// <summary>No relay: the namespace in the middle forwards packets. What happens here is WireGuard's own doing.</summary>
    Control,

    /// <summary>The relay with its Linux engine.</summary>
    Linux,

    /// <summary>The relay with its portable engine.</summary>
    Portable,
}

/// <summary>The ways that this run compares: all, or the control and the engine that <c>WGPROXY_ENGINE</c> names.</summary>
internal static class Ways
{
    public static Way[] All { get; } = Environment.GetEnvironmentVariable("WGPROXY_ENGINE") switch
    {
        "linux" => [Way.Control, Way.Linux],
        "portable" => [Way.Control, Way.Portable],
        _ => [Way.Control, Way.Linux, Way.Portable],
    };

    public static string Name(this Way way) => way switch
    {
        Way.Control => "control",
        Way.Linux => "linux",
        _ => "portable",
    };
}
