using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>Several addresses and ports to listen on, and servers that are served at some of them.</summary>
[Collection(Loud.Name)]
public sealed class ListenTests
{
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(20);

    [NetnsFact]
    public async Task Each_client_is_answered_from_where_it_asked_and_a_reload_moves_addresses_without_loss_to_others()
    {
        using Topology topology = new();
        using ListenFile file = new();
        Host place = topology.Add("server");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, place, "10.99.0.1", Tunnel.Port);
        EchoResponder responder = topology.Own(new EchoResponder(server));
        WireGuardInterface[] clients = new WireGuardInterface[5];
        for (int i = 0; i < clients.Length; i++)
        {
            clients[i] = await WireGuardInterface.StartAsync(topology, topology.Add($"client {i}"), $"10.99.0.{10 + i}");
            server.AddPeer(clients[i]);
        }

        // One by the whole host, two of a range in either IP version, and the address of a network alone.
        IPAddress own = clients[3].Host.Relay(AddressFamily.InterNetwork);
        string path = file.Write("[::]:51820, 0.0.0.0:4500-4510, [::]:4600-4603", own + ":443", server);
        RelayProcess relay = await RelayProcess.StartConfiguredAsync(topology, path, resolved: 1);
        IPEndPoint[] asked =
        [
            new(clients[0].Host.Relay(AddressFamily.InterNetwork), 51820),
            new(clients[1].Host.Relay(AddressFamily.InterNetwork), 4507),
            new(clients[2].Host.Relay(AddressFamily.InterNetworkV6), 4603),
            new(own, 443),
        ];
        ProbeStream[] streams = new ProbeStream[4];
        for (int i = 0; i < 4; i++)
        {
            clients[i].AddPeer(server, asked[i]);
            ProbeStream stream = streams[i] = topology.Own(new ProbeStream(clients[i], responder, perSecond: 20));
            await Eventually.TrueAsync(() => stream.Arrived > 20, Handshake, () => $"echoes by {asked[i]}; {relay.Status()}");

            // WireGuard goes to where an answer came from.
            Assert.Equal(asked[i], clients[i].Peer(server).Endpoint);
        }

        // The range goes but for a part, and another port comes.
        file.Write("[::]:51820, 0.0.0.0:4500-4505, [::]:4600-4603, 0.0.0.0:5000", own + ":443", server);
        relay.HangUp();
        await relay.SaysAsync("from now on");
        await Eventually.TrueAsync(() => relay.Status().Mappings["Confirmed"] == 3, Handshake, () => $"one mapping ended; {relay.Status()}");
        clients[4].AddPeer(server, new IPEndPoint(clients[4].Host.Relay(AddressFamily.InterNetwork), 5000));
        using ProbeStream fresh = new(clients[4], responder, perSecond: 20);
        await Eventually.TrueAsync(() => fresh.Arrived > 10, Handshake, () => $"echoes by the port that was added; {relay.Status()}");
        long gone = streams[1].Arrived;

        // A port that another program has: the file is refused, and nothing changes.
        Socket? other = null;
        topology.Relay.Run(() =>
        {
            other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            other.Bind(new IPEndPoint(IPAddress.Any, 5353));
        });
        using (other)
        {
            file.Write("[::]:51820, 0.0.0.0:5353", own + ":443", server);
            relay.HangUp();
            await relay.SaysAsync("everything stays as it was");
        }

        Assert.Contains(relay.Lines, line => line.Contains("cannot listen on 0.0.0.0:5353", StringComparison.Ordinal));
        foreach (ProbeStream stream in (ProbeStream[])[streams[0], streams[2], streams[3]])
        {
            (await stream.StopAsync()).AssertNoneLost(atLeast: 20);
        }

        Assert.Equal(gone, streams[1].Arrived);
        (await fresh.StopAsync()).AssertNoneLost(atLeast: 10);
        await relay.StopAsync();
    }

    [NetnsFact]
    public async Task A_server_is_reached_only_where_it_is_served()
    {
        using BoundStage stage = await BoundStage.StartAsync(AddressFamily.InterNetwork, clients: 2);
        using ListenFile file = new();
        string path = file.Write("[::]:51820", "0.0.0.0:443", stage.Server, "Listen = 0.0.0.0:443\n");
        RelayProcess relay = await RelayProcess.StartConfiguredAsync(stage.Topology, path, resolved: 1);
        stage.Clients[0].AddPeer(stage.Server, new IPEndPoint(stage.Clients[0].Host.Relay(AddressFamily.InterNetwork), 51820));
        stage.Clients[1].AddPeer(stage.Server, new IPEndPoint(stage.Clients[1].Host.Relay(AddressFamily.InterNetwork), 443));
        using ProbeStream wrong = new(stage.Clients[0], stage.Responder, perSecond: 20);
        using ProbeStream right = new(stage.Clients[1], stage.Responder, perSecond: 20);
        await Eventually.TrueAsync(() => right.Arrived > 20, Handshake, () => $"echoes; {relay.Status()}");
        await Eventually.TrueAsync(() => relay.Status().Uplink.Dropped.GetValueOrDefault("NotServedHere") > 0, Handshake, () => $"a drop; {relay.Status()}");
        Assert.Equal(0, wrong.Arrived);
        (await right.StopAsync()).AssertNoneLost(atLeast: 20);
    }

    /// <summary>A configuration file with one server.</summary>
    private sealed class ListenFile : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("wgproxy-listen-").FullName;

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        public string Write(string listen, string more, WireGuardInterface server, string ofServer = "")
        {
            string path = Path.Combine(_folder, "wgproxy.conf");
            IPEndPoint end = new(server.Host.Address(AddressFamily.InterNetworkV6), Tunnel.Port);
            File.WriteAllText(path, $"[Relay]\nListen = {listen}\nListen = {more}\n[Server]\nPublicKey = {server.Key.Public}\nEndpoint = {end}\n{ofServer}");
            return path;
        }
    }
}
