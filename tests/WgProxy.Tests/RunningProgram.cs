using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace WgProxy.Tests;

/// <summary>The built <c>wgproxy</c> as a process of its own, with a clean environment. Killed when disposed of.</summary>
internal sealed partial class RunningProgram : IDisposable
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Kill9 = 9;
    public const int User1 = 10;
    public const int Terminate = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Task<string> _output;
    private readonly TaskCompletionSource _linesEnded = new();

    public RunningProgram(IReadOnlyDictionary<string, string>? environment, params string[] arguments)
        // Whoever runs the tests in a shell's background has them ignore SIGINT, and with them every program they start.
        : this(
            "/usr/bin/env",
            ["--default-signal=INT,HUP", Binary, .. arguments],
            environment)
    {
    }

    private RunningProgram(string file, string[] arguments, IReadOnlyDictionary<string, string>? environment)
    {
        ProcessStartInfo start = new(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (string name in start.Environment.Keys.Where(IsOurs).ToArray())
        {
            _ = start.Environment.Remove(name);
        }

        foreach ((string name, string value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        // Relays of tests run beside each other, and there is one usual place.
        _ = start.Environment.TryAdd("WGPROXY_CONTROL", "off");
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, heard) => Hear(heard.Data);
        _process.BeginErrorReadLine();
        _output = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>The binary under test: WGPROXY_BINARY, or the one built with these tests.</summary>
    public static string Binary { get; } =
        Environment.GetEnvironmentVariable("WGPROXY_BINARY") is { Length: > 0 } named
            ? Path.GetFullPath(named)
            : Path.Combine(AppContext.BaseDirectory, "wgproxy");

    /// <summary>The program started by another, which becomes it.</summary>
    public static RunningProgram Below(string[] first, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        new(
            "/usr/bin/env",
            ["--default-signal=INT,HUP", .. first, Binary, .. arguments],
            environment);

    /// <summary>The program started by a shell: <c>"$@"</c> in the script is the program with its arguments.</summary>
    public static RunningProgram InShell(string script, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Below(["/bin/sh", "-c", script, "sh"], environment, arguments);

    /// <summary>The program with a standard error that refuses every write, as on a full disk.</summary>
    public static RunningProgram OnFullDisk(IReadOnlyDictionary<string, string> environment) =>
        new("/bin/sh", ["-c", $"exec '{Binary}' 2>/dev/full"], environment);

    /// <summary>What was said on standard error so far.</summary>
    public string[] Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The processor time it has used.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    /// <summary>Waits for a line, asking again for it by <paramref name="meanwhile"/>.</summary>
    public async Task<string> LineAsync(string part, Action? meanwhile = null)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            // What it has said is all there only when its end has been read, which is after its exit.
            bool isAll = _linesEnded.Task.IsCompleted;
            if (Array.Find(Lines, line => line.Contains(part, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            Assert.False(waited.Elapsed > Patience || isAll, $"no \"{part}\" at the end of:\n{string.Join('\n', Lines.TakeLast(10))}");
            meanwhile?.Invoke();
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until the relay runs, and says where it listens.</summary>
    public async Task<IPEndPoint> ListeningAsync()
    {
        Match match = RelaysFrom.Match(await LineAsync(" relays from "));
        return new IPEndPoint(IPAddress.Loopback, int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>Waits for the end: the exit code, standard output, and every line of standard error.</summary>
    public async Task<(int Code, string Output, string[] Lines)> ExitAsync()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        await _process.WaitForExitAsync(cancel).WaitAsync(Patience, cancel);
        await _linesEnded.Task.WaitAsync(Patience, cancel);
        return (_process.ExitCode, await _output, Lines);
    }

    /// <summary>Waits until the process handles a signal instead of dying of it.</summary>
    public async Task CatchesAsync(int signal)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!Catches(File.ReadAllLines($"/proc/{_process.Id}/status"), signal))
        {
            Assert.True(waited.Elapsed < Patience, $"signal {signal} is not handled");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static bool Catches(string[] status, int signal)
    {
        string mask = Array.Find(status, line => line.StartsWith("SigCgt:", StringComparison.Ordinal))![7..].Trim();
        return (ulong.Parse(mask, NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1;
    }

    private static bool IsOurs(string name) =>
        name.StartsWith("WGPROXY_", StringComparison.OrdinalIgnoreCase)
        || string.Equals(name, "JOURNAL_STREAM", StringComparison.Ordinal);

    private void Hear(string? line)
    {
        if (line is null)
        {
            _linesEnded.SetResult();
            return;
        }

        lock (_lines)
        {
            _lines.Add(line);
        }
    }

    [GeneratedRegex("relays from .*?:(?<port>[0-9]+) ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RelaysFrom { get; }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
