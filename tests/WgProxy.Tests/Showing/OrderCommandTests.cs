using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using WgProxy.Commands;
using WgProxy.Configuration;

namespace WgProxy.Tests.Showing;

/// <summary>The commands that give a running relay an order, as an operator types them.</summary>
[Trait("Forms", "All")]
[UnsupportedOSPlatform("windows")]
public sealed class OrderCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-order-").FullName;

    private string Socket => Path.Combine(_folder, "control.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Each_order_says_what_was_done()
    {
        using Farm farm = new(2);
        string file = farm.Write([1]);
        await File.AppendAllTextAsync(file, $"[Peer]\nName = alice-phone\nPublicKey = {Keys.TextOf(70)}\n", TestContext.Current.CancellationToken);
        using RunningProgram program = new(null, "--config", file, "--control", Socket);
        IPEndPoint relay = await program.ListeningAsync();
        await program.LineAsync(" answers requests on ");
        await program.LineAsync(" info server ");
        using UdpClient client = new(new IPEndPoint(IPAddress.Loopback, 0));
        _ = await farm.ShakeHandsAsync(client, relay, 1);

        await SaysAsync(0, $"dropped {client.Client.LocalEndPoint}: 1 mapping has ended; it may return by its next handshake", "drop", $"{client.Client.LocalEndPoint}");
        await SaysAsync(0, "127.0.0.1 has no mapping: there is nothing to drop", "drop", "127.0.0.1");
        _ = await farm.ShakeHandsAsync(client, relay, 1);
        await SaysAsync(0, "dropped 127.0.0.1: 1 mapping has ended; it is denied until the relay is restarted", "drop", "127.0.0.1", "--deny");
        await SaysAsync(0, "alice-phone has no mapping; it is denied until the relay is restarted", "drop", "alice-phone", "--deny", "--server", "s1");
        await SaysAsync(3, "wgproxy drop: the relay refuses: no peer is called \"bob\"", "drop", "bob");
        await SaysAsync(0, """{"mappings":0,"denied":false}""", "drop", "192.0.2.1", "--json");

        await SaysAsync(0, "the log level is 3 (debug) until the next reload", "set", "log-level", "3");
        await SaysAsync(0, "the configuration file was read again: no server differs", "reload");
        _ = farm.Write([2]);
        await SaysAsync(0, "the configuration file was read again: added s2; removed s1", "reload");
        await File.WriteAllTextAsync(file, "[Relay]\nListn = 127.0.0.1:0\n", TestContext.Current.CancellationToken);
        string[] refused = await AskAsync(2, "reload");
        Assert.Contains($"{file}:2: unknown key \"Listn\"", refused[0], StringComparison.Ordinal);
        Assert.EndsWith($"{file} is not taken over; everything stays as it was", refused[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_file_a_reload_says_that_there_is_none()
    {
        using RunningProgram program = new(
            new Dictionary<string, string> { ["WGPROXY_SERVER"] = "192.0.2.1:51820", ["WGPROXY_PUBKEY"] = Keys.Text, ["WGPROXY_LISTEN"] = "127.0.0.1:0", ["WGPROXY_CONTROL"] = Socket });
        await program.LineAsync(" answers requests on ");
        await SaysAsync(0, "there is no configuration file to read again: the server's name is resolved again now", "reload");
    }

    [Theory]
    [InlineData("wgproxy drop: expected a client: its address, its address and port, or its peer's name", "drop")]
    [InlineData("wgproxy drop: --server is home: expected it with a peer's name only, because an address is dropped at every server", "drop", "192.0.2.1", "--server", "home")]
    [InlineData("wgproxy set: expected log-level and a level: 0 (errors), 1 (and warnings), 2 (and information) or 3 (and debugging)", "set", "level", "3")]
    [InlineData("wgproxy set: log-level is \"4\": expected 0 (errors), 1 (and warnings), 2 (and information) or 3 (and debugging)", "set", "log-level", "4")]
    public Task What_was_typed_wrongly_is_said_and_no_relay_is_asked(string said, params string[] typed) => SaysAsync(2, said, typed);

    [Theory]
    [InlineData("reload")]
    [InlineData("drop", "alice-phone")]
    [InlineData("set", "log-level", "2")]
    public Task Without_a_relay_the_answer_names_the_socket_that_was_asked(params string[] typed) => SaysAsync(
        3, $"wgproxy {typed[0]}: no relay answers on {Socket}: it does not run, or its setting Control names another path (--control PATH asks there)", typed);

    // A group member may ask, and the owner may order; root's line is the one to type.
    [Fact]
    public async Task Another_user_is_told_who_may_and_the_line_to_type()
    {
        const string Nobody = "65534";
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/usr/bin/setpriv"), "needs root and setpriv");
        File.SetUnixFileMode(_folder, File.GetUnixFileMode(_folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        using Farm farm = new(1);
        using RunningProgram program = new(null, "--config", farm.Write(), "--control", Socket, "--control-group", Nobody);
        await program.LineAsync(" answers requests on ");
        Assert.Equal(
            (3, $"wgproxy drop: the relay refuses: user {Nobody} may only ask: expected root, or user 0, by whose rights the relay runs; type: sudo wgproxy drop \'it\'\\\'\'s me\' --control {Socket}"),
            await AsNobodyAsync(Nobody, "drop", "it's me", "--control", Socket));
        Assert.Equal(
            (3, $"wgproxy show: the socket {Socket} may not be opened: expected root, the relay's own user, or a member of its group; type: sudo wgproxy show --control {Socket}"),
            await AsNobodyAsync("65533", "show", "--control", Socket));
    }

    [Theory]
    [InlineData("7", false)]
    [InlineData("alice.phone", false)]
    [InlineData("1.2", false)]
    [InlineData("192.0.2.7", true)]
    [InlineData("192.0.2.7:51820", true)]
    [InlineData("2001:db8::7", true)]
    [InlineData("[2001:db8::7]:51820", true)]
    public void An_address_is_told_from_a_name(string word, bool isAddress) => Assert.Equal(isAddress, DropCommand.IsAddress(word));

    [Fact]
    public void Each_command_has_a_help_of_its_own_and_a_place_in_the_whole()
    {
        string whole = HelpText.Build();
        Assert.All(VerbSyntax.All.Skip(1), syntax =>
        {
            string[] own = HelpText.Build(syntax).Split('\n');
            Assert.All(own, line => Assert.InRange(line.Length, 0, 96));
            Assert.Contains($"Usage: {syntax.Usage}", own);
            Assert.Contains($"{syntax.Usage}\n", whole, StringComparison.Ordinal);
            Assert.All(syntax.Flags, flag => Assert.Contains(own, line => line.StartsWith($"  {flag.Form} ", StringComparison.Ordinal)));
            Assert.All(syntax.Flags, flag => Assert.Contains($"  {flag.Form} ", whole, StringComparison.Ordinal));
        });
    }

    private static async Task<(int Code, string Line)> AsNobodyAsync(string group, params string[] arguments)
    {
        using RunningProgram program = RunningProgram.Below(
            ["/usr/bin/setpriv", "--reuid", "65534", "--regid", group, "--clear-groups"], new Dictionary<string, string>(), arguments);
        (int code, _, string[] lines) = await program.ExitAsync();
        return (code, Assert.Single(lines));
    }

    private async Task SaysAsync(int code, string said, params string[] typed) => Assert.Equal([said], await AskAsync(code, typed));

    private async Task<string[]> AskAsync(int code, params string[] typed)
    {
        using RunningProgram program = new(null, [.. typed, "--control", Socket]);
        (int actual, string output, string[] lines) = await program.ExitAsync();
        string[] said = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Concat(lines)];
        Assert.True(code == actual, $"exit code {actual}: {string.Join('\n', said)}");
        return said;
    }
}
