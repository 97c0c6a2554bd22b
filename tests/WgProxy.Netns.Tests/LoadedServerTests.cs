using System.Diagnostics;
using WgProxy.Core.Protocol;
using WgProxy.Tests;

namespace WgProxy.Netns.Tests;

/// <summary>What a real server says when it is loaded.</summary>
[Collection(Loud.Name)]
[Trait("Engine", "None")]
public sealed class LoadedServerTests
{
    private const int Port = 51820;

    [NetnsFact]
    public async Task A_loaded_servers_cookies_open_with_its_public_key()
    {
        using Topology topology = new();
        Host host = topology.Add("server");
        WireGuardInterface server = await WireGuardInterface.StartAsync(topology, host, "10.99.0.1", Port);
        PublicKey key = server.Key.Parse();
        IPEndPoint target = new(host.Address(AddressFamily.InterNetwork), Port);
        CookieSealer sealer = new(key);
        byte[][] initiations = Initiations(new Mac1(key));

        // Two ports of one host: wireguard-go binds a cookie to the address and the port.
        byte[] cookie = await FloodAsync(topology, target, initiations, sealer);
        byte[] other = await FloodAsync(topology, target, initiations, sealer);
        Assert.NotEqual(cookie, other);
    }

    // Sends mac1-valid initiations until the server holds itself for loaded, which wireguard-go does with 128 of them in
    // its queue, and returns the one cookie that all its replies hold.
    private static async Task<byte[]> FloodAsync(
        Topology topology, IPEndPoint target, byte[][] initiations, CookieSealer sealer)
    {
        Socket socket = topology.Own(topology.Relay.Udp(IPAddress.Any));
        int sent = 0;
        Stopwatch watch = Stopwatch.StartNew();
        await Eventually.TrueAsync(
            () =>
            {
                foreach (byte[] initiation in initiations)
                {
                    socket.SendTo(initiation, target);
                }

                sent += initiations.Length;
                return socket.Poll(TimeSpan.FromMilliseconds(100), SelectMode.SelectRead);
            },
            TimeSpan.FromSeconds(30),
            () => $"a cookie reply to any of {sent} initiations");
        TimeSpan loaded = watch.Elapsed;

        byte[] cookie = new byte[WireGuard.CookieSize];
        byte[]? first = null;
        byte[] wrongMac1 = new byte[WireGuard.MacSize];
        byte[] reply = new byte[2048];
        int opened = 0;
        while (socket.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectRead))
        {
            int length = socket.Receive(reply);
            ReadOnlySpan<byte> datagram = reply.AsSpan(0, length);
            Assert.Equal(DatagramKind.CookieReply, Datagram.Classify(datagram));
            uint index = Datagram.ReceiverIndex(DatagramKind.CookieReply, datagram);
            Assert.InRange(index, 0u, (uint)initiations.Length - 1);
            ReadOnlySpan<byte> mac1 = initiations[index].AsSpan(WireGuard.InitiationMac1Offset, WireGuard.MacSize);
            Assert.False(sealer.TryOpen(datagram, wrongMac1, cookie));
            Assert.True(sealer.TryOpen(datagram, mac1, cookie));
            first ??= [.. cookie];
            Assert.Equal(first, cookie);
            opened++;
        }

        Measured.Write($"loaded after {sent} initiations and {loaded.TotalSeconds:0.00} s; {opened} cookie replies opened");
        Assert.NotNull(first);
        return first;
    }

    private static byte[][] Initiations(Mac1 mac1) =>
        [.. Enumerable.Range(0, 4_000).Select(index => WireMessages.Initiation(mac1, (uint)index))];
}
