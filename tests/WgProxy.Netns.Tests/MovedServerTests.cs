using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>
/// A server behind a name whose addresses change: outages, from the relay's own question on and in all. The control is plain
/// WireGuard to the same server, told by hand; by itself it never asks for the name again.
/// </summary>
public sealed class MovedServerTests
{
    private const AddressFamily V4 = AddressFamily.InterNetwork;
    private const AddressFamily V6 = AddressFamily.InterNetworkV6;

    // From the answer to the relay's own question; and the question leaves so long after the server has fallen silent.
    private static readonly TimeSpan FromAnswer = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ToQuestion = TimeSpan.FromSeconds(15);

    // What a loaded machine may add to either.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [NetnsTheory]
    [InlineData(V4, V4)]
    [InlineData(V6, V6)]
    [InlineData(V6, V4)]
    [InlineData(V4, V6)]
    public async Task A_tunnel_follows_its_server_to_another_address(AddressFamily before, AddressFamily after)
    {
        using NamedServer stage = await NamedServer.StartAsync(before);
        using ProbeStream stream = await stage.ConnectAsync();
        int port = stage.Server.Peer(stage.Client).Endpoint!.Port;
        IPAddress elsewhere = IPAddress.Parse(after == V4 ? "10.81.2.77" : "fd81:2::77");

        DateTime moved = DateTime.UtcNow;
        TimeSpan start = stream.Elapsed;
        stage.Move(stage.Server.Host.Address(before), elsewhere);
        TimeSpan again = await stage.EchoesAgainAsync(stream, Patience) - start;
        DateTime asked = stage.Names.Asked.First(question => question.At > moved && question.Answer.Contains(elsewhere)).At;
        ProbeAccount account = await stream.StopAsync();
        TimeSpan outage = account.LongestSilence;
        TimeSpan control = await ByHandAsync();
        Measured.Write(
            $"{before} to {after}: out for {outage.TotalSeconds:0.0} s; asked {(asked - moved).TotalSeconds:0.0} s after the move, "
            + $"echoes by {again.TotalSeconds:0.0} s; plain WireGuard told by hand {control.TotalSeconds:0.0} s; {stage.Relay.Status()}");
        Assert.True(asked - moved < ToQuestion + Slack, $"asked {asked - moved} after the move");
        Assert.True(outage < asked - moved + FromAnswer + Slack, $"out for {outage}, asked after {asked - moved}");
        Assert.Equal(port, stage.Server.Peer(stage.Client).Endpoint!.Port);
        Assert.Equal(1, (await stage.Relay.StatusAsync()).Live);
    }

    /// <summary>How long plain WireGuard is out when its server moves and somebody tells it at once.</summary>
    private static async Task<TimeSpan> ByHandAsync()
    {
        using Topology topology = new();
        WireGuardInterface client = await WireGuardInterface.StartAsync(topology, topology.Add("client"), "10.99.0.2");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, topology.Add("server"), "10.99.0.1", 51820);
        topology.ForwardIPv4();
        server.AddPeer(client);
        using EchoResponder responder = new(server);
        client.AddPeer(server, new IPEndPoint(server.Host.Address(V4), 51820));
        using ProbeStream stream = new(client, responder, perSecond: 20);
        await Eventually.TrueAsync(() => stream.Arrived >= 20, TimeSpan.FromSeconds(30), "echoes without a relay");
        Namespace space = server.Host.Space;
        space.Ip("addr", "add", "10.81.2.77/24", "dev", Host.Link);
        space.Ip("addr", "del", $"{server.Host.Address(V4)}/24", "dev", Host.Link);
        space.Ip("addr", "replace", "10.81.2.77/24", "dev", Host.Link);
        space.Ip("route", "replace", "default", "via", "10.81.2.1");
        client.SetEndpoint(server, new IPEndPoint(IPAddress.Parse("10.81.2.77"), 51820));
        int before = stream.Arrived;
        await Eventually.TrueAsync(() => stream.Arrived >= before + 20, TimeSpan.FromSeconds(30), "echoes again without a relay");
        return (await stream.StopAsync()).LongestSilence;
    }
}
