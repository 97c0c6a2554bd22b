using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;

namespace WgProxy.Tests.State;

/// <summary>The real program, killed and started again: its mappings go on by their ports.</summary>
[Trait("Forms", "All")]
[UnsupportedOSPlatform("windows")]
public sealed class RestartTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"wgproxy-state-{Guid.NewGuid():N}");
    private readonly StubEnds _ends = new();
    private readonly IPEndPoint _relay = FreePort();
    private readonly Dictionary<string, string> _environment;

    public RestartTests() => _environment = new(StringComparer.Ordinal)
    {
        ["WGPROXY_SERVER"] = _ends.Server,
        ["WGPROXY_PUBKEY"] = Keys.Text,
        ["WGPROXY_LISTEN"] = _relay.ToString(),
        ["WGPROXY_STATE_DIRECTORY"] = _directory,
    };

    public void Dispose()
    {
        _ends.Dispose();
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("linux", "1", "1", RunningProgram.Kill9)]
    [InlineData("linux", "2", "2", RunningProgram.Terminate)]
    [InlineData("linux", "3", "1", RunningProgram.Kill9)]
    [InlineData("linux", "1", "4", RunningProgram.Kill9)]
    [InlineData("portable", "auto", "auto", RunningProgram.Kill9)]
    [InlineData("portable", "auto", "auto", RunningProgram.Terminate)]
    public async Task A_tunnel_goes_on_by_its_port_and_the_server_reaches_a_silent_client(string engine, string before, string after, int signal)
    {
        _environment["WGPROXY_ENGINE"] = engine;
        await EstablishAsync(signal, "--workers", before);
        IPEndPoint former = _ends.Upstream!;
        using RunningProgram again = new(_environment, "--workers", after);
        Assert.Contains(" 1 of 1 mappings go on from ", await again.LineAsync(" go on from "), StringComparison.Ordinal);
        await _ends.GoOnAsync(_relay);
        Assert.Equal(former, _ends.Upstream);
        Assert.DoesNotContain(again.Lines, line => line.Contains("state directory", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tunnel_goes_on_though_the_servers_name_is_not_known()
    {
        await EstablishAsync(RunningProgram.Kill9);
        using RunningProgram again = new(_environment, "--server", "no-such-host.invalid:51820");
        await again.LineAsync(" go on from ");
        await _ends.GoOnAsync(_relay);
    }

    [Fact]
    public async Task It_goes_on_after_each_of_many_restarts()
    {
        await EstablishAsync(RunningProgram.Kill9);
        IPEndPoint former = _ends.Upstream!;
        for (int i = 0; i < 5; i++)
        {
            using RunningProgram again = new(_environment);
            await again.LineAsync(" go on from ");
            await _ends.GoOnAsync(_relay, isSilent: i % 2 == 0);
            again.Signal(RunningProgram.Kill9);
            _ = await again.ExitAsync();
        }

        Assert.Equal(former, _ends.Upstream);
    }

    [Fact]
    public async Task To_what_a_name_was_resolved_is_kept()
    {
        string name = _ends.Server.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        using RunningProgram program = new(_environment, "--server", name);
        string line = await program.LineAsync($" info server {name} is at ");
        program.Signal(RunningProgram.Terminate);
        _ = await program.ExitAsync();
        string kept = await File.ReadAllTextAsync(Path.Combine(_directory, "addresses"), TestContext.Current.CancellationToken);
        Assert.StartsWith($"{name} ", kept, StringComparison.Ordinal);
        Assert.Contains($" is at {new IPEndPoint(IPAddress.Parse(kept.Split(' ', '\n')[1]), IPEndPoint.Parse(_ends.Server).Port)}", line, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_directory, "addresses")));
    }

    // Else the kernel makes room while sockets are opened, each time that their number doubles, and has the relay wait.
    [Fact]
    public async Task There_is_room_for_the_files_of_all_records_before_they_are_opened()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "a matter of Linux");
        const int cells = 3_000;
        await EstablishAsync(RunningProgram.Kill9);
        using (FileStream file = File.OpenWrite(Path.Combine(_directory, "mappings")))
        {
            file.SetLength(WgProxy.State.StateLayout.OffsetOf(cells));
        }

        using RunningProgram again = new(_environment);
        await again.LineAsync(" go on from ");
        string line = File.ReadLines($"/proc/{again.Id}/status").First(each => each.StartsWith("FDSize:", StringComparison.Ordinal));
        Assert.InRange(int.Parse(line[7..], CultureInfo.InvariantCulture), cells, int.MaxValue);
    }

    // Nothing is there in a new namespace, the loopback included, until somebody brings it up.
    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task A_start_without_a_network_costs_no_tunnel(string engine)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to make a network namespace");
        _environment["WGPROXY_ENGINE"] = engine;
        await EstablishAsync(RunningProgram.Kill9);
        IPEndPoint former = _ends.Upstream!;
        Dictionary<string, string> everywhere = new(_environment, StringComparer.Ordinal) { ["WGPROXY_LISTEN"] = $"0.0.0.0:{_relay.Port}" };
        using (RunningProgram early = RunningProgram.Below(["unshare", "-n"], everywhere))
        {
            Assert.Contains(": 1 records wait: 1 for a socket, ", await early.LineAsync(" records wait: "), StringComparison.Ordinal);
            using Process up = Process.Start("nsenter", ["-t", $"{early.Id}", "-n", "ip", "link", "set", "lo", "up"]);
            await up.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, up.ExitCode);
            Assert.EndsWith(": of 1 records that waited, 0 are kept for the next start", await early.LineAsync(" that waited, "), StringComparison.Ordinal);
            early.Signal(RunningProgram.Terminate);
            (int code, _, _) = await early.ExitAsync();
            Assert.Equal(0, code);
        }

        using RunningProgram again = new(_environment);
        Assert.Contains(" 1 of 1 mappings go on from ", await again.LineAsync(" go on from "), StringComparison.Ordinal);
        await _ends.GoOnAsync(_relay);
        Assert.Equal(former, _ends.Upstream);
    }

    [Fact]
    public async Task Without_a_directory_nothing_is_kept()
    {
        _environment["WGPROXY_STATE_DIRECTORY"] = "none";
        _environment["STATE_DIRECTORY"] = _directory;
        await EstablishAsync(RunningProgram.Kill9);
        Assert.False(Directory.Exists(_directory));
    }

    [Fact]
    public async Task The_directory_that_systemd_names_is_used()
    {
        _environment["STATE_DIRECTORY"] = _directory + ":/nowhere";
        Assert.True(_environment.Remove("WGPROXY_STATE_DIRECTORY"));
        await EstablishAsync(RunningProgram.Kill9);
        using RunningProgram again = new(_environment);
        await again.LineAsync(" go on from ");
        await _ends.GoOnAsync(_relay);
    }

    [Fact]
    public async Task Records_of_another_server_are_set_aside_with_one_warning()
    {
        await EstablishAsync(RunningProgram.Kill9);
        _environment["WGPROXY_PUBKEY"] = Convert.ToBase64String([.. Enumerable.Repeat((byte)9, 32)]);
        using (RunningProgram other = new(_environment))
        {
            Assert.Contains("1 records of servers that are not configured are deleted", await other.LineAsync(" warning "), StringComparison.Ordinal);
            other.Signal(RunningProgram.Terminate);
            (int code, _, string[] lines) = await other.ExitAsync();
            Assert.Equal(0, code);
            Assert.Single(lines, line => line.Contains(" warning ", StringComparison.Ordinal));
        }

        // They are forgotten: with the first key again, nothing is restored, and nothing warned of.
        _environment["WGPROXY_PUBKEY"] = Keys.Text;
        await EstablishAsync(RunningProgram.Terminate, nothingIsRestored: true);
    }

    [Fact]
    public async Task A_second_relay_is_refused_by_a_sentence_while_the_first_lives()
    {
        using RunningProgram first = new(_environment);
        _ = await first.ListeningAsync();
        using RunningProgram second = new(_environment, "--listen", "127.0.0.1:0");
        (int code, _, string[] lines) = await second.ExitAsync();
        Assert.Equal(3, code);
        Assert.EndsWith(
            $"--state-directory (WGPROXY_STATE_DIRECTORY) is \"{_directory}\": another relay uses it; expected a directory of this relay's own",
            Assert.Single(lines),
            StringComparison.Ordinal);
        first.Signal(RunningProgram.Kill9);
        _ = await first.ExitAsync();
        using RunningProgram third = new(_environment);
        _ = await third.ListeningAsync();
    }

    // Room for the seeds and the first page of records, and for none of them; or a directory that takes nothing.
    [Theory]
    [InlineData("size=8k,mode=0700", "records cannot be written: ")]
    [InlineData("ro", "this relay keeps nothing over a restart")]
    public async Task A_full_disk_or_one_that_takes_no_writes_costs_the_state_and_one_warning(string mount, string warning)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to mount");
        Directory.CreateDirectory(_directory);
        using RunningProgram program = RunningProgram.Below(
            ["unshare", "-m", "/bin/sh", "-c", $"mount -t tmpfs -o {mount} none '{_directory}' && exec \"$@\"", "sh"], _environment);
        Assert.Equal(_relay, await program.ListeningAsync());
        await _ends.TalkAsync(_relay, again: true);
        Assert.Contains(" warning ", await program.LineAsync(warning), StringComparison.Ordinal);
        await _ends.GoOnAsync(_relay);
        program.Signal(RunningProgram.Terminate);
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        string[] warnings = [.. lines.Where(line => line.Contains(_directory, StringComparison.Ordinal) && line.Contains(" warning ", StringComparison.Ordinal))];
        Assert.Single(warnings, line => !line.Contains(" warning usage in ", StringComparison.Ordinal));
        Assert.InRange(warnings.Length, 1, 2);
    }

    private async Task EstablishAsync(int signal, params string[] arguments) => await EstablishAsync(signal, nothingIsRestored: false, arguments);

    private async Task EstablishAsync(int signal, bool nothingIsRestored, params string[] arguments)
    {
        using RunningProgram program = new(_environment, arguments);
        Assert.Equal(_relay, await program.ListeningAsync());
        await _ends.TalkAsync(_relay, again: true);
        await _ends.GoOnAsync(_relay);
        if (!string.Equals(_environment.GetValueOrDefault("WGPROXY_STATE_DIRECTORY"), "none", StringComparison.Ordinal))
        {
            await RecordedAsync();
        }

        program.Signal(signal);
        (_, _, string[] lines) = await program.ExitAsync();
        Assert.False(nothingIsRestored && Array.Exists(lines, line => line.Contains(" go on from ", StringComparison.Ordinal)));
    }

    // The record is written a moment after the tunnel is there.
    private async Task RecordedAsync()
    {
        FileInfo file = new(Path.Combine(_directory, "mappings"));
        for (int i = 0; i < 1_000 && file.Length <= 4_096; i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
            file.Refresh();
        }

        Assert.True(file.Length > 4_096, file.Length.ToString(CultureInfo.InvariantCulture));
    }

    private static IPEndPoint FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
