using System.Net;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;

namespace WgProxy.Tests;

// Upstream sockets that are bound to source addresses.
public abstract partial class EngineContract
{
    // Linux takes every address of 127.0.0.0/8 for its own.
    private static readonly IPNetwork Pool = IPNetwork.Parse("127.0.9.0/28");

    // Below the ephemeral range, and each once: the classes of the engines run beside each other, with one pool.
    private static int _restoredPort = 30_000;

    [Fact]
    public void Each_mapping_draws_an_address_of_the_pool()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere 127.0.0.1 is the only address of loopback");
        const int tunnels = 20;
        Start(new UpstreamBinding { Addresses = [Pool] });
        EngineContractPeer server = NewServer();
        EngineContractCounts moved = [];
        HashSet<IPAddress> drawn = [];
        for (uint i = 1; i <= tunnels; i++)
        {
            EngineContractTunnel tunnel = NewTunnel(server, V6, i).Establish();
            tunnel.Up();
            tunnel.Down();
            moved.Add(EngineContractCounts.Tunnel());
            AddTraffic(moved);
            Assert.True(Pool.Contains(tunnel.Upstream.Address), $"{tunnel.Upstream}");
            drawn.Add(tunnel.Upstream.Address);
        }

        moved.AssertMoved(Wire);
        Assert.InRange(drawn.Count, 5, tunnels);
    }

    [Fact]
    public void A_restored_tunnel_keeps_its_source_address()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere 127.0.0.1 is the only address of loopback");
        StartWithJournal(Pool);
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        MappingRecord record = EndAndRecord();

        // By another address the server would still be reached, and would answer: 13 of 14 draws would not be the former address.
        for (int i = 0; i < 3; i++)
        {
            MappingRecord again = record with { Source = Source.From(Wire.NewPeer(V4).EndPoint), Tunnel = default, UpstreamPort = (ushort)Interlocked.Increment(ref _restoredPort) };
            Assert.Equal([RestoreVerdict.Restored], Restore(again).ToArray());
        }

        Assert.Equal([RestoreVerdict.Restored], Restore(record).ToArray());
        tunnel.Down();
        tunnel.Up();
        EngineContractCounts moved = EndedTunnel();
        Add(moved, restored: 4);
        AddTraffic(moved);
        moved.AssertMoved(Wire);
        Assert.All(
            _written.Where(written => written.Proof == Proof.Confirmed), written => Assert.Equal(record.UpstreamLocal, written.UpstreamLocal));
    }

    [Fact]
    public void A_restored_tunnel_whose_address_is_not_in_the_pool_any_more_draws_another()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere 127.0.0.1 is the only address of loopback");
        StartWithJournal(Pool);
        EngineContractTunnel tunnel = NewTunnel(NewServer()).Establish();
        MappingRecord record = EndAndRecord() with { UpstreamLocal = UpstreamEnd.Mapped | 0x7F00_0001 };
        Assert.Equal([RestoreVerdict.Restored], Restore(record).ToArray());
        byte[] up = tunnel.FromClient();
        tunnel.Client.Send(up, Wire.RelayFor(tunnel.Client));
        IPEndPoint upstream = tunnel.Server.Expect(up);
        Assert.Equal(record.UpstreamPort, upstream.Port);
        Assert.True(Pool.Contains(upstream.Address), $"{upstream}");
        EngineContractCounts moved = EndedTunnel();
        Add(moved, restored: 1);
        moved.Add("uplink.Forward", 1);
        moved.Add("bytes.Uplink", WireMessages.KeepaliveLength);
        moved.AssertMoved(Wire);
    }

    [Fact]
    public void An_IP_version_without_a_source_address_is_not_used()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere 127.0.0.1 is the only address of loopback");
        Start(new UpstreamBinding { Addresses = [Pool] });
        EngineContractPeer ipv6 = NewServer(V6);
        EngineContractPeer client = Wire.NewPeer(V4);
        client.Send(WireMessages.Initiation(Route.Mac1, 1), Wire.RelayFor(client));
        EngineContractCounts moved = new()
        {
            { "uplink.Open", 1 },
            { "bytes.Uplink", WireMessages.InitiationLength },
            { "event.OpenFailed", 1 },
        };
        moved.AssertMoved(Wire);

        // Of both, the usable one is used.
        EngineContractPeer ipv4 = Wire.NewPeer(V4);
        Route.Publish([ipv6.EndPoint, ipv4.EndPoint]);
        EngineContractTunnel tunnel = NewTunnel(ipv4, V4, 2).Establish();
        Assert.True(Pool.Contains(tunnel.Upstream.Address), $"{tunnel.Upstream}");
        moved.Add(EngineContractCounts.Tunnel());
        moved.Add("event.PassedOver", Observed().Count(kind => kind == RelayEventKind.PassedOver));
        moved.AssertMoved(Wire);
        ipv6.ExpectNothing();
    }
}
