using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>
/// Servers with two endpoints, of which one is killed, comes back, and then the other is killed: a server with two addresses, and two
/// servers with the same key of which neither knows the other's tunnels. A blind NAT has one destination: it is out for as long as that.
/// </summary>
public sealed class EndpointsTests
{
    private const int Port = 51820;
    private const AddressFamily V4 = AddressFamily.InterNetwork;
    private static readonly string[] Named = ["two addresses", "twins"];

    // The relay knows after 11 s that data go unanswered; WireGuard asks for new keys 15.0 to 15.4 s after them, and then every 5 s.
    private static readonly TimeSpan Back = TimeSpan.FromSeconds(20);

    [NetnsFact]
    public Task The_first_of_two_endpoints_dies_and_comes_back_and_the_second_dies() => TryAsync(endpoints: 2);

    [LongFact]
    public Task The_first_of_four_endpoints_dies_with_the_second_and_third() => TryAsync(endpoints: 4);

    private static async Task TryAsync(int endpoints)
    {
        using Topology topology = new();
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, topology.Add("client"), "10.99.0.2");
        WireGuardInterface stranger = await WireGuardInterface.StartAsync(topology, topology.Add("stranger"), "10.99.0.3");
        Pair pair = await Pair.StartAsync(topology, client);
        WireGuardKey key = WireGuardKey.New();
        List<Twin> twins = [];
        for (int number = 1; number <= endpoints; number++)
        {
            twins.Add(await Twin.StartAsync(topology, number, key, client));
        }

        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $"""
            [Relay]
            Listen = [::]:{Port}
            [Server]
            Name = pair
            PublicKey = {pair.Inside.Key.Public}
            Endpoint = {string.Join(", ", pair.Addresses.Select(address => new IPEndPoint(address, Port)))}
            [Server]
            Name = twins
            PublicKey = {key.Public}
            Endpoint = {string.Join(", ", twins.Select(twin => new IPEndPoint(twin.Inside.Host.Address(V4), Port)))}
            """);
        RelayProcess relay = await RelayProcess.StartConfiguredAsync(topology, file, resolved: 2 + endpoints);
        File.Delete(file);
        foreach (WireGuardInterface each in (WireGuardInterface[])[client, stranger])
        {
            IPEndPoint found = new(each.Host.Relay(V4), Port);
            each.AddPeer(pair.Inside, found);
            each.AddPeer(twins[0].Inside, found);
        }

        ProbeStream[] streams = Streams(topology, client, pair, twins);
        await EchoesAsync(streams, relay, Back);

        // No server knows the stranger: what it asks is never answered, at any endpoint.
        ProbeStream[] vain = Streams(topology, stranger, pair, twins);
        await Eventually.TrueAsync(
            () => stranger.Lines.Count(line => line.Contains("Sending handshake initiation", StringComparison.Ordinal)) >= 6, TimeSpan.FromSeconds(40), "a stranger's initiations");
        foreach (ProbeStream stream in streams)
        {
            (await stream.StopAsync()).AssertNoneLost(atLeast: 50);
        }

        string[] outages = [.. await KilledAsync("the first dies", () => { pair.Kill(0); twins.SkipLast(1).ToList().ForEach(twin => twin.Kill()); })];
        Assert.Equal(0, vain.Sum(stream => stream.Arrived));
        if (endpoints == 2)
        {
            WireGuardInterface newcomer = await WireGuardInterface.StartAsync(topology, topology.Add("newcomer"), "10.99.0.4");
            twins[1].Inside.AddPeer(newcomer);
            newcomer.AddPeer(twins[1].Inside, new IPEndPoint(newcomer.Host.Relay(V4), Port));
            ProbeStream fresh = topology.Own(new ProbeStream(newcomer, twins[1].Responder, perSecond: 10));
            TimeSpan took = await EchoesAsync([fresh], relay, TimeSpan.FromSeconds(4));
            pair.Revive(0);
            await twins[0].ReviveAsync();
            string[] more = [.. await KilledAsync("it is back and the second dies", () => { pair.Kill(1); twins[1].Kill(); })];
            outages = [.. outages, $"a newcomer in after {took.TotalSeconds:0.0} s", .. more];
        }

        Measured.Write(string.Join("; ", outages) + $"; {relay.Status()}");
        await relay.StopAsync();

        async Task<IEnumerable<string>> KilledAsync(string what, Action kill)
        {
            ProbeStream[] all = Streams(topology, client, pair, twins);
            await EchoesAsync(all, relay, TimeSpan.FromSeconds(5));
            kill();
            TimeSpan within = Back + (TimeSpan.FromSeconds(4) * (endpoints - 2));
            await Task.WhenAll(all.Select(stream => EchoesAsync([stream], relay, within + TimeSpan.FromSeconds(20))));
            List<string> said = [];
            foreach ((string name, ProbeStream stream) in Named.Zip(all))
            {
                TimeSpan outage = (await stream.StopAsync()).LongestSilence;
                said.Add($"{what}: {name} out for {outage.TotalSeconds:0.0} s");
                Assert.True(outage < within, said[^1]);
            }

            return said;
        }
    }

    private static ProbeStream[] Streams(Topology topology, WireGuardInterface from, Pair pair, List<Twin> twins) =>
        [topology.Own(new ProbeStream(from, pair.Responder, perSecond: 10)), topology.Own(new ProbeStream(from, twins[0].Responder, perSecond: 10))];

    /// <summary>Awaits echoes of each stream that are not under way yet.</summary>
    private static async Task<TimeSpan> EchoesAsync(ProbeStream[] streams, RelayProcess relay, TimeSpan within)
    {
        TimeSpan start = streams[0].Elapsed;
        foreach (ProbeStream stream in streams)
        {
            // Two were perhaps still under way.
            int before = stream.Arrived + 2;
            await Eventually.TrueAsync(() => stream.Arrived > before + 3, within, () => $"echoes; {relay.Status()}\n{string.Join('\n', relay.Lines)}");
        }

        return streams[0].Elapsed - start;
    }

    /// <summary>A server with two addresses.</summary>
    private sealed record Pair(WireGuardInterface Inside, EchoResponder Responder)
    {
        public IPAddress[] Addresses => [Inside.Host.Address(V4), Inside.Host.Address(AddressFamily.InterNetworkV6)];

        public static async Task<Pair> StartAsync(Topology topology, WireGuardInterface client)
        {
            WireGuardInterface inside = await WireGuardInterface.StartAsync(topology, topology.Add("pair"), "10.99.1.1", Port);
            inside.AddPeer(client);
            return new Pair(inside, topology.Own(new EchoResponder(inside)));
        }

        public void Kill(int which) => Inside.Host.Space.Nft(
            $"table {(which == 0 ? "ip" : "ip6")} dead {{ chain in {{ type filter hook input priority 0; udp dport {Port} drop; }}; }}");

        public void Revive(int which) => Inside.Host.Space.Nft($"delete table {(which == 0 ? "ip" : "ip6")} dead");
    }

    /// <summary>One of several servers with the same key.</summary>
    private sealed record Twin(WireGuardInterface Inside, EchoResponder Responder)
    {
        public static async Task<Twin> StartAsync(Topology topology, int number, WireGuardKey key, WireGuardInterface client)
        {
            WireGuardInterface inside = await WireGuardInterface.StartAsync(topology, topology.Add($"twin {number}"), "10.99.2.1", Port, key: key);
            inside.AddPeer(client);
            return new Twin(inside, topology.Own(new EchoResponder(inside)));
        }

        /// <summary>Ends it, with all its tunnels. Its host says nothing of it.</summary>
        public void Kill()
        {
            Inside.Host.Space.Nft("table ip dead { chain in { type filter hook input priority 0; udp dport 51820 drop; }; }");
            Inside.Stop();
        }

        public async Task ReviveAsync()
        {
            await Inside.StartAsync();
            Inside.Host.Space.Nft("delete table ip dead");
        }
    }
}
