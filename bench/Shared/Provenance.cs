using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

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
        - programs: {string.Join("; ", Programs())}

        """;

    /// <summary>Where a result of today is kept.</summary>
    public static string Path(string folder, string name)
    {
        _ = Directory.CreateDirectory(folder);
        return System.IO.Path.Combine(folder, $"{Today}-{name}.md");
    }

    // What it is compared with is part of the result, and so is what it runs on.
    private static string[] Programs() =>
    [
        RuntimeInformation.FrameworkDescription,
        .. new[] { ("nginx", "-v"), ("socat", "-V"), ("nft", "-v") }.Select(each => Version(each.Item1, each.Item2)).OfType<string>(),
    ];

    // The first line with a number in it, on whichever stream; null if there is no such program.
    private static string? Version(string program, string argument)
    {
        ProcessStartInfo start = new(program, [argument])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process? process = Process.Start(start);
            string said = process is null ? string.Empty : process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd();
            process?.WaitForExit();
            return said.Split('\n').FirstOrDefault(line => line.Any(char.IsDigit))?.Trim();
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':', 2)[1].Trim() ?? "processors of unknown make";
}
