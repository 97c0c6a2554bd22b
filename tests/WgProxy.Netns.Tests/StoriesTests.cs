using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>Stories of docs/troubleshooting.md that take a host of their own: each is made, and what the page quotes is what the log and the command
/// say. Those of a server and of one client are in <see cref="WhyTests"/>, and those that loopback shows in <c>WgProxy.Tests</c>.</summary>
[Trait("Engine", "None")]
public sealed class StoriesTests : IDisposable
{
    private const int Port = 51820;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private static readonly string[] Unprivileged = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"];

    private readonly Topology _topology = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-story-").FullName;
    private readonly string _key = WireGuardKey.New().Public;

    private string Control => Path.Combine(_folder, "control.sock");

    public void Dispose()
    {
        _topology.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [NetnsFact]
    public async Task Clients_with_a_wrong_key_are_told_of()
    {
        Host server = _topology.Add("server");
        Host host = _topology.Add("client");
        WireGuardInterface client = await WireGuardInterface.StartAsync(_topology, host, "10.99.0.2");
        using RelayProcess relay = await RelayProcess.StartAsync(_topology, At(server), _key, variables: ("WGPROXY_CONTROL", Control));
        client.AddPeer(WireGuardKey.New().Public, "10.99.0.1", new IPEndPoint(host.Relay(AddressFamily.InterNetwork), Port), keepalive: 25);
        Story story = Story.Of("wrong-key");
        await IsLoggedAsync(story, () => relay.Lines);
        await IsAnswerAsync(story, "why", "--control", Control);
    }

    [NetnsFact]
    public async Task What_keeps_a_relay_from_starting_is_told()
    {
        Host server = _topology.Add("server");

        // Else doctor warns of it first.
        _topology.Relay.WriteSysctl("net/ipv4/ip_local_port_range", "20000 50000");

        // A name that DNS does not know. The relay goes on, and asks again.
        using (Child unresolved = RelayStart(At(server), ("WGPROXY_SERVER", "no-such-host.invalid:51820")))
        {
            await IsLoggedAsync(Story.Of("dns-gone"), () => unresolved.Lines);
            await IsAnswerAsync(Story.Of("dns-gone"), "doctor", "--server", "no-such-host.invalid:51820", "--public-key", _key);
        }

        using (Socket other = _topology.Relay.Udp(IPAddress.Any, Port))
        {
            await IsRefusedAsync("port-taken", At(server), []);
            await IsAnswerAsync(Story.Of("port-taken"), Doctor(server));
        }

        using (RelayProcess relay = await RelayProcess.StartAsync(_topology, At(server), _key, unprivileged: true))
        {
            await IsLoggedAsync(Story.Of("buffers"), () => relay.Lines);
            await IsRefusedAsync("two-relays", At(server), []);
            await IsAnswerAsync(Story.Of("two-relays"), Doctor(server));
            await IsAnswerAsync(Story.Of("buffers"), [.. Doctor(server)], Unprivileged);
        }

        // The host has moved to another address, and the relay is started again.
        IPAddress before = server.Relay(AddressFamily.InterNetwork);
        _topology.Relay.Ip("address", "del", $"{before}/24", "dev", server.RelayLink);
        _topology.Relay.Ip("address", "add", $"{Next(before)}/24", "dev", server.RelayLink);
        (string, string) listen = ("WGPROXY_LISTEN", $"{before}:{Port}");
        await IsRefusedAsync("address-changed", At(server), listen);
        await IsAnswerAsync(Story.Of("address-changed"), [.. Doctor(server), "--listen", listen.Item2]);
    }

    [NetnsFact]
    public async Task A_firewall_in_the_way_is_told()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        tunnel.Topology.Relay.Nft("table inet strict { chain output { type filter hook output priority 0; udp dport 51820 drop; }; }");
        _ = tunnel.Topology.Own(new ProbeStream(tunnel.Client, tunnel.Responder, perSecond: 10));
        Story story = Story.Of("firewall");
        await IsLoggedAsync(story, () => tunnel.Relay.Lines);
        await IsAnswerAsync(story, ["doctor", "--server", $"{new IPEndPoint(tunnel.Server.Host.Address(AddressFamily.InterNetworkV6), Port)}", "--public-key", _key], space: tunnel.Topology.Relay);
    }

    private static IPEndPoint At(Host server) => new(server.Address(AddressFamily.InterNetwork), Port);

    private static IPAddress Next(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        bytes[^1] = 77;
        return new IPAddress(bytes);
    }

    private static async Task IsLoggedAsync(Story story, Func<string[]> lines) => _ = await Eventually.TrueAsync(
        () => lines().Any(story.IsLogged), Patience, () => $"\"{story.Log}\" in\n{string.Join('\n', lines())}");

    private string[] Doctor(Host server) => ["doctor", "--server", $"{At(server)}", "--public-key", _key];

    private Child RelayStart(IPEndPoint server, params (string, string)[] variables) => RelayProcess.Start(_topology.Relay, server, _key, variables: variables);

    private async Task IsRefusedAsync(string name, IPEndPoint server, params (string, string)[] variables)
    {
        using Child refused = RelayStart(server, variables);
        Assert.Equal(3, await refused.ExitAsync(Patience));
        await IsLoggedAsync(Story.Of(name), () => refused.Lines);
    }

    /// <summary>The command's first line is what the page quotes. What doctor finds in order stands behind what it finds amiss, so that such a line may
    /// stand anywhere.</summary>
    private async Task IsAnswerAsync(Story story, params string[] typed) => await IsAnswerAsync(story, typed, through: []);

    private async Task IsAnswerAsync(Story story, string[] typed, string[]? through = null, Namespace? space = null)
    {
        Assert.Equal(story.Ask, $"wgproxy {typed[0]}");
        string[] command = [.. through ?? [], RelayProcess.Binary, .. typed];
        using Child child = (space ?? _topology.Relay).Start(story.Ask, command[0], command[1..]);
        _ = await child.ExitAsync(Patience);
        string[] lines = story.Answer.StartsWith("ok ", StringComparison.Ordinal) ? child.Lines : child.Lines[..1];
        Assert.True(lines.Any(story.IsAnswer), $"\"{story.Answer}\" does not begin\n{string.Join('\n', child.Lines)}");
    }
}
