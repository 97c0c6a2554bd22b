using System.Net;
using System.Net.Sockets;

namespace WgProxy.Tests;

/// <summary>The real program, started by systemd-socket-activate with a socket in which something waits already.</summary>
public sealed class HandedSocketsTests : IDisposable
{
    private readonly StubEnds _ends = new();
    private readonly IPEndPoint _relay = FreePort();
    private readonly Dictionary<string, string> _environment;

    public HandedSocketsTests() => _environment = new(StringComparer.Ordinal)
    {
        ["WGPROXY_SERVER"] = _ends.Server,
        ["WGPROXY_PUBKEY"] = Keys.Text,
        ["WGPROXY_STATE_DIRECTORY"] = "none",
    };

    public void Dispose() => _ends.Dispose();

    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task The_relay_listens_on_the_socket_and_says_what_it_lacks(string engine)
    {
        _environment["WGPROXY_ENGINE"] = engine;
        using RunningProgram program = Activated("--datagram", $"--listen={_relay}", "--fdname=front");
        await program.LineAsync("Listening on ");
        await _ends.TalkAsync(_relay);
        await _ends.GoOnAsync(_relay);
        Assert.Contains($" warning the relay listens on a socket that was handed over to it ({_relay} as \"front\"): ", await program.LineAsync("handed over"), StringComparison.Ordinal);
        Assert.Equal(_relay, await program.ListeningAsync());
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Fact]
    public async Task Each_of_two_sockets_is_served()
    {
        IPEndPoint second = FreePort();
        _environment["WGPROXY_ENGINE"] = "linux";
        using RunningProgram program = Activated("--datagram", $"--listen={_relay}", $"--listen={second}", "--fdname=front:back");
        await program.LineAsync("Listening on ");
        await _ends.TalkAsync(second);
        Assert.Contains($"{_relay} as \"front\", {second} as \"back\"", await program.LineAsync("handed over"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listen_may_name_the_same_address()
    {
        _environment["WGPROXY_LISTEN"] = _relay.ToString();
        using RunningProgram program = Activated("--datagram", $"--listen={_relay}");
        await program.LineAsync("Listening on ");
        await _ends.TalkAsync(_relay);
    }

    // The initiation is what starts the relay. Nobody knows a name below localhost by now, and the resolver may take seconds to say so.
    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task What_waits_is_served_by_the_address_that_the_name_had_before(string engine)
    {
        string state = Directory.CreateTempSubdirectory("wgproxy-state-").FullName;
        try
        {
            string name = _ends.Server.Replace("127.0.0.1", "moved-away.localhost", StringComparison.Ordinal);
            await File.WriteAllTextAsync(Path.Combine(state, "addresses"), $"{name} 127.0.0.1\n", TestContext.Current.CancellationToken);
            (_environment["WGPROXY_ENGINE"], _environment["WGPROXY_SERVER"], _environment["WGPROXY_STATE_DIRECTORY"]) = (engine, name, state);
            using RunningProgram program = Activated("--datagram", $"--listen={_relay}");
            await program.LineAsync("Listening on ");
            await _ends.TalkAsync(_relay);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }

    [Fact]
    public async Task Listen_that_names_another_address_is_refused_with_both()
    {
        _environment["WGPROXY_LISTEN"] = "0.0.0.0:443";
        string line = await RefusedAsync($"127.0.0.1:{_relay.Port}", isDatagram: true);
        Assert.EndsWith(
            $" error --listen (WGPROXY_LISTEN) is \"0.0.0.0:443\", and LISTEN_FDS hands over {_relay} (\"unknown\"); expected the same address and port in both, or only one of them",
            line,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_of_TCP_is_refused_by_name() => Assert.Contains(
        " error LISTEN_FDS hands over descriptor 3 as \"unknown\", which is not a UDP socket; expected one (ListenDatagram= ",
        await RefusedAsync($"127.0.0.1:{_relay.Port}", isDatagram: false),
        StringComparison.Ordinal);

    [Fact]
    public async Task A_socket_of_both_IP_versions_is_refused_by_name() => Assert.Contains(
        $" error LISTEN_FDS hands over descriptor 3 as \"unknown\", which is bound to [::]:{_relay.Port} for both IP versions; expected one socket for each (BindIPv6Only=ipv6-only ",
        await RefusedAsync($"[::]:{_relay.Port}", isDatagram: true),
        StringComparison.Ordinal);

    // A variable that was meant for the parent, as a shell would pass it on.
    [Fact]
    public async Task Sockets_that_are_meant_for_another_process_are_not_looked_at()
    {
        (_environment["LISTEN_FDS"], _environment["LISTEN_PID"]) = ("1", "1");
        _environment["WGPROXY_LISTEN"] = _relay.ToString();
        using RunningProgram program = new(_environment);
        Assert.Equal(_relay, await program.ListeningAsync());
        Assert.DoesNotContain(program.Lines, line => line.Contains("handed over", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_descriptor_that_is_not_open_is_refused_by_name()
    {
        using RunningProgram program = RunningProgram.InShell("exec 3<&-; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=front exec \"$@\"", _environment);
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(2, code);
        Assert.Contains(lines, line => line.Contains(" error LISTEN_FDS hands over descriptor 3 as \"front\", which is not ", StringComparison.Ordinal));
    }

    private async Task<string> RefusedAsync(string listen, bool isDatagram)
    {
        using RunningProgram program = Activated([.. isDatagram ? ["--datagram"] : Array.Empty<string>(), $"--listen={listen}"]);
        await program.LineAsync("Listening on ");
        using Socket socket = new(AddressFamily.InterNetwork, isDatagram ? SocketType.Dgram : SocketType.Stream, isDatagram ? ProtocolType.Udp : ProtocolType.Tcp);
        await socket.ConnectAsync(_relay, TestContext.Current.CancellationToken);
        if (isDatagram)
        {
            socket.Send([4, 0, 0, 0]);
        }

        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(2, code);
        return Assert.Single(lines, line => line.Contains(" error ", StringComparison.Ordinal));
    }

    private RunningProgram Activated(params string[] arguments) => RunningProgram.Below(
        ["systemd-socket-activate", .. arguments, .. _environment.Keys.Select(name => $"--setenv={name}")], _environment);

    private static IPEndPoint FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }
}
