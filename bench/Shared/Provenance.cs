using System.Globalization;

namespace WgProxy.Bench;

/// <summary>What a result must say about where it comes from.</summary>
internal static class Provenance
{
    /// <summary>The day, as it stands in names of results.</summary>
    public static string Today => DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The title of a result, then what was measured on what.</summary>
    public static string Head(string name, string revision) =>
        $"""
        # {name}, {Today}

        - revision: {revision}
        - kernel: {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}; {Environment.ProcessorCount} × {Processor()}

        """;

    /// <summary>Where a result of today is kept.</summary>
    public static string Path(string folder, string name)
    {
        _ = Directory.CreateDirectory(folder);
        return System.IO.Path.Combine(folder, $"{Today}-{name}.md");
    }

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2)[1].Trim() ?? "processors of unknown make";
}
