using System.Diagnostics;

namespace WgProxy.Netns.Tests;

/// <summary>Whoever does not know the server's public key gets silence.</summary>
[Collection(Loud.Name)]
public sealed class StrangersTests
{
    [Trait("Forms", "All")]
    [NetnsFact]
    public async Task Strange_datagrams_draw_no_answer_and_open_no_socket()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        List<byte[]> strange = Strange.Datagrams(tunnel.MintInitiation(1));
        int sockets = tunnel.Relay.Sockets;
        RelayStatus before = await tunnel.Relay.StatusAsync();
        foreach (AddressFamily family in new[] { AddressFamily.InterNetwork, AddressFamily.InterNetworkV6 })
        {
            Socket socket = tunnel.Topology.Own(Connect(tunnel, family));
            foreach (byte[] datagram in strange)
            {
                socket.Send(datagram);
            }

            long expected = before.Uplink.Seen + strange.Count;
            await Eventually.TrueAsync(
                () => tunnel.Relay.Status().Uplink.Seen >= expected,
                TimeSpan.FromSeconds(10),
                () => $"all of {strange.Count} datagrams counted; {tunnel.Relay.Lines[^1]}");
            before = await tunnel.Relay.StatusAsync();
            Assert.Equal(0, socket.Available);
        }

        Assert.InRange(tunnel.Relay.Sockets, sockets, sockets + 1); // One may ask the kernel about paths by now.
        Assert.Equal(1, before.Live);
        await tunnel.NewcomerIsServedAsync();
        await tunnel.Relay.StopAsync();
    }

    [NetnsFact]
    public async Task A_million_strange_datagrams_cost_nothing_that_stays()
    {
        const int datagrams = 1_000_000;
        const int perSecond = 50_000;
        const int warmUp = 100_000;
        const long growthKiB = 10 * 1024;
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        byte[][] strange = [.. Strange.Datagrams(tunnel.MintInitiation(1)).Where(datagram => datagram.Length < Strange.LargestDatagram)];
        Socket[] sockets = [.. Enumerable.Range(0, 64).Select(number => tunnel.Topology.Own(
            Connect(tunnel, number % 2 == 0 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6)))];

        Flood(sockets, strange, warmUp, perSecond);
        RelayStatus before = await tunnel.Relay.StatusAsync();
        long memory = tunnel.Relay.ResidentKiB;
        int files = tunnel.Relay.Sockets;
        Stopwatch watch = Stopwatch.StartNew();
        Flood(sockets, strange, datagrams, perSecond);
        TimeSpan taken = watch.Elapsed;
        RelayStatus after = await tunnel.Relay.StatusAsync();

        long seen = after.Uplink.AllDropped - before.Uplink.AllDropped;
        long grown = tunnel.Relay.ResidentKiB - memory;
        string report = $"{seen} of {datagrams} seen in {taken.TotalSeconds:0.0} s; resident {memory} KiB, grew by {grown} KiB; {after}";
        Measured.Write(report);
        Assert.True(seen >= datagrams * 0.9, report);
        Assert.True(grown < growthKiB, report);
        Assert.InRange(tunnel.Relay.Sockets, files, files + 1); // One may ask the kernel about paths by now.
        Assert.Equal(1, after.Live);
        Assert.All(sockets, socket => Assert.Equal(0, socket.Available));
        await tunnel.NewcomerIsServedAsync();
        await tunnel.Relay.StopAsync();
    }

    // Blocking sends, a hundred at a time, held to the rate: faster ones would end in the relay's socket buffer unseen.
    private static void Flood(Socket[] sockets, byte[][] strange, int datagrams, int perSecond)
    {
        const int burst = 100;
        Stopwatch watch = Stopwatch.StartNew();
        for (int sent = 0; sent < datagrams; sent++)
        {
            sockets[sent % sockets.Length].Send(strange[sent % strange.Length]);
            if (sent % burst == 0 && TimeSpan.FromSeconds((double)sent / perSecond) - watch.Elapsed is { TotalMilliseconds: > 1 } ahead)
            {
                Thread.Sleep(ahead);
            }
        }
    }

    private static Socket Connect(Tunnel tunnel, AddressFamily family)
    {
        Socket socket = tunnel.Stranger.Space.Udp(tunnel.Stranger.Address(family));
        socket.Connect(new IPEndPoint(tunnel.Stranger.Relay(family), Tunnel.Port));
        return socket;
    }
}
