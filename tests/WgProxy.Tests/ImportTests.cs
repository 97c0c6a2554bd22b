using System.Collections;
using System.Runtime.Versioning;
using System.Text;
using WgProxy.Commands;
using WgProxy.Configuration;
using WgProxy.Importing;

namespace WgProxy.Tests;

/// <summary>A relay's configuration from the files that people have.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class ImportTests : IDisposable
{
    private static readonly string A = Keys.TextOf(1);
    private static readonly string B = Keys.TextOf(2);
    private static readonly string Secret = Keys.TextOf(98);

    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-import-").FullName;
    private readonly HeardLog _heard = new();
    private readonly Hashtable _environment = [];
    private readonly StringWriter _output = new();
    private readonly StringWriter _advice = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Client => Write("wg0.conf",
        $"[Interface]\nPrivateKey = {Secret}\nAddress = 10.0.0.2/32\nMTU = 1440\n\n# home\n[Peer]\nPublicKey = {A}\nPresharedKey = {Secret}\n"
        + "AllowedIPs = 0.0.0.0/0\nEndpoint = home.example.com:51820   # the router\nPersistentKeepalive = 25\n");

    [Fact]
    public void A_clients_file_names_the_server_and_its_lines_to_change_are_said()
    {
        Assert.Equal(0, Run(Client, "--relay", "relay.example.com:443"));
        Assert.Equal($"[Relay]\nListen = [::]:51820\n\n[Server]\nName = home\nPublicKey = {A}\nEndpoint = home.example.com:51820\n", _output.ToString());
        Assert.Equal("In the client's file, change:\nline 4: MTU = 1420\nline 11: Endpoint = relay.example.com:443\n", _advice.ToString());
        Assert.Empty(_heard.Lines);
    }

    [Fact]
    public void A_servers_file_gives_the_names_of_its_peers()
    {
        string file = Write("wg0.conf", $"""
            [Interface]
            PrivateKey = {Secret}
            ListenPort = 51820

            ### Client alice
            [Peer]
            PublicKey = {Keys.TextOf(11)}
            PresharedKey = {Secret}
            # BEGIN_PEER bob
            [Peer]
            PublicKey = {Keys.TextOf(12)}
            # END_PEER bob
            [Peer]
            # Name = carol's phone
            PublicKey = {Keys.TextOf(13)}
            # AllowedIPs = 10.0.0.9/32

            [Peer] # dave
            PublicKey = {Keys.TextOf(14)}

            [Peer]
            # friendly_name = erin
            # another word
            PublicKey = {Keys.TextOf(15)}

            # frank
            # PresharedKey = {Secret}
            [Peer]
            PublicKey = {Keys.TextOf(16)}
            AllowedIPs = 10.0.0.6/32 # of frank

            # an old comment

            [Peer]
            # {Secret}
            PublicKey = {Keys.TextOf(17)}
            [Peer]
            # alice
            PublicKey = {Keys.TextOf(18)}
            """);
        Assert.Equal(2, Run(file));
        Assert.Equal(2, _heard.Lines.Length);
        Assert.All(_heard.Lines, line => Assert.Contains("is a server's file, which tells neither where the server is nor its public key", line, StringComparison.Ordinal));
        Assert.Equal(0, Run(file, "--server", "home.example.com:51820", "--public-key", A));
        RelayFile made = RelayFile.Parse("x", _output.ToString());
        Assert.Equal(0, made.Faults.Count);
        Assert.Equal(
            ["alice", "bob", "carol-s-phone", "dave", "erin", "frank", Keys.TextOf(17), "alice-2"],
            Assert.Single(made.Servers).Peers.Select(peer => peer.Name));
        Assert.Equal(Enumerable.Range(11, 8).Select(Keys.TextOf), made.Servers[0].Peers.Select(peer => peer.Key.ToString()));
    }

    [Fact]
    public void Without_a_file_the_options_become_one()
    {
        _environment["WGPROXY_SERVER"] = "home.example.com:51820";
        _environment["WGPROXY_PUBKEY"] = A;
        _environment["WGPROXY_LISTEN"] = "0.0.0.0:443";
        _environment["WGPROXY_TIMEOUT"] = "600";
        _environment["WGPROXY_LOGLEVEL"] = "1";
        Assert.Equal(0, Run(null));
        Assert.Equal(
            $"[Relay]\nListen = 0.0.0.0:443\nTimeout = 600\nLogLevel = 1\n\n[Server]\nName = home.example.com\nPublicKey = {A}\nEndpoint = home.example.com:51820\n",
            _output.ToString());
    }

    [Fact]
    public void Standard_input_is_a_file_and_several_servers_are_taken_once_each()
    {
        string text = $"[Interface]\r\n[Peer]\r\nPublicKey={A}\r\nEndpoint=home.example:1\r\n[Peer]\r\nPublicKey={B}\r\nEndpoint=home.example:2\r\n";
        Assert.Equal(0, Run("-", Encoding.UTF8.GetBytes("\uFEFF" + text)));
        Assert.Equal(["home.example", "home.example-2"], RelayFile.Parse("x", _output.ToString()).Servers.Select(server => server.Name));
        Assert.Equal("In the client's file, change:\nline 4: Endpoint = <this relay's name>:51820\nline 7: Endpoint = <this relay's name>:51820\n", _advice.ToString());
    }

    [Fact]
    public void In_place_only_the_lines_change_and_the_mode_stays()
    {
        string file = Client;
        byte[] odd = [.. File.ReadAllBytes(file), .. "# caf\xE9\r\n"u8, 0xFF, 0xFE, 0];
        File.WriteAllBytes(file, odd);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Equal(0, Run(null, "--in-place", file, "--relay", "relay.example.com:443"));
        string before = Encoding.Latin1.GetString(odd);
        string expected = before.Replace("1440", "1420", StringComparison.Ordinal).Replace("home.example.com:51820   #", "relay.example.com:443   #", StringComparison.Ordinal);
        Assert.Equal(expected, Encoding.Latin1.GetString(File.ReadAllBytes(file)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
        Assert.Equal([file], Directory.GetFiles(_folder));
        Assert.StartsWith($"Changed in {file}:\nline 4: MTU = 1420\n", _advice.ToString(), StringComparison.Ordinal);
        Assert.Contains("Name = home\n", _output.ToString(), StringComparison.Ordinal);

        // Once more there is nothing to import: the file leads to the relay.
        Assert.Equal(2, Run(null, "--in-place", file, "--relay", "relay.example.com:443"));
        Assert.Contains("leads there already", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_stays_one_and_a_copy_that_is_in_the_way_is_not_touched()
    {
        string file = Client;
        string link = Path.Combine(_folder, "link.conf");
        File.CreateSymbolicLink(link, file);
        Assert.Equal(0, Run(null, "--in-place", link, "--relay", "relay.example.com:443"));
        Assert.Equal(file, new FileInfo(link).LinkTarget);
        Assert.Contains("Endpoint = relay.example.com:443", File.ReadAllText(file), StringComparison.Ordinal);

        string other = Client;
        File.WriteAllText(other + ".wgproxy-new", "kept");
        byte[] before = File.ReadAllBytes(other);
        Assert.Equal(3, Run(null, "--in-place", other, "--relay", "relay.example.com:443"));
        Assert.Equal(before, File.ReadAllBytes(other));
        Assert.Equal("kept", File.ReadAllText(other + ".wgproxy-new"));
        Assert.Contains("cannot be changed, and is as it was", Assert.Single(_heard.Lines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[Peer]\nPublicKey = {S}x\nEndpoint = a:1", "2: PublicKey cannot be read: expected 32 bytes in base64")]
    [InlineData("[Peer]\nPublicKey = {A}\nEndpoint = {S}", "3: Endpoint cannot be read: expected a name or address with a port")]
    [InlineData("[Interface]\nPrivateKey = {S}", "1: there is no [Peer]: expected a file of wg or wg-quick")]
    [InlineData("", "1: there is no [Peer]")]
    public void What_cannot_be_read_is_said_by_line_and_not_repeated(string text, string expected)
    {
        string file = Write("bad.conf", text.Replace("{S}", Secret, StringComparison.Ordinal).Replace("{A}", A, StringComparison.Ordinal));
        Assert.Equal(2, Run(file));
        Assert.Contains($"{file}:{expected}", Assert.Single(_heard.Lines), StringComparison.Ordinal);
        AssertNoSecret();
    }

    [Fact]
    public void Secrets_are_nowhere_in_what_it_says()
    {
        string[] secrets = [.. Enumerable.Range(100, 40).Select(Keys.TextOf)];
        int next = 0;
        string file = Write("full.conf", $"[Interface]\nPrivateKey = {Next()}\n# PrivateKey = {Next()}\n#{Next()}\nPostUp = wg set %i private-key {Next()}\n{Next()}\n"
            + $"# {Next()}\n# Name = {Next()}\n[Peer] # {Next()}\n# Client {Next()}\nPublicKey = {A} # {Next()}\nPresharedKey = {Next()}\nPresharedKey{Next()}\n"
            + $"Endpoint = home.example:1 # {Next()}\n{Next()} = {Next()}\n[{Next()}]\nPublicKey = {Next()}\n");
        Assert.Equal(0, Run(file, "--relay", "relay.example:1"));
        Assert.Equal(0, Run(null, "--in-place", file, "--relay", "relay.example:1"));
        string said = _output.ToString() + _advice + string.Concat(_heard.Lines);
        Assert.InRange(next, 15, secrets.Length);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret[..12], said, StringComparison.Ordinal));
        Assert.All(secrets.Take(next), secret => Assert.Contains(secret, File.ReadAllText(file), StringComparison.Ordinal));

        string Next() => secrets[next++];
    }

    [Fact]
    public void Any_bytes_are_read_without_an_exception()
    {
        System.Random random = new(1);
        byte[] bytes = new byte[300];
        for (int run = 0; run < 2_000; run++)
        {
            random.NextBytes(bytes);
            string text = "[Peer]\n" + Encoding.Latin1.GetString(bytes).Replace('a', '\n').Replace('b', '=').Replace('c', '#').Replace('d', '[');
            WireGuardFile file = WireGuardFile.Parse(text);
            _ = new ClientEdit(file, "relay.example:1").Apply(Encoding.Latin1.GetBytes(text));
        }
    }

    private void AssertNoSecret() =>
        Assert.DoesNotContain(Secret[..20], _output.ToString() + _advice + string.Concat(_heard.Lines), StringComparison.Ordinal);

    private int Run(string? file, params string[] arguments) => Run(file, [], arguments);

    private int Run(string? file, byte[] input, params string[] arguments)
    {
        CommandLine line = new(["import", .. file is null ? [] : (string[])[file], .. arguments]);
        Assert.True(line.IsValid(_heard.Log), string.Join('\n', _heard.Lines));
        return new ImportCommand(line, _environment, _heard.Log).Run(new MemoryStream(input), _output, _advice);
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        if (File.Exists(path))
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.WriteAllText(path, text);
        return path;
    }
}
