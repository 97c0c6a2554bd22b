using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>What the operator meets: the real program, as a process.</summary>
[Trait("Forms", "All")]
public sealed partial class ProgramTests
{
    private const string AnyPort = "127.0.0.1:0";
    private const int SolSocket = 1;
    private const int SoNoCheck = 11;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal)
    {
        ["WGPROXY_SERVER"] = "192.0.2.1:51820",
        ["WGPROXY_PUBKEY"] = Keys.Text,
        ["WGPROXY_LISTEN"] = AnyPort,
    };

    [Fact]
    public async Task Help_goes_to_standard_output_and_needs_no_settings()
    {
        using RunningProgram program = new(null, "--help");
        (int code, string output, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        Assert.Equal(HelpText.Build(), output);
        Assert.Empty(lines);
    }

    [Fact]
    public async Task Unknown_variables_are_warned_about_and_nothing_more()
    {
        _environment["WGPROXY_PORTS"] = "51820-52000";
        _environment["WGPROXY_PUBKY"] = "x";
        using RunningProgram program = new(_environment);
        _ = await program.ListeningAsync();
        program.Signal(RunningProgram.Terminate);
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        Assert.Single(lines, line => line.Contains(" warning \"WGPROXY_PORTS\"", StringComparison.Ordinal));
        Assert.Single(lines, line => line.EndsWith("did you mean WGPROXY_PUBKEY?", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(RunningProgram.Terminate)]
    [InlineData(RunningProgram.Interrupt)]
    public async Task A_signal_to_stop_ends_it_cleanly_with_a_summary(int signal)
    {
        using RunningProgram program = new(_environment);
        _ = await program.ListeningAsync();
        program.Signal(signal);
        (int code, string output, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        Assert.Empty(output);
        Assert.Contains(lines, line => line.EndsWith(
            $"to 192.0.2.1:51820, public key {Keys.Text}", StringComparison.Ordinal));
        Assert.Matches(
            " info stopped: up [0-9.]+ s; mappings none; uplink 0 datagrams 0 bytes, dropped none; "
            + "downlink 0 datagrams 0 bytes, dropped none; faults none; "
            + "longest turn [0-9.]+ ms, of all [0-9.]+ ms; pauses [0-9.]+ ms$",
            lines[^1]);
    }

    [Theory]
    [InlineData("192.0.2.1:51820", "nothing to do")]
    [InlineData("no-such-host.invalid:51820", "is resolved again now")]
    public async Task A_hang_up_ends_nothing(string server, string said)
    {
        using RunningProgram program = new(_environment, "--server", server);
        _ = await program.ListeningAsync();
        program.Signal(RunningProgram.HangUp);
        Assert.Contains(" info SIGHUP: ", await program.LineAsync(said), StringComparison.Ordinal);
        program.Signal(RunningProgram.User1);
        _ = await program.LineAsync(" info status: up ");
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    // As nohup(1), and a shell that starts it in the background, let it begin.
    [Fact]
    public async Task Signals_that_end_nothing_are_heeded_even_if_they_were_ignored_before_and_an_interrupt_stays_ignored()
    {
        using RunningProgram program = RunningProgram.Below(["/usr/bin/env", "--ignore-signal=HUP,INT,USR1"], _environment);
        _ = await program.ListeningAsync();
        program.Signal(RunningProgram.Interrupt);
        program.Signal(RunningProgram.HangUp);
        _ = await program.LineAsync(" info SIGHUP: nothing to do");
        program.Signal(RunningProgram.User1);
        _ = await program.LineAsync(" info status: up ");
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Fact]
    public async Task It_counts_what_a_stranger_sends()
    {
        using RunningProgram program = new(_environment);
        IPEndPoint relay = await program.ListeningAsync();
        using Socket stranger = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Assert.Equal(3, stranger.SendTo("abc"u8, relay));
        _ = await program.LineAsync(
            "uplink 0 datagrams 0 bytes, dropped NotWireGuard 1;", () => program.Signal(RunningProgram.User1));
    }

    // IPv4 lets a sender leave the checksum out, and some do (SO_NO_CHECK).
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_handshake_passes_and_the_client_is_named_with_the_port_that_the_server_sees(bool checksums)
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using UdpClient server = new(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        if (!checksums)
        {
            server.Client.SetRawSocketOption(SolSocket, SoNoCheck, [1, 0, 0, 0]);
            client.Client.SetRawSocketOption(SolSocket, SoNoCheck, [1, 0, 0, 0]);
        }

        using RunningProgram program = new(_environment, "--server", server.Client.LocalEndPoint!.ToString()!);
        IPEndPoint relay = await program.ListeningAsync();
        _ = await program.LineAsync(" info server ");

        byte[] initiation = WireMessages.Initiation(Keys.Route().Mac1, 1);
        await client.SendAsync(initiation, relay, cancel);
        UdpReceiveResult asked = await server.ReceiveAsync(cancel).AsTask().WaitAsync(Patience, cancel);
        Assert.Equal(initiation, asked.Buffer);
        byte[] response = WireMessages.Response(2, 1);
        await server.SendAsync(response, asked.RemoteEndPoint, cancel);
        UdpReceiveResult answered = await client.ReceiveAsync(cancel).AsTask().WaitAsync(Patience, cancel);
        Assert.Equal(response, answered.Buffer);
        Assert.Equal(relay, answered.RemoteEndPoint);
        await client.SendAsync(WireMessages.Transport(2), relay, cancel);

        string line = await program.LineAsync(" has a tunnel");
        Assert.EndsWith(
            $" info client {client.Client.LocalEndPoint} has a tunnel, upstream port {asked.RemoteEndPoint.Port}",
            line,
            StringComparison.Ordinal);
        program.Signal(RunningProgram.Terminate);
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        Assert.Contains(
            "; uplink 2 datagrams 180 bytes, dropped none; downlink 1 datagrams 92 bytes, dropped none; faults none",
            lines[^1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_says_what_it_sees_when_asked_at_every_log_level_and_goes_on()
    {
        using RunningProgram program = new(_environment, "--log-level", "0");

        // At this level nothing is said at the start. Until the program handles the signal, the signal would end it.
        await program.CatchesAsync(RunningProgram.User1);
        program.Signal(RunningProgram.User1);
        Assert.Contains(" info status: up ", await program.LineAsync("status"), StringComparison.Ordinal);
        Assert.False(program.HasExited);
        program.Signal(RunningProgram.Terminate);
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal((0, 1), (code, lines.Length));
    }

    [Fact]
    public async Task An_interface_that_is_not_there_is_named_and_waited_for()
    {
        _environment["WGPROXY_SERVER"] = "[fe80::1%nosuch]:51820";
        using RunningProgram program = new(_environment);
        string line = await program.LineAsync("cannot be resolved");
        Assert.EndsWith(
            " warning server [fe80::1%nosuch]:51820 cannot be resolved: this host has no interface \"nosuch\"; next attempt in 1 s",
            line,
            StringComparison.Ordinal);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_tried_again_and_ends_nothing()
    {
        using RunningProgram program = new(_environment, "--server", "no-such-host.invalid:51820");
        string line = await program.LineAsync("cannot be resolved");
        Assert.Contains(
            " warning server no-such-host.invalid:51820 cannot be resolved: ", line, StringComparison.Ordinal);
        Assert.EndsWith("; next attempt in 1 s", line, StringComparison.Ordinal);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Fact]
    public async Task For_the_journal_lines_carry_their_priority()
    {
        using RunningProgram program = RunningProgram.InShell(
            "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"", _environment, "--timeout", "0");
        Assert.StartsWith("<3>--timeout (WGPROXY_TIMEOUT)", await RefusalAsync(program, 2), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("JOURNAL_STREAM=8:12345")]
    [InlineData("JOURNAL_STREAM=$(stat -L -c %d:1%i /proc/self/fd/2)")]
    [InlineData("JOURNAL_STREAM=$(stat -L -c 1%d:%i /proc/self/fd/2)")]
    [InlineData("JOURNAL_STREAM=$(stat -L -c %i /proc/self/fd/2)")]
    [InlineData("JOURNAL_STREAM=:")]
    [InlineData("JOURNAL_STREAM=")]
    public async Task For_any_other_reader_lines_carry_their_time(string inherited)
    {
        using RunningProgram program = RunningProgram.InShell($"{inherited} exec \"$@\"", _environment, "--timeout", "0");
        Assert.Matches("^[0-9]{4}-.*Z error --timeout", await RefusalAsync(program, 2));
    }

    [Fact]
    public async Task A_standard_error_that_takes_nothing_ends_nothing()
    {
        _environment["WGPROXY_PORTS"] = "1";
        using RunningProgram program = RunningProgram.OnFullDisk(_environment);
        await program.CatchesAsync(RunningProgram.User1);
        program.Signal(RunningProgram.User1);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    private static async Task<string> RefusalAsync(RunningProgram program, int expected)
    {
        (int code, string output, string[] lines) = await program.ExitAsync();
        Assert.True(code == expected, $"exit code {code}\n{string.Join('\n', lines)}");
        Assert.Empty(output);
        return Assert.Single(lines);
    }
}
