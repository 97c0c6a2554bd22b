using System.Buffers.Binary;
using System.Net.Sockets;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Tests;

// What does not pass.
public abstract partial class EngineContract
{
    [Fact]
    public void Data_before_an_initiation_is_dropped()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer());
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        tunnel.Client.Send(WireMessages.Response(1, 2, Route.Mac1), Wire.RelayFor(tunnel.Client));
        tunnel.Client.Send(WireMessages.CookieReply(2), Wire.RelayFor(tunnel.Client));
        new EngineContractCounts { { "uplink.NoMapping", 3 } }.AssertMoved(Wire);
        tunnel.Server.ExpectNothing();
        tunnel.Client.ExpectNothing();
    }

    [Fact]
    public void What_comes_from_port_0_opens_nothing_and_draws_nothing()
    {
        Start();
        EngineContractPeer server = NewServer();
        EngineContractCounts moved = [];
        foreach (AddressFamily family in new[] { V4, V6 })
        {
            EngineContractTunnel tunnel = new EngineContractTunnel(Wire, Route.Mac1, Wire.NewPeer(family), server, family == V4 ? 1u : 2).Establish();
            byte[][] datagrams =
            [
                WireMessages.Initiation(Route.Mac1, 0xC7), tunnel.FromClient(), tunnel.FromClient(1_000),
                WireMessages.Response(1, 2, Route.Mac1), WireMessages.CookieReply(2), WireMessages.New(9, 20),
            ];
            foreach (byte[] datagram in datagrams)
            {
                Assert.SkipUnless(Wire.TrySendFromPort0(datagram, Wire.RelayFor(tunnel.Client)), "forging port 0 takes a raw socket: root, or CAP_NET_RAW");
            }

            moved.Add(EngineContractCounts.Tunnel());
            moved.Add("uplink.NoPort", datagrams.Length);
            moved.AssertMoved(Wire);
            tunnel.Server.ExpectNothing();
            tunnel.Client.ExpectNothing();
        }
    }

    [Fact]
    public void Data_before_an_answer_is_dropped()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer());
        tunnel.Ask();
        tunnel.Client.Send(tunnel.FromClient(), Wire.RelayFor(tunnel.Client));
        tunnel.Server.Send(tunnel.FromServer(), tunnel.Upstream);
        new EngineContractCounts
        {
            EngineContractCounts.Asked(),
            { "uplink.NotProven", 1 },
            { "downlink.Unsolicited", 1 },
        }.AssertMoved(Wire);
        tunnel.Server.ExpectNothing();
        tunnel.Client.ExpectNothing();
    }

    [Fact]
    public void A_stranger_gets_silence_and_no_socket()
    {
        Start();
        EngineContractPeer server = NewServer();
        EngineContractPeer stranger = Wire.NewPeer(V4);
        List<byte[]> datagrams = [.. Malformed(), new byte[65_507], WireMessages.New(1, 65_507)];
        byte[] forged = WireMessages.Initiation(NewRoute().Mac1, 7);
        datagrams.Add(forged);
        foreach (byte[] datagram in datagrams)
        {
            stranger.Send(datagram, Wire.RelayFor(stranger));
        }

        int unknown = datagrams.Count(datagram => !HasType(datagram));
        new EngineContractCounts
        {
            { "uplink.NotWireGuard", unknown },
            { "uplink.BadLength", datagrams.Count - unknown - 1 },
            { "uplink.BadMac1", 1 },
        }.AssertMoved(Wire);
        stranger.ExpectNothing();
        server.ExpectNothing();
        Assert.Empty(Observed());
    }

    [Fact]
    public void A_server_that_babbles_disturbs_nobody()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        byte[][] datagrams = [.. Malformed()];
        foreach (byte[] datagram in datagrams)
        {
            tunnel.Server.Send(datagram, tunnel.Upstream);
        }

        int unknown = datagrams.Count(datagram => !HasType(datagram));
        EngineContractCounts moved = new()
        {
            EngineContractCounts.Tunnel(),
            { "downlink.NotWireGuard", unknown },
            { "downlink.BadLength", datagrams.Length - unknown },
        };
        moved.AssertMoved(Wire);
        tunnel.Client.ExpectNothing();
        tunnel.Down(100);
        moved.AddDown(100);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void Only_the_server_is_heard_on_an_upstream_port()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        Wire.NewPeer(V4).Send(tunnel.FromServer(), tunnel.Upstream);
        tunnel.Down();
        tunnel.Client.ExpectNothing();
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "downlink.Forward", 1 },
            { "bytes.Downlink", WireMessages.KeepaliveLength },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void An_initiation_sent_twice_passes_once()
    {
        Start();
        EngineContractTunnel tunnel = NewTunnel(NewServer());
        byte[] initiation = tunnel.Ask();
        tunnel.Answer();
        tunnel.Up();
        tunnel.Down();

        // From the same address: among several workers, each remembers what it forwarded itself.
        tunnel.Client.Send(initiation, Wire.RelayFor(tunnel.Client));
        tunnel.Up(50);
        tunnel.Down(60);
        tunnel.Server.ExpectNothing();
        new EngineContractCounts
        {
            EngineContractCounts.Tunnel(),
            { "uplink.Replayed", 1 },
            { "uplink.Forward", 1 },
            { "downlink.Forward", 1 },
            { "bytes.Uplink", 50 },
            { "bytes.Downlink", 60 },
        }.AssertMoved(Wire);
    }

    [Fact]
    public void Under_load_a_stranger_gets_a_cookie_and_comes_back_with_it()
    {
        // Loaded from the first stranger on, whichever worker meets him.
        Start(Defaults with { LoadedAsked = -100 });
        EngineContractPeer server = NewServer();
        EngineContractPeer client = Wire.NewPeer(V6);
        byte[] refused = WireMessages.Initiation(Route.Mac1, 0xC2);
        client.Send(refused, Wire.RelayFor(client));
        byte[] reply = client.Receive().Bytes;
        byte[] cookie = new byte[16];
        Assert.True(new CookieSealer(Route.Key).TryOpen(reply, refused.AsSpan(116, 16), cookie));
        EngineContractCounts moved = new() { { "uplink.Reply", 1 } };
        moved.AssertMoved(Wire);

        byte[] retry = WireMessages.Initiation(Route.Mac1, 0xC3);
        Blake2s.Mac(cookie, retry.AsSpan(0, 132), retry.AsSpan(132));
        client.Send(retry, Wire.RelayFor(client));
        server.Expect(retry);
        moved.Add(EngineContractCounts.Asked());
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void A_server_that_is_not_resolved_drops_initiations_until_it_is()
    {
        Start();
        EngineContractPeer client = Wire.NewPeer(V4);
        client.Send(WireMessages.Initiation(Route.Mac1, 1), Wire.RelayFor(client));
        EngineContractCounts moved = new() { { "uplink.NoServer", 1 } };
        moved.AssertMoved(Wire);
        new EngineContractTunnel(Wire, Route.Mac1, client, NewServer(V6), 1).Establish();
        moved.Add(EngineContractCounts.Tunnel());
        moved.AssertMoved(Wire);
    }

    private static bool HasType(byte[] datagram) =>
        BinaryPrimitives.TryReadUInt32LittleEndian(datagram, out uint type) && type is >= 1 and <= 4;

    // Every type with every wrong length to beyond the longest fixed one, every length below a header, foreign types,
    // reserved bytes that are not zero, and noise.
    private static IEnumerable<byte[]> Malformed()
    {
        for (byte type = 0; type <= 5; type++)
        {
            for (int length = 0; length <= 150; length++)
            {
                bool right = (type, length) is (1, WireMessages.InitiationLength) or (2, WireMessages.ResponseLength)
                    or (3, WireMessages.CookieReplyLength) or (4, >= WireMessages.KeepaliveLength);
                if (!right)
                {
                    yield return WireMessages.New(type, length);
                }
            }
        }

        for (int reserved = 1; reserved <= 3; reserved++)
        {
            byte[] datagram = WireMessages.Transport(1);
            datagram[reserved] = 1;
            yield return datagram;
        }

        for (int length = 16; length <= 2048; length *= 2)
        {
            byte[] noise = WireMessages.New(0xA5, length);
            yield return noise;
        }
    }
}
