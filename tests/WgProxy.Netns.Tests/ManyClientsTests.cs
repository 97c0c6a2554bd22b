using System.Diagnostics;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>Many clients through one process; many servers behind one host.</summary>
[Collection(Loud.Name)]
public sealed class ManyClientsTests
{
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(10);

    [Trait("Forms", "All")]
    [NetnsFact]
    public async Task Five_clients_share_one_relay()
    {
        const int clients = 5;
        using Topology topology = new();
        Host serverHost = topology.Add("server");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, serverHost, "10.99.0.1", 51820);
        EchoResponder responder = topology.Own(new EchoResponder(server));
        RelayProcess relay = await RelayProcess.StartAsync(
            topology, new IPEndPoint(serverHost.Address(AddressFamily.InterNetworkV6), 51820), server.Key.Public);

        List<WireGuardInterface> all = [];
        for (int number = 1; number <= clients; number++)
        {
            Host host = topology.Add($"client {number}");
            WireGuardInterface client = await WireGuardInterface.StartAsync(topology, host, $"10.99.0.{10 + number}");
            server.AddPeer(client);
            AddressFamily family = number % 2 == 0 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
            client.AddPeer(server, new IPEndPoint(host.Relay(family), 51820));
            all.Add(client);
        }

        ProbeStream[] streams = [.. all.Select(client => topology.Own(new ProbeStream(client, responder, perSecond: 50)))];
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        foreach (ProbeStream stream in streams)
        {
            (await stream.StopAsync()).AssertNoneLost(atLeast: 200);
        }

        Assert.Equal(clients, all.Select(client => server.Peer(client).Endpoint!.Port).Distinct().Count());
        Assert.Equal(clients, (await relay.StatusAsync()).Mappings["Confirmed"]);
        await relay.StopAsync();
    }

    [NetnsFact]
    public async Task One_client_reaches_two_servers_behind_two_relays_unmixed()
    {
        using Topology topology = new();
        Host clientHost = topology.Add("client");
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, clientHost, "10.99.0.2");
        List<(WireGuardInterface Server, EchoResponder Responder, RelayProcess Relay)> ways = [];
        for (int number = 0; number < 2; number++)
        {
            Host host = topology.Add($"server {number}");
            WireGuardInterface server = await WireGuardInterface.StartAsync(topology, host, $"10.99.{number + 1}.1", 51820);
            server.AddPeer(client);
            RelayProcess relay = await RelayProcess.StartAsync(
                topology, new IPEndPoint(host.Address(AddressFamily.InterNetworkV6), 51820), server.Key.Public, 51820 + number);
            client.AddPeer(server, new IPEndPoint(clientHost.Relay(AddressFamily.InterNetwork), 51820 + number));
            ways.Add((server, topology.Own(new EchoResponder(server)), relay));
        }

        // Different rates, so that a swap would show in the sums.
        ProbeStream[] streams =
            [.. ways.Select((way, number) => topology.Own(new ProbeStream(client, way.Responder, perSecond: 20 * (number + 1))))];
        await Task.Delay(TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken);
        ProbeAccount[] accounts = [await streams[0].StopAsync(), await streams[1].StopAsync()];
        foreach (((WireGuardInterface server, EchoResponder responder, RelayProcess relay), ProbeAccount account) in ways.Zip(accounts))
        {
            account.AssertNoneLost(atLeast: 70);
            Assert.Equal(account.Sent, responder.Seen);
            await Eventually.TrueAsync(
                () => client.Peer(server).Sent == server.Peer(client).Received && server.Peer(client).Sent == client.Peer(server).Received,
                TimeSpan.FromSeconds(3),
                () => $"each server has what the client sent to it: {client.Peer(server)}, {server.Peer(client)}");
            RelayStatus status = await relay.StatusAsync();
            Assert.True(status is { Live: 1, Uplink.AllDropped: 0, Downlink.AllDropped: 0 }, status.Line);
            await relay.StopAsync();
        }
    }

    [NetnsFact]
    public async Task A_thousand_clients_are_answered_within_five_seconds()
    {
        const int clients = 1000;
        using Topology topology = new();
        string key = WireGuardKey.New().Public;
        Assert.True(PublicKey.TryParse(key, out PublicKey? publicKey, out string? error), error);
        Mac1 mac1 = new(publicKey);
        Socket server = topology.Own(topology.Relay.Udp(IPAddress.Loopback));
        RelayProcess relay = await RelayProcess.StartAsync(topology, (IPEndPoint)server.LocalEndPoint!, key);
        Task answering = AnswerAsync(server);

        IPEndPoint target = new(IPAddress.Loopback, 51820);
        Socket[] sockets =
            [.. Enumerable.Range(0, clients).Select(_ => topology.Own(topology.Relay.Udp(IPAddress.Loopback)))];
        Stopwatch watch = Stopwatch.StartNew();
        Task<uint>[] answers = [.. sockets.Select((socket, number) => AskAsync(socket, target, mac1, (uint)number + 1))];
        uint[] indices = await Task.WhenAll(answers).WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        Measured.Write($"{clients} clients answered in {watch.ElapsedMilliseconds} ms");
        Assert.Equal(Enumerable.Range(1, clients).Select(number => (uint)number), indices);
        Assert.Equal(clients, (await relay.StatusAsync()).Mappings["Answered"]);
        await relay.StopAsync();
        Assert.False(answering.IsFaulted, answering.Exception?.ToString());
    }

    private static async Task<uint> AskAsync(Socket socket, IPEndPoint target, Mac1 mac1, uint index)
    {
        byte[] answer = new byte[2048];
        await socket.SendToAsync(WireMessages.Initiation(mac1, index), target);
        int length = await socket.ReceiveAsync(answer);
        return length == WireMessages.ResponseLength ? System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(8)) : 0;
    }

    private static async Task AnswerAsync(Socket server)
    {
        byte[] asked = new byte[2048];
        SocketAddress from = new(server.AddressFamily);
        for (uint own = 1; ; own++)
        {
            try
            {
                await server.ReceiveFromAsync(asked, SocketFlags.None, from);
                await server.SendToAsync(WireMessages.Response(own, WireMessages.Sender(asked)), SocketFlags.None, from);
            }
            catch (Exception end) when (end is ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }
}
