namespace WgProxy.Netns.Tests;

/// <summary>ICMP messages need no key and no connection: whoever knows addresses and ports can forge them.</summary>
[Collection(Loud.Name)]
public sealed class ForgedIcmpTests
{
    private const int PerSecond = 500;
    private const int ProbeSize = 1_300;
    private static readonly TimeSpan Attack = TimeSpan.FromSeconds(6);

    // RFC 792 and 1191: unreachable by every reason, "fragmentation needed" with two MTUs, quench, redirect, time
    // exceeded, bad parameter. The number is what follows the checksum.
    private static readonly (byte Type, byte Code, uint Word)[] Ipv4Kinds =
    [
        .. Enumerable.Range(0, 16).Select(code => ((byte)3, (byte)code, 600u)),
        (3, 4, 68), (4, 0, 0), (5, 1, 0x0A51_0302), (11, 0, 0), (11, 1, 0), (12, 0, 0),
    ];

    // RFC 4443: unreachable by every reason, packet too big with a legal MTU and one below the least, time exceeded,
    // bad parameter.
    private static readonly (byte Type, byte Code, uint Word)[] Ipv6Kinds =
    [
        .. Enumerable.Range(0, 8).Select(code => ((byte)1, (byte)code, 0u)),
        (2, 0, 1280), (2, 0, 600), (3, 0, 0), (3, 1, 0), (4, 0, 0), (4, 1, 0), (4, 2, 0),
    ];

    [NetnsFact]
    public Task Forged_icmp_of_every_kind_harms_no_stream() =>
        BestOf.ThreeAsync(() => Forged_icmp_of_every_kind_harms_no_stream_once());

    private async Task Forged_icmp_of_every_kind_harms_no_stream_once()
    {
        using Tunnel tunnel = await Tunnel.StartAsync();
        await tunnel.ConnectAsync();
        Host stranger = tunnel.Stranger;
        Attackers.LetForgedIn(tunnel.Topology, stranger);
        IPEndPoint client = new(tunnel.Client.Host.Address(AddressFamily.InterNetwork), tunnel.Client.Port);
        IPEndPoint upstream = tunnel.Server.Peer(tunnel.Client).Endpoint!;
        IPEndPoint server = new(tunnel.Server.Host.Address(AddressFamily.InterNetworkV6), Tunnel.Port);
        stranger.Space.Ip("route", "add", $"{tunnel.Front.Address}/32", "via", $"{stranger.Relay(AddressFamily.InterNetwork)}");
        stranger.Space.Ip("-6", "route", "add", $"{upstream.Address}/128", "via", $"{stranger.Relay(AddressFamily.InterNetworkV6)}");
        byte[][] toListener = Messages(Ipv4Kinds, tunnel.Front, client);
        byte[][] toUpstream = Messages(Ipv6Kinds, upstream, server);

        using Capture atClient = await Capture.StartAsync(tunnel.Client.Host, $"src port {Tunnel.Port}");
        using Capture atServer = await Capture.StartAsync(tunnel.Server.Host, $"dst port {Tunnel.Port}");
        using ProbeStream stream = new(tunnel.Client, tunnel.Responder, perSecond: 20, ProbeSize);
        using Flood ipv4 = Send(stranger, tunnel.Front.Address, toListener);
        using Flood ipv6 = Send(stranger, upstream.Address, toUpstream);
        long before = tunnel.Topology.Relay.Snmp("IcmpInDestUnreachs") + tunnel.Topology.Relay.Snmp("Icmp6InDestUnreachs");
        await Eventually.TrueAsync(() => stream.Elapsed > Attack, Attack + TimeSpan.FromSeconds(5), "the attack's end");
        ipv4.Stop();
        ipv6.Stop();
        long heard = tunnel.Topology.Relay.Snmp("IcmpInDestUnreachs") + tunnel.Topology.Relay.Snmp("Icmp6InDestUnreachs") - before;
        ProbeAccount account = await stream.StopAsync();
        RelayStatus after = await tunnel.Relay.StatusAsync();
        int wholeAtClient = Whole(atClient);
        string report = $"{ipv4.Sent} and {ipv6.Sent} forged, {heard} of them unreachables that the kernel took: {account}; whole datagrams "
            + $"{wholeAtClient} at the client, {Whole(atServer)} at the server; {after}";
        Measured.Write(report);

        account.AssertNoneLost(atLeast: 110);
        Assert.True(heard > (ipv4.Sent + ipv6.Sent) / 3, report);
        Assert.Equal(1, after.Mappings["Confirmed"]);
        Assert.Equal(upstream, tunnel.Server.Peer(tunnel.Client).Endpoint);

        // Towards the client nothing was cut: IPv4 is deaf to "fragmentation needed". IPv6 has no such wish to refuse, so
        // there the relay's kernel may cut in two what is over 1,280 bytes.
        Assert.True(wholeAtClient >= account.Sent, report);
        await tunnel.NewcomerIsServedAsync();
        await tunnel.Relay.StopAsync();
    }

    private static int Whole(Capture capture) => capture.All().Count(datagram => datagram.Length > ProbeSize);

    private static Flood Send(Host stranger, IPAddress target, byte[][] messages) => new(
        stranger.Space,
        target,
        PerSecond,
        (number, packet) =>
        {
            byte[] message = messages[number % messages.Length];
            message.CopyTo(packet, 0);
            return message.Length;
        });

    // As if the other end had sent them about a datagram of the relay's.
    private static byte[][] Messages((byte Type, byte Code, uint Word)[] kinds, IPEndPoint relay, IPEndPoint other)
    {
        byte[] about = new byte[1_500];
        int length = Forgery.WriteUdp(about, relay, other, new byte[1_360]);
        return
        [
            .. kinds.Select(kind => Forgery.IcmpError(
                other.Address, relay.Address, (kind.Type, kind.Code), kind.Word, about.AsSpan(0, Math.Min(length, 520)))),
        ];
    }
}
