using System.Diagnostics;
using System.Runtime.InteropServices;

namespace WgProxy.Tests.Fleet;

/// <summary>A real redis-server, on a Unix socket in a folder of its own. Killed, and the folder deleted, when disposed of.</summary>
internal sealed class RedisServer : IDisposable
{
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly string[] _settings;
    private Process _process;

    /// <summary>Starts one.</summary>
    /// <param name="settings">More of its settings, as its command line has them.</param>
    public RedisServer(params string[] settings)
    {
        _settings = settings;
        _process = Start();
    }

    /// <summary>The folder, for files of the test too.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("wgproxy-redis-").FullName;

    /// <summary>Its address, as a file of settings names it.</summary>
    public string Address => $"unix:{Socket}";

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    private string Socket => Path.Combine(Folder, "s");

    /// <summary>Whether there is one on this host.</summary>
    public static bool IsThere => File.Exists("/usr/bin/redis-server");

    /// <summary>Stops it as SIGSTOP does.</summary>
    public void Pause() => Assert.Equal(0, Kill(Id, Stop));

    /// <summary>Lets it go on.</summary>
    public void Resume() => Assert.Equal(0, Kill(Id, Continue));

    /// <summary>Kills it.</summary>
    public void Crash()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Starts it again after a crash, empty.</summary>
    public void Restart()
    {
        _process.Dispose();
        _process = Start();
    }

    /// <summary>What redis-cli says.</summary>
    public string Ask(params string[] words)
    {
        ProcessStartInfo start = new("redis-cli", ["-s", Socket, "--raw", .. words]) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process client = Process.Start(start)!;
        string said = client.StandardOutput.ReadToEnd();
        client.WaitForExit();
        return said.TrimEnd('\n');
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);

    private Process Start()
    {
        ProcessStartInfo start = new(
            "redis-server",
            ["--port", "0", "--unixsocket", Socket, "--save", string.Empty, "--dir", Folder, "--daemonize", "no", "--logfile", Path.Combine(Folder, "log"), .. _settings]);
        Process process = Process.Start(start)!;
        DateTime end = DateTime.UtcNow.AddSeconds(20);
        while (!Ask("PING").Contains("PONG", StringComparison.Ordinal) && !Ask("PING").Contains("NOAUTH", StringComparison.Ordinal))
        {
            Assert.True(DateTime.UtcNow < end && !process.HasExited, "redis-server does not start");
            Thread.Sleep(20);
        }

        return process;
    }
}
