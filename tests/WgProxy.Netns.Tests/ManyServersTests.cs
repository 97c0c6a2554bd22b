using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>Several servers behind one port of one relay, by a configuration file.</summary>
[Collection(Loud.Name)]
public sealed class ManyServersTests
{
    private const int Servers = 3;
    private const int ClientsOfEach = 5;

    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(20);

    [NetnsFact]
    public async Task Three_servers_with_five_clients_each_share_a_port_and_a_reload_loses_nothing_of_the_others()
    {
        using Topology topology = new();
        using ServersFile file = new();
        List<(WireGuardInterface Inside, EchoResponder Responder)> servers = [];
        for (int number = 1; number <= Servers + 1; number++)
        {
            servers.Add(await StartServerAsync(topology, number));
        }

        for (int number = 1; number <= Servers; number++)
        {
            file.Set($"s{number}", servers[number - 1].Inside);
        }

        RelayProcess relay = await RelayProcess.StartConfiguredAsync(topology, file.Write(), resolved: Servers);
        List<(WireGuardInterface Inside, int Server)> clients = [];
        for (int number = 1; number <= Servers; number++)
        {
            for (int client = 1; client <= ClientsOfEach; client++)
            {
                clients.Add((await StartClientAsync(topology, servers, number, 10 + client, number), number));
            }
        }

        // One interface with all three as peers: one source, three mappings.
        WireGuardInterface roamer = await StartClientAsync(topology, servers, 5, 5, 1, 2, 3);
        ProbeStream[] own = [.. clients.Select(client => Stream(client.Inside, client.Server, 10))];
        ProbeStream[] all = [.. Enumerable.Range(1, Servers).Select(number => Stream(roamer, number, 10 * number))];
        foreach (ProbeStream stream in own.Concat(all))
        {
            await Eventually.TrueAsync(() => stream.Arrived > 20, Handshake, () => $"{stream.Arrived} of {stream.Sent} echoes");
        }

        for (int number = 1; number <= Servers; number++)
        {
            WireGuardInterface server = servers[number - 1].Inside;
            WireGuardInterface[] served = [.. clients.Where(client => client.Server == number).Select(client => client.Inside), roamer];
            Assert.Equal(served.Length, served.Select(client => server.Peer(client).Endpoint!.Port).Distinct().Count());
        }

        Assert.Equal((Servers * ClientsOfEach) + Servers, (await relay.StatusAsync()).Mappings["Confirmed"]);

        // The second gets another key, which is another server's; the third goes; a new one comes. Those of the first notice nothing.
        file.Set("s2", servers[3].Inside);
        file.Remove("s3");
        relay.HangUp();
        await relay.SaysAsync("was read again: added s2; removed s2, s3");
        WireGuardInterface newcomer = await StartClientAsync(topology, servers, 6, 6, 4);
        ProbeStream fresh = Stream(newcomer, 4, 10);
        await Eventually.TrueAsync(() => fresh.Arrived > 10, Handshake, () => $"{fresh.Arrived} of {fresh.Sent} echoes by the server that was added");

        // The fourth comes back with the third.
        file.Set("s3", servers[2].Inside);
        relay.HangUp();
        await relay.SaysAsync("was read again: added s3");
        int arrived = all[2].Arrived;
        await Eventually.TrueAsync(() => all[2].Arrived > arrived + 10, Handshake, () => "echoes by the server that came back");
        foreach (ProbeStream stream in own.Take(ClientsOfEach).Append(all[0]).Append(fresh))
        {
            (await stream.StopAsync()).AssertNoneLost(atLeast: 20);
        }

        long before = servers[1].Responder.Seen;
        int sent = all[1].Sent;
        await Eventually.TrueAsync(() => all[1].Sent > sent + 10, Handshake, () => "probes to the server that was removed");
        Assert.Equal(before, servers[1].Responder.Seen);
        await relay.StopAsync();

        ProbeStream Stream(WireGuardInterface client, int number, int perSecond) =>
            topology.Own(new ProbeStream(client, servers[number - 1].Responder, perSecond));
    }

    private static async Task<(WireGuardInterface Inside, EchoResponder Responder)> StartServerAsync(Topology topology, int number)
    {
        Host host = topology.Add($"server {number}");
        WireGuardInterface inside = await WireGuardInterface.StartAsync(topology, host, $"10.99.{number}.1", 51820);
        return (inside, topology.Own(new EchoResponder(inside)));
    }

    private static async Task<WireGuardInterface> StartClientAsync(
        Topology topology, List<(WireGuardInterface Inside, EchoResponder Responder)> servers, int net, int place, params int[] numbers)
    {
        Host host = topology.Add($"client {net}.{place}");
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, host, $"10.99.{net}.{place}");
        foreach (int number in numbers)
        {
            servers[number - 1].Inside.AddPeer(client);
            client.AddPeer(servers[number - 1].Inside, new IPEndPoint(host.Relay(AddressFamily.InterNetwork), 51820));
        }

        return client;
    }

    /// <summary>A configuration file that lists servers.</summary>
    private sealed class ServersFile : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-servers-").FullName;
        private readonly SortedDictionary<string, WireGuardInterface> _servers = new(StringComparer.Ordinal);

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        public void Set(string name, WireGuardInterface server)
        {
            _servers[name] = server;
            Write();
        }

        public void Remove(string name)
        {
            _servers.Remove(name);
            Write();
        }

        public string Write()
        {
            string path = Path.Combine(_folder, "wgproxy.conf");
            File.WriteAllText(path, "[Relay]\nListen = [::]:51820\n" + string.Concat(_servers.Select(server =>
                $"\n[Server]\nName = {server.Key}\nPublicKey = {server.Value.Key.Public}\nEndpoint = {new IPEndPoint(server.Value.Host.Address(AddressFamily.InterNetworkV6), 51820)}\n")));
            return path;
        }
    }
}
