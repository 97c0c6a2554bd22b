using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Tests;

/// <summary>Sandboxes refuse calls, and old ones say EPERM where ENOSYS is meant: the program does without the call, or ends
/// with exit code 3 and one line that names it. It neither spins nor stays silent.</summary>
public sealed class RefusedCallsTests
{
    private const int EPERM = 1;
    private const int EACCES = 13;
    private const int EINVAL = 22;
    private const int ENOSYS = 38;

    // mmap of a ring: MAP_SHARED | MAP_POPULATE.
    private const string MapRing = "mmap@3=32769";
    private const string SharePort = "setsockopt@1=1@2=15";
    private const string Steer = "setsockopt@1=1@2=51";
    private const string OnlyIPv6 = "setsockopt@1=41@2=26";
    private const string Netlink = "socket@0=16";

    private static readonly int[] Errors = [EPERM, EACCES, EINVAL, ENOSYS];

    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal)
    {
        ["WGPROXY_SERVER"] = "192.0.2.1:51820",
        ["WGPROXY_PUBKEY"] = Keys.Text,
        ["WGPROXY_LISTEN"] = "127.0.0.1:0",
    };

    [Theory]
    [InlineData("linux", "socket@0=2", "the system refuses a UDP socket")]
    [InlineData("linux", OnlyIPv6, "the system refuses a UDP socket (socket, IPV6_V6ONLY)")]
    [InlineData("linux", "bind", "cannot listen on 127.0.0.1:0: ")]
    [InlineData("linux", "getsockname", "the system refuses getsockname")]
    [InlineData("linux", "recvmmsg", "the system refuses recvmmsg")]
    [InlineData("linux", "sendmmsg", "the system refuses sendmmsg")]
    [InlineData("linux", SharePort, "the system refuses setsockopt SO_REUSEPORT")]
    [InlineData("linux", Steer, "the system refuses setsockopt SO_ATTACH_REUSEPORT_CBPF")]
    [InlineData("linux", "epoll_create1", "the system refuses epoll_create1")]
    [InlineData("linux", "epoll_ctl", "the system refuses epoll_ctl")]
    [InlineData("linux", "epoll_wait epoll_pwait", "the system refuses epoll_wait")]
    [InlineData("linux", "eventfd2", "the system refuses eventfd2")]
    [InlineData("portable", "socket@0=2", "cannot listen on 127.0.0.1:0: ")]
    [InlineData("portable", "bind", "cannot listen on 127.0.0.1:0: ")]
    [InlineData("portable", "recvmsg recvfrom", "the system refuses poll, recvmsg or recvfrom")]
    [InlineData("portable", "epoll_create1", "epoll_create1")]
    public Task Without_a_call_that_it_needs_it_names_the_call_and_ends(string engine, string calls, string said) => ForEachErrorAsync(async error =>
    {
        string listen = string.Equals(calls, OnlyIPv6, StringComparison.Ordinal) ? "[::1]:0" : "127.0.0.1:0";
        using RunningProgram program = RunningProgram.Below(
            RefusingSandbox.Before(error, calls), _environment, "--engine", engine, "--listen", listen);
        (int code, _, string[] lines) = await program.ExitAsync();
        string line = Assert.Single(lines);
        Assert.Contains(said, line, StringComparison.Ordinal);
        Assert.Contains(said.StartsWith("cannot", StringComparison.Ordinal) ? "--listen" : $"error the {engine} engine cannot start: ", line, StringComparison.Ordinal);
        Assert.Equal(3, code);
    });

    [Theory]
    [InlineData("linux", "timerfd_create")]
    [InlineData("linux", "timerfd_settime")]
    [InlineData("linux", "io_uring_setup")]
    [InlineData("linux", "io_uring_enter")]
    [InlineData("linux", MapRing)]
    [InlineData("linux", "getrandom")]
    [InlineData("linux", "getsockopt")]
    [InlineData("linux", "statx")]
    [InlineData("linux", "uname")]
    [InlineData("linux", Netlink)]
    [InlineData("linux", "recvfrom")]
    [InlineData("portable", "setsockopt")]
    [InlineData("portable", "getrandom")]
    [InlineData("portable", Netlink)]
    public Task Without_a_call_that_it_can_spare_it_relays(string engine, string calls) => ForEachErrorAsync(async error =>
    {
        using StubEnds ends = new();
        using RunningProgram program = RunningProgram.Below(
            RefusingSandbox.Before(error, calls),
            _environment,
            "--engine",
            engine,
            "--timeout",
            "1",
            "--server",
            ends.Server);
        IPEndPoint relay = await program.ListeningAsync();
        _ = await program.LineAsync(" info server ");
        await ends.TalkAsync(relay);
        _ = await program.LineAsync(" has a tunnel");

        // A deadline passes though nothing arrives.
        _ = await program.LineAsync(" is idle: ");
        Assert.InRange(program.ProcessorTime.TotalSeconds, 0, 10);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    });

    // Which addresses are the host's own is asked when the server has the port that is listened on.
    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task Without_netlink_it_takes_the_operators_word_for_the_servers_address(string engine)
    {
        Assert.SkipWhen(RefusingSandbox.Missing.Length > 0, RefusingSandbox.Missing);
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(IPAddress.Any, 0));
        int free = ((IPEndPoint)probe.LocalEndPoint!).Port;
        probe.Dispose();
        using RunningProgram program = RunningProgram.Below(
            RefusingSandbox.Before(EACCES, Netlink), _environment, "--engine", engine, "--listen", $"0.0.0.0:{free}", "--server", $"192.0.2.1:{free}");
        _ = await program.LineAsync($" is at 192.0.2.1:{free}");
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Theory]
    [InlineData("linux", EPERM, EPERM)]
    [InlineData("linux", EACCES, EACCES)]
    [InlineData("portable", EPERM, EACCES)] // .NET takes the two for one.
    public async Task A_socket_that_is_refused_is_said_with_call_error_and_server(string engine, int error, int told)
    {
        Assert.SkipWhen(RefusingSandbox.Missing.Length > 0, RefusingSandbox.Missing);
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        using RunningProgram program = RunningProgram.Below(
            RefusingSandbox.Before(error, "connect"), _environment, "--engine", engine);
        IPEndPoint relay = await program.ListeningAsync();
        _ = await program.LineAsync(" info server ");
        byte[] initiation = WireMessages.Initiation(Keys.Route().Mac1, 1);
        await client.SendAsync(initiation, relay, TestContext.Current.CancellationToken);
        string line = await program.LineAsync(" cannot be served: ");
        Assert.Matches(
            $" to 192\\.0\\.2\\.1:51820: connect: .+ \\(errno {told}\\); a firewall or a sandbox on this host refuses it$", line);
    }

    // The refusal begins after the start: the trial call asks for no message, or only looks.
    [Theory]
    [InlineData("linux", "recvmmsg@2=64")]
    [InlineData("portable", "recvmsg@2=0 recvfrom@3=0")]
    public async Task Receives_that_only_fail_do_not_spin(string engine, string calls)
    {
        Assert.SkipWhen(RefusingSandbox.Missing.Length > 0, RefusingSandbox.Missing);
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        using RunningProgram program = RunningProgram.Below(
            RefusingSandbox.Before(EPERM, calls), _environment, "--engine", engine, "--workers", "1");
        IPEndPoint relay = await program.ListeningAsync();
        await client.SendAsync(WireMessages.Transport(2), relay, TestContext.Current.CancellationToken);
        _ = await program.LineAsync("ReceiveFailed", () => program.Signal(RunningProgram.User1));
        TimeSpan before = program.ProcessorTime;
        Stopwatch watch = Stopwatch.StartNew();
        string line = await program.LineAsync("receives failed in the last");
        double share = (program.ProcessorTime - before) / watch.Elapsed;
        TestContext.Current.TestOutputHelper!.WriteLine($"measured: {engine}: {share:P1} of a processor while every receive fails; {line}");
        Assert.InRange(share, 0, 0.5);
    }

    // A sandbox of its own for each error; they wait more than they work, so side by side.
    private static Task ForEachErrorAsync(Func<int, Task> run)
    {
        Assert.SkipWhen(RefusingSandbox.Missing.Length > 0, RefusingSandbox.Missing);
        return Task.WhenAll(Errors.Select(run));
    }
}
