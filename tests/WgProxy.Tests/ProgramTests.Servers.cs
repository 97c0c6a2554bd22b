using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Protocol;

namespace WgProxy.Tests;

// Several servers behind one port, by a configuration file.
public sealed partial class ProgramTests
{
    [Fact]
    public async Task Three_servers_of_a_file_share_a_port_and_each_gets_its_own_clients()
    {
        using Farm farm = new(3);
        using RunningProgram program = new(null, "--config", farm.Write());
        IPEndPoint relay = await program.ListeningAsync();
        Assert.Contains(" to 3 servers: s1, s2, s3", await program.LineAsync(" relays from "), StringComparison.Ordinal);
        foreach (int number in (int[])[1, 2, 3])
        {
            _ = await program.LineAsync($" info server s{number} (127.0.0.1:");
        }

        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        foreach (int number in (int[])[3, 1, 2])
        {
            int port = await farm.ShakeHandsAsync(client, relay, number);
            string line = await program.LineAsync($", server s{number}");
            Assert.EndsWith($" info client {client.Client.LocalEndPoint} has a tunnel, upstream port {port}, server s{number}", line, StringComparison.Ordinal);
        }

        program.Signal(RunningProgram.User1);
        Assert.Contains(
            "status of s2: mappings Established 1; handshakes 1; uplink 2 datagrams 180 bytes, dropped none; downlink 1 datagrams 92 bytes, dropped none",
            await program.LineAsync("status of s2"),
            StringComparison.Ordinal);
        program.Signal(RunningProgram.Terminate);
        (int code, _, string[] lines) = await program.ExitAsync();
        Assert.Equal(0, code);
        Assert.Contains("; uplink 6 datagrams 540 bytes", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reloading_adds_removes_and_rekeys_servers_and_disturbs_no_other()
    {
        using Farm farm = new(4);
        string file = farm.Write([1, 2, 3]);
        using RunningProgram program = new(null, "--config", file);
        IPEndPoint relay = await program.ListeningAsync();
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        await program.LineAsync(" info server s1 (");
        int port = await farm.ShakeHandsAsync(client, relay, 1);
        await program.LineAsync(" info server s2 (");
        _ = await farm.ShakeHandsAsync(client, relay, 2);

        farm.Rekey(3);
        _ = farm.Write([1, 3, 4]);
        program.Signal(RunningProgram.HangUp);
        Assert.EndsWith(
            $" info SIGHUP: {file} was read again: added s3, s4; removed s2, s3", await program.LineAsync("was read again"), StringComparison.Ordinal);
        await program.LineAsync("has ended: its server is no longer served");
        await program.LineAsync(" info server s4 (");
        _ = await farm.ShakeHandsAsync(client, relay, 4);
        _ = await farm.ShakeHandsAsync(client, relay, 3);
        Assert.Equal(port, await farm.SendDataAsync(client, relay, 1));
        Assert.False(await farm.IsAnsweredAsync(client, relay, 2));

        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    [Fact]
    public async Task A_bad_file_and_a_setting_that_needs_a_restart_are_refused_whole()
    {
        using Farm farm = new(2);
        string file = farm.Write([1]);
        using RunningProgram program = new(null, "--config", file);
        IPEndPoint relay = await program.ListeningAsync();
        _ = farm.Write([1, 2], "Colour = red\n");
        program.Signal(RunningProgram.HangUp);
        await program.LineAsync($" error SIGHUP: {file} is not taken over; everything stays as it was");
        await program.LineAsync($" error {file}:3: unknown key \"Colour\"");
        _ = farm.Write([1, 2], "Workers = 3\n");
        program.Signal(RunningProgram.HangUp);
        await program.LineAsync($" error {file}: Workers is another than at the start, and it cannot change while the relay runs");
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(client, relay, 1);
        Assert.False(await farm.IsAnsweredAsync(client, relay, 2));
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    // The first endpoint is silent. The client asks again, and after 4 s the relay asks at the next.
    [Fact]
    public async Task A_client_of_a_server_whose_first_endpoint_is_silent_reaches_the_second()
    {
        using Farm farm = new(1);
        using UdpClient silent = new(new IPEndPoint(IPAddress.Loopback, 0));
        using RunningProgram program = new(null, "--config", farm.Write(null, "", $"{silent.Client.LocalEndPoint}, "));
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync($" info server s1 ({silent.Client.LocalEndPoint}) is at ");
        await program.LineAsync($" info server s1 ({farm.EndPointOf(1)}) is at ");
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(client, relay, 1);
        Assert.True(silent.Available > 0);
        program.Signal(RunningProgram.Terminate);
        Assert.Equal(0, (await program.ExitAsync()).Code);
    }

    // Else a worker waits for the kernel whenever mappings have doubled (decision 50).
    [Theory]
    [InlineData("linux")]
    [InlineData("portable")]
    public async Task The_kernel_has_room_for_the_sockets_of_all_mappings_before_the_first(string engine)
    {
        using Farm farm = new(1);
        using RunningProgram program = RunningProgram.InShell("ulimit -n 20000; exec \"$@\"", new Dictionary<string, string>(), "--config", farm.Write(), "--engine", engine, "--max-mappings", "9000");
        _ = await program.ListeningAsync();
        string status = $"/proc/{program.Id}/status";
        int room = 0;
        Assert.True(SpinWait.SpinUntil(() => (room = Room()) >= 9_000, TimeSpan.FromSeconds(20)), $"the kernel has room for {room} files");

        int Room() => int.Parse(File.ReadLines(status).Single(line => line.StartsWith("FDSize:", StringComparison.Ordinal)).AsSpan(7), CultureInfo.InvariantCulture);
    }
}
