using System.Diagnostics;

namespace WgProxy.Tests;

/// <summary>The checkout that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>The folder that holds the solution, found upwards from the test's own assembly.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>Files below a folder, build output left out.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Where(file => !file.Contains("/artifacts/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

    /// <summary>Text files that git tracks.</summary>
    public static IEnumerable<string> Tracked()
    {
        ProcessStartInfo start = new("git", ["-C", Root, "ls-files", "-z"]) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process git = Process.Start(start)!;
        string names = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        return names.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(name => Path.Combine(Root, name)).Where(File.Exists);
    }

    /// <summary>Asserts what stands between the marks <c>name:begin</c> and <c>name:end</c>; writes it instead where
    /// WGPROXY_WRITE_DOCS is 1.</summary>
    public static void AssertBlock(string file, string name, string expected)
    {
        string path = Path.Combine(Root, file);
        string text = File.ReadAllText(path);
        int mark = text.IndexOf($"<!-- {name}:begin", StringComparison.Ordinal);
        int begin = text.IndexOf('\n', Math.Max(mark, 0)) + 1;
        int end = text.IndexOf($"<!-- {name}:end", StringComparison.Ordinal);
        Assert.True(mark >= 0 && end >= begin, $"{file} lacks the marks of {name}");
        if (Environment.GetEnvironmentVariable("WGPROXY_WRITE_DOCS") is "1")
        {
            File.WriteAllText(path, text[..begin] + expected + text[end..]);
            return;
        }

        Assert.Equal(expected, text[begin..end]);
    }

    private static string FindRoot(string start)
    {
        DirectoryInfo? folder = new(start);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "WgProxy.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"no solution above {start}");
    }
}
