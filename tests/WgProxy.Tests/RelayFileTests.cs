using System.Diagnostics;
using System.Net;
using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>What a configuration file says, and everything that may be wrong with one.</summary>
public sealed class RelayFileTests
{
    private static readonly string A = Keys.TextOf(1);
    private static readonly string B = Keys.TextOf(2);

    [Fact]
    public void A_file_says_what_the_options_say_and_lists_servers()
    {
        RelayFile file = Read($"""
            # the relay of our office
            [Relay]
            listen = 127.0.0.1:9
            TIMEOUT = 600
            Deny = 192.0.2.0/24
            Deny = 198.51.100.7, 2001:db8::/32

            [Server]
            Name = home   # behind the router
            PublicKey = {A}
            Endpoint = home.example.com:51820
            Timeout = 200
            Allow = 203.0.113.0/24
            PeersOnly = yes

            [Peer]
            Name = alice-phone
            PublicKey = {B}
            [Peer]
            PublicKey = {A}

            [server]
            publickey = {B}
            endpoint = [2001:db8::7]:51820
            """);
        Assert.Equal("127.0.0.1:9", file.Relay[OptionTable.Listen]!.ToString());
        Assert.Equal(TimeSpan.FromSeconds(600), file.Relay[OptionTable.Timeout]);
        AddressList deny = Assert.IsType<AddressList>(file.Relay[OptionTable.Deny]);
        Assert.All(["192.0.2.9", "198.51.100.7", "2001:db8::9"], each => Assert.True(deny.Contains(From(each))));
        Assert.False(deny.Contains(From("198.51.100.8")));

        Assert.Equal(["home (home.example.com:51820)", "[2001:db8::7]:51820"], file.Servers.Select(server => server.Endpoint.Title));
        Assert.Equal(["home", "[2001:db8::7]:51820"], file.Servers.Select(server => server.Name));
        Assert.Equal([A, B], file.Servers.Select(server => server.Key.ToString()));
        Assert.Equal([TimeSpan.FromSeconds(200), null], file.Servers.Select(server => server.Settings.IdleTimeout));
        Assert.True(file.Servers[0].Settings.Denies(From("192.0.2.1")));
        Assert.False(file.Servers[0].Settings.Denies(From("203.0.113.9")));
        Assert.Equal([$"alice-phone {B}", $"{A} {A}"], file.Servers[0].Peers.Select(peer => $"{peer.Name} {peer.Key}"));
        Assert.Empty(file.Servers[1].Peers);
        Assert.Equal([true, false], file.Servers.Select(server => server.Settings.PeersOnly));
    }

    [Theory]
    [InlineData("[Relay]\nTimout = 5", "2: unknown key \"Timout\": did you mean Timeout?")]
    [InlineData("[Relay]\nColour = red", "2: unknown key \"Colour\": expected Listen, Timeout, MaxMappings")]
    [InlineData("[Relay]\nConfig = x", "2: unknown key \"Config\": expected Listen")]
    [InlineData("[Relay]\nTimeout = 5\nTimeout = 6", "3: Timeout is given twice: line 2 has it too")]
    [InlineData("[Relay]\nTimeout =", "2: Timeout has no value: expected a whole number of seconds")]
    [InlineData("[Relay]\nTimeout = 5m", "2: Timeout is \"5m\": expected a whole number of seconds")]
    [InlineData("[Relay]\nAllow = 192.0.2.0/24\nAllow = 10.1", "3: Allow is \"10.1\": \"10.1\" is no address prefix")]
    [InlineData("[Relay]\n[Relay]", "2: [Relay] stands once in a file: line 1 has it")]
    [InlineData("[Sever]", "1: [Sever] is no section: did you mean [Server]?")]
    [InlineData("[Interface]\nPrivateKey = x", "1: [Interface] belongs to WireGuard's own file")]
    [InlineData("[Peer]\nPublicKey = {A}", "1: [Peer] belongs below the [Server] whose client it is")]
    [InlineData("[Server]\nEndpoint = a.example:1", "1: [Server] has no PublicKey: expected 32 bytes in base64")]
    [InlineData("[Server]\nPublicKey = {A}", "1: [Server] has no Endpoint: expected a name or address with a port")]
    [InlineData("[Server]\nPublicKey = {A}\nEndpoint = a.example", "3: Endpoint is \"a.example\": the port is missing; expected a name")]
    [InlineData("[Server]\nPublicKey = {A}\nEndpoint = a:1, b:1\nEndpoint = c:1\nEndpoint = d:1, e:1", "5: Endpoint, as far as this line: these are 5 endpoints; expected 4 at most")]
    [InlineData("[Server]\nPublicKey = {A}\nEndpoint = a:1, a:1", "3: Endpoint is \"a:1, a:1\": an endpoint is given twice")]
    [InlineData("[Server]\nPublicKey = {A}\nEndpoint = a:1, b", "3: Endpoint is \"a:1, b\": the port is missing")]
    [InlineData("[Server]\nPublicKey = {A}\nEndpoint = http://a:1", "3: Endpoint is \"http://a:1\": an IPv6 address needs brackets")]
    [InlineData("[Server]\nName = a b\nPublicKey = {A}\nEndpoint = a.example:1", "2: Name is \"a b\": expected 1 to 64 letters")]
    [InlineData("{S}PublicKey = {A}\n{S}PublicKey = {B}", "4: the name \"a.example:1\", which stands for a missing Name, is given twice: line 1")]
    [InlineData("{S}PublicKey = {A}\nName = x\n[Server]\nEndpoint = b.example:1\nPublicKey = {B}\nName = X", "8: Name \"X\" is given twice: line 4 has it too")]
    [InlineData("{S}PublicKey = {A}\n[Server]\nEndpoint = b.example:1\nPublicKey = {A}", "6: server b.example:1's PublicKey is given twice: line 3 has it too")]
    [InlineData("{S}PublicKey = {A}\n[Peer]\nName = p\nPublicKey = {A}\n[Peer]\nName = p\nPublicKey = {B}", "8: Name \"p\" is given twice: line 5 has it too")]
    [InlineData("{S}PublicKey = {A}\n[Peer]\nName = p\nPublicKey = {B}\n[Peer]\nName = q\nPublicKey = {B}", "9: peer q's PublicKey is given twice: line 6 has it too")]
    [InlineData("{S}PublicKey = {A}\n[Peer]\nName = p", "4: [Peer] has no PublicKey: expected 32 bytes")]
    [InlineData("{S}PublicKey = {A}\nPeersOnly = maybe", "4: PeersOnly is \"maybe\": expected yes or no")]
    [InlineData("{S}PublicKey = {A}\nPresharedKey = {B}", "4: a relay needs no private and no preshared key: remove the line")]
    public void A_fault_names_line_key_value_and_what_was_expected(string text, string expected)
    {
        text = text.Replace("{S}", "[Server]\nEndpoint = a.example:1\n", StringComparison.Ordinal);
        ConfigFaults faults = RelayFile.Parse("x", text.Replace("{A}", A, StringComparison.Ordinal).Replace("{B}", B, StringComparison.Ordinal)).Faults;
        ConfigFault fault = Assert.Single(faults.Kept);
        Assert.StartsWith(expected, $"{fault.Line}: {fault.Text}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_may_have_several_endpoints()
    {
        ServerOptions server = Assert.Single(Read($"[Server]\nPublicKey = {A}\nEndpoint = a.example:1, 192.0.2.1:2\nEndpoint = [2001:db8::1]:3\n").Servers);
        Assert.Equal(["a.example:1", "192.0.2.1:2", "[2001:db8::1]:3"], server.Endpoints.Select(endpoint => endpoint.ToString()));
        Assert.Equal("a.example:1", server.Name);
    }

    [Fact]
    public void All_faults_are_found_by_line()
    {
        RelayFile file = RelayFile.Parse("x", $"[Relay]\nTimeout = x\n[Servr]\n[Server]\nEndpoint = 1\nPublickey = {A}\nA b\nPort = 1\n[Server]");
        Assert.Equal([2, 3, 5, 7, 8, 9, 9], file.Faults.Kept.Select(fault => fault.Line));
        Assert.True(file.ListsServers);
    }

    [Fact]
    public void What_may_be_a_secret_is_not_repeated()
    {
        string secret = Keys.TextOf(99);
        RelayFile file = RelayFile.Parse("x", $"[Server]\nPrivateKey = {secret}\nPresharedKey={secret}\n{secret}\nFwMark = {secret}\n[{secret}]\n{secret} = 1");
        Assert.InRange(file.Faults.Count, 6, int.MaxValue);
        Assert.All(file.Faults.Kept, fault => Assert.DoesNotContain(secret[..20], fault.Text, StringComparison.Ordinal));
    }

    // A part of a key is short, and has signs of base64; a terminal obeys others.
    [Theory]
    [InlineData("qwerty+uiop")]
    [InlineData("qwerty/uiop")]
    [InlineData("qwerty\u001b[2Juiop")]
    [InlineData("qwerty\u202Euiop")]
    public void Words_that_are_not_plain_are_not_repeated(string word)
    {
        RelayFile file = RelayFile.Parse("x", $"[Relay]\n{word} = 1\n[Server]\n{word} = 1\n[{word}]");
        Assert.InRange(file.Faults.Count, 3, int.MaxValue);
        Assert.All(file.Faults.Kept, fault => Assert.DoesNotContain("qwerty", fault.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void There_are_as_many_servers_as_the_relay_can_serve()
    {
        Assert.Equal(0, RelayFile.Parse("x", FileOf(Limits.MostRoutes)).Faults.Count);
        ConfigFault fault = Assert.Single(RelayFile.Parse("x", FileOf(Limits.MostRoutes + 1)).Faults.Kept);
        Assert.Equal("there are 1025 servers: expected 1024 at most", fault.Text);
    }

    // Counted and not timed: bench/results has the time. Twice the servers take twice the memory, so no step copies all the others.
    [Fact]
    public void Reading_takes_work_in_proportion_to_the_servers()
    {
        _ = RelayFile.Parse("x", FileOf(10));
        long half = AllocatedBy(FileOf(500));
        long whole = AllocatedBy(FileOf(1_000));
        Assert.InRange(whole, half, (half * 9 / 4) + 65_536);

        static long AllocatedBy(string text)
        {
            Stopwatch watch = Stopwatch.StartNew();
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(0, RelayFile.Parse("x", text).Faults.Count);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            TestContext.Current.TestOutputHelper?.WriteLine($"{text.Length} characters: {watch.Elapsed.TotalMilliseconds:0.0} ms, {allocated} bytes");
            return allocated;
        }
    }

    internal static string FileOf(int servers) => string.Concat(Enumerable.Range(1, servers).Select(number =>
        $"[Server]\nName = server-{number}\nPublicKey = {Keys.TextOf(number)}\nEndpoint = s{number}.example.com:51820\nTimeout = 400\nDeny = 192.0.2.0/24\n\n"));

    private static RelayFile Read(string text)
    {
        RelayFile file = RelayFile.Parse("x", text);
        Assert.True(file.Faults.Count == 0, string.Join('\n', file.Faults.Kept));
        return file;
    }

    private static Source From(string address) => Source.From(new IPEndPoint(IPAddress.Parse(address), 1));
}
