using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Routes;
using WgProxy.Linux.Send;
using WgProxy.Linux.Tests.Rig;

namespace WgProxy.Linux.Tests;

/// <summary>Runs in, trains out, each way and between the families, with each offload on and off: every datagram arrives
/// with its bytes, its length and in its place.</summary>
public sealed class SegmentationMatrixTests
{
    public static TheoryData<bool, bool, AddressFamily, AddressFamily, bool> Matrix()
    {
        TheoryData<bool, bool, AddressFamily, AddressFamily, bool> matrix = [];
        foreach (int bits in Enumerable.Range(0, 16))
        {
            AddressFamily client = (bits & 4) == 0 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            AddressFamily server = (bits & 8) == 0 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            matrix.Add((bits & 1) != 0, (bits & 2) != 0, client, server, false);
            if (server == AddressFamily.InterNetwork)
            {
                matrix.Add((bits & 1) != 0, (bits & 2) != 0, client, server, true);
            }
        }

        return matrix;
    }

    [Theory]
    [MemberData(nameof(Matrix))]
    public void Boundaries_and_bytes_hold(
        bool coalesces, bool segments, AddressFamily clientFamily, AddressFamily serverFamily, bool mapped)
    {
        using RelayRig rig = new(new LinuxEngineSettings { Workers = 1, Segmentation = new Segmentation(coalesces, segments, MustEndShort: false) });
        RigTunnel tunnel = Establish(rig, clientFamily, serverFamily, mapped);
        Exchange(rig, tunnel, Trains(tunnel.FromClient), Trains(tunnel.FromServer));
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void Boundaries_and_bytes_hold_where_trains_must_end_short()
    {
        using RelayRig rig = new(new LinuxEngineSettings { Workers = 1, Segmentation = new Segmentation(true, true, MustEndShort: true) });
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetwork, AddressFamily.InterNetworkV6, mapped: false);
        Exchange(rig, tunnel, Trains(tunnel.FromClient), Trains(tunnel.FromServer));
        byte[][] even = [.. Enumerable.Range(0, 10).Select(_ => tunnel.FromClient(1000))];
        byte[][] uneven = [.. even, tunnel.FromClient(999)];
        rig.Gather(() =>
        {
            tunnel.Client.Send(even, tunnel.Relay);
            tunnel.Client.Send(tunnel.FromClient(1200), tunnel.Relay);
            tunnel.Client.Send(tunnel.FromClient(500), tunnel.Relay);
            tunnel.Client.Send(uneven, tunnel.Relay);
        });
        Assert.Equal(10, tunnel.Server.Expect(even).DistinctBy(arrival => arrival.Receive).Count());
        tunnel.Server.Receive();
        tunnel.Server.Receive();
        Assert.Single(tunnel.Server.Expect(uneven).DistinctBy(arrival => arrival.Receive));
        Assert.Empty(rig.Faults());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Neighbours_leave_as_one_train(bool segments)
    {
        using RelayRig rig = new(new LinuxEngineSettings { Workers = 1, Segmentation = new Segmentation(true, segments, MustEndShort: false) });
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetwork, AddressFamily.InterNetworkV6, mapped: false);
        byte[][] up = [.. Enumerable.Range(0, 20).Select(_ => tunnel.FromClient(1452)), tunnel.FromClient(700)];
        byte[][] down = [.. Enumerable.Range(0, 20).Select(_ => tunnel.FromServer(1452)), tunnel.FromServer(700)];
        rig.Gather(() =>
        {
            Array.ForEach(up, datagram => tunnel.Client.Send(datagram, tunnel.Relay));
            Array.ForEach(down, datagram => tunnel.Server.Send(datagram, tunnel.Upstream));
        });
        Assert.Equal(segments ? 1 : 21, tunnel.Server.Expect(up).DistinctBy(arrival => arrival.Receive).Count());
        Assert.Equal(segments ? 1 : 21, tunnel.Client.Expect(down).DistinctBy(arrival => arrival.Receive).Count());
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void Interleaved_flows_leave_as_a_train_each()
    {
        const int flows = 5;
        using RelayRig rig = new();
        RigTunnel[] tunnels = [.. Enumerable.Range(0, flows).Select(i =>
            Establish(rig, i % 2 == 0 ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6, AddressFamily.InterNetwork, false))];
        byte[][][] up = [.. tunnels.Select(tunnel => Enumerable.Range(0, 6).Select(_ => tunnel.FromClient(1000)).ToArray())];
        byte[][][] down = [.. tunnels.Select(tunnel => Enumerable.Range(0, 6).Select(_ => tunnel.FromServer(500)).ToArray())];
        rig.Gather(() =>
        {
            for (int round = 0; round < 6; round++)
            {
                for (int flow = 0; flow < flows; flow++)
                {
                    tunnels[flow].Client.Send(up[flow][round], tunnels[flow].Relay);
                    tunnels[flow].Server.Send(down[flow][round], tunnels[flow].Upstream);
                }
            }
        });
        for (int flow = 0; flow < flows; flow++)
        {
            Assert.Single(tunnels[flow].Server.Expect(up[flow]).DistinctBy(arrival => arrival.Receive));
            Assert.Single(tunnels[flow].Client.Expect(down[flow]).DistinctBy(arrival => arrival.Receive));
        }

        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void A_run_that_IPv4_cannot_carry_is_cut_between_datagrams()
    {
        // 65,520 bytes fit one IPv6 send and no IPv4 one.
        using RelayRig rig = new();
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetworkV6, AddressFamily.InterNetwork, mapped: false);
        byte[][] up = [.. Enumerable.Range(0, 60).Select(_ => tunnel.FromClient(1092))];
        tunnel.Client.Send(up, tunnel.Relay);
        Assert.Equal(2, tunnel.Server.Expect(up).DistinctBy(arrival => arrival.Receive).Count());
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void A_run_is_judged_datagram_by_datagram()
    {
        using RelayRig rig = new();
        RigTunnel tunnel = Establish(rig, AddressFamily.InterNetwork, AddressFamily.InterNetwork, mapped: false);
        byte[][] run = [.. Enumerable.Range(0, 20).Select(_ => tunnel.FromClient(148))];
        run[3][0] = 9;
        run[4][1] = 1;
        run[7][0] = 1;
        run[19] = run[19][..31];
        tunnel.Client.Send(run, tunnel.Relay);
        int[] dropped = [3, 4, 7, 19];
        tunnel.Server.Expect([.. run.Where((_, i) => !dropped.Contains(i))]);
        rig.Await("uplink.NotWireGuard", 2);
        rig.Await("uplink.BadMac1", 1);
        rig.Await("uplink.BadLength", 1);
        tunnel.Server.ExpectNothing();
    }

    private static RigTunnel Establish(RelayRig rig, AddressFamily client, AddressFamily server, bool mapped)
    {
        Peer serverPeer = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(server), 0)));
        rig.Route.Server = mapped
            ? new IPEndPoint(serverPeer.EndPoint.Address.MapToIPv6(), serverPeer.EndPoint.Port)
            : serverPeer.EndPoint;
        Peer clientPeer = rig.Own(new Peer(new IPEndPoint(Peer.Loopback(client), 0)));
        return rig.Establish(clientPeer, serverPeer, rig.At(Peer.Loopback(client)));
    }

    private static void Exchange(RelayRig rig, RigTunnel tunnel, byte[][][] up, byte[][][] down)
    {
        rig.Gather(() =>
        {
            Array.ForEach(up, train => tunnel.Client.Send(train, tunnel.Relay));
            Array.ForEach(down, train => tunnel.Server.Send(train, tunnel.Upstream));
        });
        tunnel.Server.Expect([.. up.SelectMany(train => train)]);
        tunnel.Client.Expect([.. down.SelectMany(train => train)]);
        tunnel.Server.ExpectNothing();
        tunnel.Client.ExpectNothing();
    }

    // Trains of 1 to 64, with and without a shorter last datagram, singles that fit behind them and singles that do not.
    private static byte[][][] Trains(Func<int, byte[]> datagram)
    {
        List<int[]> lengths = [[65_507], [32], [33]];
        for (int count = 1; count <= 64; count += count < 8 ? 1 : 8)
        {
            int stride = count % 3 == 0 ? 1000 : 144 + count;
            lengths.Add([.. Enumerable.Repeat(stride, count)]);
            lengths.Add([.. Enumerable.Repeat(stride, count - 1), stride - 5]);
            lengths.Add([stride]);
            lengths.Add([stride]);
            lengths.Add([stride - 1]);
            lengths.Add([stride]);
        }

        lengths.Add([.. Enumerable.Repeat(1452, 44), 100]);
        return [.. lengths.Select(train => train.Select(datagram).ToArray())];
    }
}
