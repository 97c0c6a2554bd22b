using System.Net;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>What no link here makes the kernel say any more: that it will not send trains at all. Both ways, each datagram is
/// sent by itself, and the kernel is soon asked no more.</summary>
[Collection(nameof(StubbornKernel))]
public sealed class RefusalTests : IDisposable
{
    private const int EIO = 5;
    private const int EINVAL = 22;
    private const int Datagrams = 12;

    public void Dispose()
    {
        if (StubbornKernel.Missing.Length == 0)
        {
            StubbornKernel.Refuse(0, 0);
        }
    }

    [Theory]
    [InlineData(EIO, true, 1, 0)]
    [InlineData(EIO, false, 1, 0)]
    [InlineData(EINVAL, true, 3, 2)]
    [InlineData(EINVAL, false, 3, 2)]
    public void Trains_that_the_kernel_refuses_leave_one_by_one_and_are_soon_tried_no_more(
        int error, bool uplink, int refusals, int lowered)
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        using RelayRig rig = new();
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.Loopback));
        StubbornKernel.Refuse((uplink ? server : client).EndPoint.Port, error);
        for (int round = 0; round < 6; round++)
        {
            // Ever shorter: one too long for the link would not be tried again as a train.
            int length = 1200 - (round * 10);
            byte[][] sent = [.. Enumerable.Range(0, Datagrams).Select(_ => uplink ? tunnel.FromClient(length) : tunnel.FromServer(length))];
            (uplink ? client : server).Send(sent, uplink ? tunnel.Relay : tunnel.Upstream);
            (uplink ? server : client).Expect(sent);
        }

        Assert.Equal(refusals, StubbornKernel.Refused);
        Dictionary<string, long> expected = new(StringComparer.Ordinal) { ["fault.OffloadWithdrawn"] = 1 };
        if (lowered > 0)
        {
            expected["fault.StrideLowered"] = lowered;
        }

        Assert.Equal(expected, rig.Faults());
    }

    [Theory]
    [InlineData(1)] // EPERM, of a filter
    [InlineData(105)] // ENOBUFS
    public void What_is_said_of_a_train_and_not_of_its_segments_withdraws_nothing(int error)
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        using RelayRig rig = new();
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.Loopback));
        byte[][] sent = [.. Enumerable.Range(0, Datagrams).Select(_ => tunnel.FromServer(1200))];
        StubbornKernel.Refuse(client.EndPoint.Port, error);
        server.Send(sent, tunnel.Upstream);
        client.Expect(sent);
        Assert.True(StubbornKernel.Refused > 0);
        StubbornKernel.Refuse(0, 0);
        server.Send(sent, tunnel.Upstream);
        Assert.Single(client.Expect(sent).DistinctBy(arrival => arrival.Receive));
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void Nothing_is_refused_where_nobody_was_told_to()
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        using RelayRig rig = new();
        Peer server = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        Peer client = rig.Own(new Peer(new IPEndPoint(IPAddress.Loopback, 0)));
        rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = rig.Establish(client, server, rig.At(IPAddress.Loopback));
        StubbornKernel.Refuse(server.EndPoint.Port, EIO);
        byte[][] sent = [.. Enumerable.Range(0, Datagrams).Select(_ => tunnel.FromServer(1200))];
        server.Send(sent, tunnel.Upstream);
        Assert.Single(client.Expect(sent).DistinctBy(arrival => arrival.Receive));
        Assert.Empty(rig.Faults());
    }
}
