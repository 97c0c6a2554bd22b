using System.Diagnostics;
using System.Globalization;
using WgProxy.Core.Engine.Batching;
using WgProxy.Fuzz.Fuzzing;

namespace WgProxy.Fuzz.Afl;

/// <summary>One run of AFL++ on a target: on a copy of the build whose relay is instrumented by SharpFuzz, from the corpus.</summary>
internal sealed class AflRun
{
    private static readonly Lazy<string> Instrumented = new(Instrument);
    private readonly string _folder;
    private readonly Target _target;

    public AflRun(Target target)
    {
        _target = target;
        _folder = Path.Combine(CorpusFile.Found, $"{target.Name}.afl");
    }

    /// <summary>Why it cannot be; null if it can.</summary>
    public static string? WhyNot { get; } = Find("afl-fuzz") is null ? "AFL++ is not installed (afl-fuzz; Debian: afl++)" : null;

    /// <summary>What AFL++ counted.</summary>
    public IReadOnlyDictionary<string, string> Stats { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Inputs that reached something new.</summary>
    public IReadOnlyList<byte[]> Reached => Inputs("queue", file => file.Contains("+cov", StringComparison.Ordinal));

    /// <summary>Inputs that ended the process.</summary>
    public IReadOnlyList<byte[]> Crashes => Inputs("crashes", file => Path.GetFileName(file).StartsWith("id:", StringComparison.Ordinal));

    /// <summary>Fuzzes for so long.</summary>
    public void Run(TimeSpan time)
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }

        string input = Path.Combine(_folder, "in");
        Directory.CreateDirectory(input);
        IEnumerable<byte[]> known = CorpusFile.Of(_target).Select(each => each.Input).Concat(_target.Seeds).DistinctBy(Convert.ToHexString);

        // AFL++ begins with nothing that is empty.
        foreach ((byte[] bytes, int number) in known.Where(bytes => bytes.Length > 0).Append(new byte[8]).Select((bytes, number) => (bytes, number)))
        {
            File.WriteAllBytes(Path.Combine(input, $"{number:0000}"), bytes);
        }

        string seconds = Math.Ceiling(time.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        string program = Path.Combine(Instrumented.Value, "WgProxy.Fuzz.dll");
        string said = Start(
            "afl-fuzz", "-i", input, "-o", Path.Combine(_folder, "out"), "-t", "20000+", "-m", "none", "-V", seconds,
            "--", Find("dotnet")!, program, "--afl", _target.Name);
        string stats = Path.Combine(_folder, "out", "default", "fuzzer_stats");
        Assert.True(File.Exists(stats), said);
        Stats = File.ReadLines(stats).Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim(), StringComparer.Ordinal);
    }

    private List<byte[]> Inputs(string kind, Func<string, bool> which)
    {
        string folder = Path.Combine(_folder, "out", "default", kind);
        return Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Where(which).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)] : [];
    }

    /// <summary>Copies the build and lets SharpFuzz note each branch in what is fuzzed.</summary>
    private static string Instrument()
    {
        string copy = Path.Combine(CorpusFile.Found, "instrumented");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        _ = Start("dotnet", "tool", "restore");
        foreach (string name in (ReadOnlySpan<string>)["WgProxy.Core.dll", "WgProxy.Linux.dll", "wgproxy.dll"])
        {
            _ = Start("dotnet", "tool", "run", "sharpfuzz", Path.Combine(copy, name));
        }

        return copy;
    }

    private static string Start(string program, params IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,

            // The tools' manifest stands at the top of the repository.
            WorkingDirectory = Path.GetFullPath(Path.Combine(CorpusFile.Found, "../..")),
            Environment =
            {
                // The relay is not a native program, and the machine is as it is.
                ["AFL_SKIP_BIN_CHECK"] = "1",
                ["AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES"] = "1",
                ["AFL_SKIP_CPUFREQ"] = "1",
                ["AFL_NO_AFFINITY"] = "1",
                ["AFL_NO_UI"] = "1",

                // A relay's sequence takes a millisecond, and each of a corpus's is tried first.
                ["AFL_FAST_CAL"] = "1",
            },
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string said = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}\n{said}");
        return said;
    }

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
