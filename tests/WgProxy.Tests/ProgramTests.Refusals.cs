using System.Net;
using System.Net.Sockets;
using WgProxy.Configuration;

namespace WgProxy.Tests;

// What the program refuses: each in one line, with its exit code.
public sealed partial class ProgramTests
{
    [Theory]
    [InlineData("WGPROXY_SERVER", "")]
    [InlineData("WGPROXY_SERVER", "vpn.example")]
    [InlineData("WGPROXY_SERVER", "192.0.2.1:0")]
    [InlineData("WGPROXY_SERVER", "2001:db8::1:51820")]
    [InlineData("WGPROXY_SERVER", "vpn\nexample:1")]
    [InlineData("WGPROXY_SERVER", "[fe80::1]:51820")]
    [InlineData("WGPROXY_SERVER", "[2001:db8::1%lo]:51820")]
    [InlineData("WGPROXY_LISTEN", "[fe80::1%nosuch]:51820")]
    [InlineData("WGPROXY_PUBKEY", "")]
    [InlineData("WGPROXY_PUBKEY", "AAAA")]
    [InlineData("WGPROXY_PUBKEY", "not base64 at all")]
    [InlineData("WGPROXY_PUBKEY", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA")]
    [InlineData("WGPROXY_LISTEN", "51820")]
    [InlineData("WGPROXY_LISTEN", "localhost:51820")]
    [InlineData("WGPROXY_TIMEOUT", "0")]
    [InlineData("WGPROXY_TIMEOUT", "5m")]
    [InlineData("WGPROXY_LOGLEVEL", "4")]
    [InlineData("WGPROXY_LOGLEVEL", "debug")]
    public async Task A_wrong_setting_is_one_line_and_exit_code_2(string variable, string value)
    {
        OptionRow row = OptionTable.Rows.Single(row => string.Equals(row.Variable, variable, StringComparison.Ordinal));
        _environment[variable] = value;
        using RunningProgram program = new(_environment);
        string line = await RefusalAsync(program, 2);
        Assert.Contains($" error {row.Name} is ", line, StringComparison.Ordinal);
        Assert.Contains(value.Length == 0 ? "missing" : $"\"{value.Replace("\n", "\\u{A}", StringComparison.Ordinal)}\"",
            line, StringComparison.Ordinal);
        Assert.Contains($"expected {row.Expected}", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unknown argument \"--ports\"", "--ports", "1")]
    [InlineData("--server (WGPROXY_SERVER) needs exactly one value", "--server")]
    [InlineData("--timeout (WGPROXY_TIMEOUT) is \"-5\"", "--timeout", "-5")]
    public async Task A_wrong_argument_is_one_line_and_exit_code_2(string expected, params string[] arguments)
    {
        using RunningProgram program = new(_environment, arguments);
        Assert.Contains(expected, await RefusalAsync(program, 2), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_and_exit_code_3()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string listen = taken.LocalEndPoint!.ToString()!;
        using RunningProgram program = new(_environment, "--listen", listen);
        string line = await RefusalAsync(program, 3);
        Assert.Contains($" error --listen (WGPROXY_LISTEN) is \"{listen}\": ", line, StringComparison.Ordinal);
        Assert.Contains("another program uses this UDP port", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_host_is_one_line_and_exit_code_3()
    {
        using RunningProgram program = new(_environment, "--listen", "192.0.2.1:0");
        string line = await RefusalAsync(program, 3);
        Assert.Contains(" error --listen (WGPROXY_LISTEN) is \"192.0.2.1:0\": ", line, StringComparison.Ordinal);
        Assert.Contains("this machine does not have the address", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_the_relay_is_one_line_and_exit_code_2()
    {
        using RunningProgram program = new(_environment, "--listen", "0.0.0.0:51820", "--server", "127.0.0.1:51820");
        Assert.Contains(
            " error --server (WGPROXY_SERVER) is \"127.0.0.1:51820\": that is where this relay itself listens",
            await RefusalAsync(program, 2),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_of_the_relay_itself_is_one_line_and_exit_code_2()
    {
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(IPAddress.Any, 0));
        int free = ((IPEndPoint)probe.LocalEndPoint!).Port;
        probe.Dispose();
        using RunningProgram program = new(
            _environment, "--listen", $"[::]:{free}", "--server", $"localhost:{free}", "--log-level", "0");
        Assert.Contains(
            $" error --server (WGPROXY_SERVER) is \"localhost:{free}\": it resolves to ",
            await RefusalAsync(program, 2),
            StringComparison.Ordinal);
    }
}
