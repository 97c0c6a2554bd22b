using System.Diagnostics;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>A program that runs beside the test: its lines are kept, its end is certain.</summary>
internal sealed class Child : IDisposable
{
    private const int ShownLines = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper;
    private bool _disposed;

    public Child(string name, string file, IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        Name = name;

        // Whoever runs the tests under nohup, or in a shell's background, has them ignore these, and with them every program they start.
        ProcessStartInfo start = new("/usr/bin/env", ["--default-signal=INT,HUP", file, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // These are for the tests; the relay would point them out as unknown.
        _ = start.Environment.Remove("WGPROXY_BINARY");
        _ = start.Environment.Remove("WGPROXY_LONG");
        foreach ((string variable, string value) in variables)
        {
            start.Environment[variable] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Start();
        _process.StandardInput.Close();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>All lines so far, of both outputs, in order of arrival.</summary>
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

    /// <summary>Awaits a line, also one that is already there, but none before number <paramref name="from"/>.</summary>
    public async Task<string> LineAsync(Func<string, bool> wanted, string what, int from = 0)
    {
        string? found = null;
        await Eventually.TrueAsync(
            () => (found = Lines.Skip(from).FirstOrDefault(wanted)) != null || HasExited,
            Patience,
            () => $"{Name}: {what}\n{Tail()}");
        if (found == null)
        {
            await DrainAsync();
        }

        return found ?? Lines.Skip(from).FirstOrDefault(wanted)
            ?? throw new InvalidOperationException($"{Name} ended with exit code {_process.ExitCode} before: {what}\n{Tail()}");
    }

    public void Signal(int signal) => Assert.True(Libc.Signal(Id, signal), $"{Name} is gone\n{Tail()}");

    /// <summary>Awaits the end and returns the exit code.</summary>
    public async Task<int> ExitAsync(TimeSpan deadline)
    {
        await Eventually.TrueAsync(() => HasExited, deadline, () => $"{Name} still runs\n{Tail()}");
        await DrainAsync();
        return _process.ExitCode;
    }

    public string Tail() => string.Join('\n', Lines.TakeLast(ShownLines));

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;

        // First politely: wireguard-go then removes its control socket, wgproxy says what it saw.
        if (!_process.HasExited && !(Libc.Signal(Id, Libc.SIGTERM) && _process.WaitForExit(Grace)))
        {
            _process.Kill();
        }

        // Without a limit this would also wait for whoever inherited the pipes.
        _process.WaitForExit(Patience);
        try
        {
            _output?.WriteLine($"--- {Name}, process {Id}\n{Tail()}");
        }
        catch (InvalidOperationException)
        {
            // The test that started it is over, as when a fixture ends: nobody is left to read it.
        }

        _process.Dispose();
    }

    // The last lines may come after the end; but who inherited the pipes may hold them open for ever.
    private Task DrainAsync() => _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(1))
        .ContinueWith(_ => { }, TaskScheduler.Default);

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data != null)
        {
            lock (_lines)
            {
                _lines.Add(line.Data);
            }
        }
    }
}
