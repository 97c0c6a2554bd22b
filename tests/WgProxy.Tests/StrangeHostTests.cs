using System.Net;
using System.Net.Sockets;
using WgProxy.Hosting;

namespace WgProxy.Tests;

/// <summary>Hosts that are not like ours: what the program looks at is not there, or is somebody else's. Those that need mounts
/// of their own are made in a mount namespace, by root.</summary>
public sealed class StrangeHostTests : IDisposable
{
    private const string Become = "exec \"$@\"";
    private const string PidProc = "mount -t proc -o subset=pid proc /proc";
    private const string EmptySys = "mount -t tmpfs none /sys";
    private const string ReadOnly = "mount -o remount,bind,ro / && ! touch /wgproxy-trial 2>/dev/null";

    private readonly StubEnds _ends = new();
    private readonly Dictionary<string, string> _environment;

    public StrangeHostTests() => _environment = new(StringComparer.Ordinal)
    {
        ["WGPROXY_SERVER"] = _ends.Server,
        ["WGPROXY_PUBKEY"] = Keys.Text,
        ["WGPROXY_LISTEN"] = "127.0.0.1:0",
    };

    public void Dispose() => _ends.Dispose();

    [Theory]
    [InlineData("linux", "auto")]
    [InlineData("linux", "off")]
    [InlineData("portable", "auto")]
    public async Task Without_proc_sys_it_relays_and_says_which_ports_it_takes(string engine, string offload)
    {
        string line = await RelaysAsync(InMountNamespace(PidProc, "--engine", engine, "--offload", offload), "cannot be read");
        Assert.Contains("warning /proc/sys/net/ipv4/ip_local_port_range cannot be read: upstream ports are drawn from 49152 to 65535", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task Without_sys_and_the_network_in_proc_it_still_knows_its_own_addresses(string engine)
    {
        IPAddress own = OwnAddresses.OfThisHost().First(address => address.AddressFamily == AddressFamily.InterNetwork);
        using RunningProgram program = InMountNamespace(
            $"{PidProc}; {EmptySys}", "--engine", engine, "--listen", "0.0.0.0:51820", "--server", $"{own}:51820");
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(2, code);
        Assert.Contains("where this relay itself listens", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public Task With_a_file_system_that_takes_no_writes_it_relays(string engine) =>
        RelaysAsync(InMountNamespace(ReadOnly, "--engine", engine));

    [Theory]
    [InlineData("linux", "0<&- ")]
    [InlineData("portable", "0<&- ")]
    [InlineData("linux", "0<&- 1>&- ")]
    public Task Without_descriptors_that_every_program_has_it_relays(string engine, string closed) =>
        RelaysAsync(RunningProgram.InShell($"{Become} {closed}", _environment, "--engine", engine));

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task Without_standard_error_it_relays(string engine)
    {
        IPEndPoint relay = ListensWhere();
        using RunningProgram program = RunningProgram.InShell($"{Become} 0<&- 1>&- 2>&-", _environment, "--engine", engine);
        await program.CatchesAsync(RunningProgram.User1);
        program.Signal(RunningProgram.User1);
        await _ends.TalkAsync(relay, again: true);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public Task Without_a_home_a_path_or_a_time_zone_it_relays(string engine)
    {
        string[] bare = ["-i", "TZ=No/Where", "LC_ALL=xx_YY", .. _environment.Select(setting => $"{setting.Key}={setting.Value}")];
        return RelaysAsync(RunningProgram.Below(["/usr/bin/env", .. bare, .. Root()], _environment, "--engine", engine));
    }

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task With_128_open_files_it_relays_and_says_how_many_clients_fit(string engine)
    {
        string line = await RelaysAsync(
            RunningProgram.InShell($"ulimit -n 128; {Become}", _environment, "--engine", engine), "open files allows only");
        Assert.Contains(" warning the limit of 128 open files allows only 1 mappings", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_soft_limit_on_open_files_is_raised_to_the_hard_one()
    {
        string line = await RelaysAsync(RunningProgram.InShell($"ulimit -Sn 500; ulimit -Hn 3000; {Become}", _environment), " info room for ");
        Assert.Contains(" 3000 open files)", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Variables_that_an_orchestrator_injects_are_pointed_out_and_nothing_more()
    {
        string[] injected = ["HOST", "PORT", "PORT_51820_UDP", "PORT_51820_UDP_ADDR", "PORT_51820_UDP_PORT", "PORT_51820_UDP_PROTO"];
        foreach (string name in injected)
        {
            _environment[$"WGPROXY_SERVICE_{name}"] = "udp://10.0.0.1:51820";
        }

        using RunningProgram program = new(_environment);
        _ = await program.ListeningAsync();
        Assert.Equal(injected.Length, program.Lines.Count(line => line.Contains("is not a setting of this program", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task A_reader_of_the_log_that_stopped_reading_holds_up_nothing(string engine)
    {
        // The pipe takes 64 KiB; the status is asked for 2,000 times.
        IPEndPoint relay = ListensWhere();
        using RunningProgram program = RunningProgram.InShell(
            $"P=$(mktemp -u); mkfifo $P; sleep 30 <$P >/dev/null 2>&1 & exec 2>$P; rm $P; {Become}", _environment, "--engine", engine);
        await program.CatchesAsync(RunningProgram.User1);
        for (int i = 0; i < 2_000; i++)
        {
            program.Signal(RunningProgram.User1);
        }

        await _ends.TalkAsync(relay, again: true);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task With_its_files_replaced_under_it_it_goes_on(string engine)
    {
        string folder = Directory.CreateTempSubdirectory("wgproxy-replaced-").FullName;
        try
        {
            string[] files = IsNative
                ? [RunningProgram.Binary]
                : [.. Directory.EnumerateFiles(Path.GetDirectoryName(RunningProgram.Binary)!, "*.dll"),
                    .. Directory.EnumerateFiles(Path.GetDirectoryName(RunningProgram.Binary)!, "wgproxy*").Where(file => !file.EndsWith(".dll", StringComparison.Ordinal))];
            foreach (string file in files)
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            }

            RunningProgram program = RunningProgram.InShell($"shift; exec {folder}/{Path.GetFileName(RunningProgram.Binary)} \"$@\"", _environment, "--engine", engine);
            await program.CatchesAsync(RunningProgram.User1);
            foreach (string file in Directory.EnumerateFiles(folder))
            {
                // As package managers do: a new file under the old name.
                File.WriteAllText($"{file}.new", "something else");
                File.Move($"{file}.new", file, overwrite: true);
            }

            await RelaysAsync(program);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task Where_written_memory_never_becomes_executable_the_native_form_relays(string engine)
    {
        Assert.SkipWhen(RefusingSandbox.Missing.Length > 0, RefusingSandbox.Missing);
        Assert.SkipUnless(IsNative, "the program under test has a JIT compiler, which such a host ends before its first line");
        await RelaysAsync(RunningProgram.Below(RefusingSandbox.DenyingWriteExecute, _environment, "--engine", engine));
    }

    private static bool IsNative => !File.Exists($"{RunningProgram.Binary}.dll");

    private static string[] Root() => Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? [$"DOTNET_ROOT={root}"] : [];

    private RunningProgram InMountNamespace(string mounts, params string[] arguments)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to mount");
        return RunningProgram.Below(["unshare", "-m", "/bin/sh", "-c", $"{mounts} && {Become}", "sh"], _environment, arguments);
    }

    /// <summary>Has it listen where the test says, for those that cannot hear where it does.</summary>
    private IPEndPoint ListensWhere()
    {
        IPEndPoint relay = new(IPAddress.Loopback, SocketPeer.FreePort());
        _environment["WGPROXY_LISTEN"] = relay.ToString();
        return relay;
    }

    /// <summary>Awaits that a handshake passes, and a line.</summary>
    private async Task<string> RelaysAsync(RunningProgram program, string part = " info server ")
    {
        using (program)
        {
            IPEndPoint relay = await program.ListeningAsync();
            _ = await program.LineAsync(" info server ");
            await _ends.TalkAsync(relay);
            string line = await program.LineAsync(part);
            program.Signal(RunningProgram.Terminate);
            Assert.Equal(0, (await program.ExitAsync()).Code);
            return line;
        }
    }
}
