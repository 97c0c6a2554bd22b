using System.Net;
using System.Net.Sockets;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>Each cause of a missing tunnel, made with real WireGuard, and the first line of <c>wgproxy why</c>.</summary>
public sealed class WhyTests : IDisposable
{
    // A client repeats its initiation after 5 s, and what is unanswered for 6 s is late.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly Topology _topology = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-why-").FullName;
    private RelayProcess? _relay;

    public void Dispose()
    {
        _topology.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [NetnsFact]
    public async Task A_wrong_key_an_unknown_peer_and_a_lost_way_back_are_told_apart()
    {
        WireGuardInterface server = await ServerAsync();
        Client good = await ClientAsync("good");
        await KnowAsync(server, good);
        Client wrongKey = await ClientAsync("wrong key");
        wrongKey.Inside.AddPeer(WireGuardKey.New().Public, "10.99.0.1", wrongKey.Relay, keepalive: 25);
        Client unknown = await ClientAsync("unknown");
        unknown.Inside.AddPeer(server, unknown.Relay, keepalive: 25);
        Client deaf = await ClientAsync("deaf");
        deaf.Host.Space.Nft("table inet lost { chain in { type filter hook input priority 0; udp sport 51820 drop; }; }");
        server.AddPeer(deaf.Inside);
        deaf.Inside.AddPeer(server, deaf.Relay, keepalive: 25);

        await FirstLineAsync($"client {wrongKey.Address}:", "made for another public key than the server's", wrongKey);
        await FirstLineAsync($"client {deaf.Address}:", "answers its handshakes, and the client does not use the answers", deaf);

        // The server must have answered somebody since this one began to ask.
        good.Inside.RemovePeer(server);
        good.Inside.AddPeer(server, good.Relay, keepalive: 25);
        await FirstLineAsync($"client {unknown.Address}:", "answers others, and not this client's handshakes", unknown);
        await AssertStoryAsync("peer-unknown", unknown);
        await FirstLineAsync($"client {good.Address}:", "has a tunnel to server", good);

        // Three causes at once: all are named.
        string all = await WhyAsync();
        Assert.All(new[] { wrongKey, unknown, deaf }, client => Assert.Contains($"client {client.Address}:", all, StringComparison.Ordinal));
        Assert.StartsWith("nothing from 10.1.2.3 has reached this relay", await WhyAsync("10.1.2.3"), StringComparison.Ordinal);
    }

    [NetnsFact]
    public async Task A_server_that_answers_no_client_and_one_that_one_client_alone_asks_are_told_apart()
    {
        WireGuardInterface server = await ServerAsync();
        Client first = await ClientAsync("first");
        Client second = await ClientAsync("second");
        server.Stop();
        first.Inside.AddPeer(server, first.Relay, keepalive: 25);
        await FirstLineAsync($"client {first.Address}:", "and no other client asks it: the server at", first);
        second.Inside.AddPeer(server, second.Relay, keepalive: 25);
        await FirstLineAsync("server ", "answers no client (it has answered no handshake since the relay started), while 2 clients wait", second);
        await FirstLineAsync("server ", "answers no client", null);
        await AssertStoryAsync("server-down", null);
    }

    [NetnsFact]
    public async Task A_path_that_loses_large_datagrams_is_hinted_at()
    {
        WireGuardInterface server = await ServerAsync();
        Client client = await ClientAsync("narrow");
        await KnowAsync(server, client);
        server.Host.Space.Nft("table inet narrow { chain out { type filter hook output priority 0; udp sport 51820 udp length > 1200 drop; }; }");
        Child iperf = _topology.Own(server.Host.Space.Start("iperf3 server", "iperf3", ["-s", "-1", "--forceflush", "-B", "10.99.0.1"]));
        await iperf.LineAsync(line => line.Contains("listening", StringComparison.Ordinal), "iperf3");
        _ = _topology.Own(client.Host.Space.Start("iperf3 client", "iperf3", ["-c", "10.99.0.1", "-R", "-t", "30", "--connect-timeout", "10000"]));
        _ = _topology.Own(client.Host.Space.Start("ping", "ping", ["-i", "0.02", "-s", "400", "10.99.0.1"]));
        await FirstLineAsync($"client {client.Address}:", "no datagram above 1232 bytes has come from the server", client);
    }

    private async Task<WireGuardInterface> ServerAsync()
    {
        Host host = _topology.Add("server");
        WireGuardInterface server = await WireGuardInterface.StartAsync(_topology, host, "10.99.0.1", 51820);
        _relay = await RelayProcess.StartAsync(
            _topology, new IPEndPoint(host.Address(AddressFamily.InterNetwork), 51820), server.Key.Public, variables: [("WGPROXY_CONTROL", Socket), ("WGPROXY_LOGLEVEL", "3")]);
        return server;
    }

    private async Task<Client> ClientAsync(string role)
    {
        Host host = _topology.Add(role);
        return new Client(host, await WireGuardInterface.StartAsync(_topology, host, $"10.99.1.{host.Index}"));
    }

    private static async Task KnowAsync(WireGuardInterface server, Client client)
    {
        server.AddPeer(client.Inside);
        client.Inside.AddPeer(server, client.Relay, keepalive: 25);
        _ = await client.Inside.HandshakeAsync(server, Patience);
    }

    private string Socket => Path.Combine(_folder, "control.sock");

    private Task<TimeSpan> FirstLineAsync(string begins, string holds, Client? client)
    {
        string said = string.Empty;
        return Eventually.TrueAsync(
            () =>
            {
                said = WhyAsync(client?.Address.ToString()).GetAwaiter().GetResult();
                string first = said.Split('\n')[0];
                return first.StartsWith(begins, StringComparison.Ordinal) && first.Contains(holds, StringComparison.Ordinal);
            },
            Patience,
            () => $"\"{begins}\" and \"{holds}\" in\n{said}\n{string.Join('\n', _relay!.Lines)}");
    }

    /// <summary>What docs/troubleshooting.md quotes of the situation is what the log and the command say.</summary>
    private async Task AssertStoryAsync(string name, Client? client)
    {
        Story story = Story.Of(name);
        Assert.Equal(client is null ? "wgproxy why" : "wgproxy why CLIENT", story.Ask);
        string first = (await WhyAsync(client?.Address.ToString())).Split('\n')[0];
        Assert.True(story.IsAnswer(first), $"\"{story.Answer}\" is not \"{first}\"");
        _ = await Eventually.TrueAsync(() => _relay!.Lines.Any(story.IsLogged), Patience, () => $"\"{story.Log}\" in\n{string.Join('\n', _relay!.Lines)}");
    }

    private async Task<string> WhyAsync(string? client = null)
    {
        Child why = _topology.Relay.Start("wgproxy why", RelayProcess.Binary, ["why", .. client is null ? [] : (string[])[client], "--control", Socket]);
        using (why)
        {
            await why.ExitAsync(Patience);
            return string.Join('\n', why.Lines);
        }
    }

    private sealed record Client(Host Host, WireGuardInterface Inside)
    {
        public IPAddress Address => Host.Address(AddressFamily.InterNetwork);

        public IPEndPoint Relay => new(Host.Relay(AddressFamily.InterNetwork), 51820);
    }
}
