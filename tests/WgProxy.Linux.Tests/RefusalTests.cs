using System.Net;
using WgProxy.Core;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>What no link here makes the kernel say any more: that it will not send trains at all, or had no room for what
/// came. Both ways, each datagram is sent by itself and the kernel is soon asked no more; what came in part goes nowhere.
/// </summary>
[Collection(nameof(StubbornKernel))]
public sealed class RefusalTests : IDisposable
{
    private const int EIO = 5;
    private const int EINVAL = 22;
    private const int MSG_CTRUNC = 0x08;
    private const int MSG_TRUNC = 0x20;
    private const int Datagrams = 12;

    public void Dispose()
    {
        if (StubbornKernel.Missing.Length == 0)
        {
            StubbornKernel.Refuse(0, 0);
            StubbornKernel.Cut(0, 0);
        }
    }

    [Theory]
    [InlineData(MSG_TRUNC, true)]
    [InlineData(MSG_TRUNC, false)]
    [InlineData(MSG_CTRUNC, true)]
    [InlineData(MSG_CTRUNC, false)]
    public void What_came_in_part_is_counted_and_goes_nowhere(int flag, bool uplink)
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        using RelayRig rig = new();
        RigTunnel tunnel = rig.Establish();
        StubbornKernel.Cut((uplink ? tunnel.Relay : tunnel.Upstream).Port, flag);
        byte[][] run = [.. Enumerable.Range(0, 3).Select(_ => uplink ? tunnel.FromClient(500) : tunnel.FromServer(500))];
        (uplink ? tunnel.Client : tunnel.Server).Send(run, uplink ? tunnel.Relay : tunnel.Upstream);
        rig.Await(uplink ? "uplink.Truncated" : "downlink.Truncated", 1);
        StubbornKernel.Cut(0, 0);

        // The next that arrives is the next that was sent.
        tunnel.Up(tunnel.FromClient(600));
        tunnel.Down(tunnel.FromServer(600));
        Assert.Empty(rig.Faults());
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
        RigTunnel tunnel = rig.Establish();
        (Peer client, Peer server) = (tunnel.Client, tunnel.Server);
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

    // Up, a connected socket's EPERM may be an earlier datagram's (ICMP says "prohibited" by EACCES and its like), so the
    // train itself is tried once more before it is cut.
    [Theory]
    [InlineData(1, true)] // EPERM, of a filter
    [InlineData(1, false)]
    [InlineData(105, true)] // ENOBUFS
    [InlineData(105, false)]
    public void What_is_said_of_a_train_and_not_of_its_segments_withdraws_nothing(int error, bool uplink)
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        using RelayRig rig = new();
        RigTunnel tunnel = rig.Establish();
        (Peer from, Peer to) = uplink ? (tunnel.Client, tunnel.Server) : (tunnel.Server, tunnel.Client);
        IPEndPoint relay = uplink ? tunnel.Relay : tunnel.Upstream;
        byte[][] sent = [.. Enumerable.Range(0, Datagrams).Select(_ => uplink ? tunnel.FromClient(1200) : tunnel.FromServer(1200))];
        StubbornKernel.Refuse(to.EndPoint.Port, error);
        from.Send(sent, relay);
        to.Expect(sent);
        Assert.Equal(uplink && error == 1 ? 2 : 1, StubbornKernel.Refused);
        StubbornKernel.Refuse(0, 0);
        from.Send(sent, relay);
        Assert.Single(to.Expect(sent).DistinctBy(arrival => arrival.Receive));
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void Nothing_is_refused_where_nobody_was_told_to()
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        using RelayRig rig = new();
        RigTunnel tunnel = rig.Establish();
        (Peer client, Peer server) = (tunnel.Client, tunnel.Server);
        StubbornKernel.Refuse(server.EndPoint.Port, EIO);
        byte[][] sent = [.. Enumerable.Range(0, Datagrams).Select(_ => tunnel.FromServer(1200))];
        server.Send(sent, tunnel.Upstream);
        Assert.Single(client.Expect(sent).DistinctBy(arrival => arrival.Receive));
        Assert.Empty(rig.Faults());
    }
}
