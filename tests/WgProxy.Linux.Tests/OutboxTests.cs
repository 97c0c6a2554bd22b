using System.Net;
using System.Runtime.InteropServices;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Native;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>Refusals that no link of today's kernels gives, forced on the socket itself.</summary>
public sealed class OutboxTests : IDisposable
{
    private const int NoChecksums = 11; // SO_NO_CHECK: with it, every segmented send is EINVAL.

    private readonly RelayCounters _counters = new();
    private readonly Outbox _outbox;
    private readonly Peer _receiver = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly UdpSocket _socket = UdpSocket.Open(isIPv4: true, out _)!;

    public OutboxTests()
    {
        _outbox = new Outbox(1, _counters, mustEndShort: false, clients: null);
        Assert.Equal(0, _socket.Connect(_receiver.EndPoint));
        Assert.True(_socket.Udp.CanSegment());
        _outbox.Begin(0, _socket.Descriptor, isIPv4: true, segments: true);
    }

    public void Dispose()
    {
        _outbox.Dispose();
        _receiver.Dispose();
        _socket.Dispose();
    }

    [Fact]
    public void Trains_that_are_refused_again_and_again_are_given_up_and_later_tried_again()
    {
        SetNoChecksums(1);
        Send(1000);
        Send(1000);
        Assert.Equal((1, 0), (_counters[EngineFault.StrideLowered], _counters[EngineFault.OffloadWithdrawn]));
        Send(999);
        Send(998);
        Assert.Equal((2, 1), (_counters[EngineFault.StrideLowered], _counters[EngineFault.OffloadWithdrawn]));
        Send(100);
        Assert.Equal((2, 1), (_counters[EngineFault.StrideLowered], _counters[EngineFault.OffloadWithdrawn]));
        SetNoChecksums(0);
        int runs = 0;
        while (Send(1000) != 1)
        {
            Assert.InRange(runs++, 0, 5000);
        }

        Assert.Equal((2, 1), (_counters[EngineFault.StrideLowered], _counters[EngineFault.OffloadWithdrawn]));
        Assert.Equal(0, _counters[EngineFault.SendFailed] + _counters[EngineFault.SendRetried]);
    }

    [Fact]
    public void A_socket_that_takes_nothing_loses_it_by_count_and_blames_no_offload()
    {
        _outbox.Begin(0, descriptor: -1, isIPv4: true, segments: true);
        byte[] bytes = GC.AllocateArray<byte>(10_000, pinned: true);
        _outbox.Add(new Run(0, bytes.Length, 1000, 0), Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0));
        _outbox.Flush();
        Assert.Equal(10, _counters[EngineFault.SendFailed]);
        Assert.Equal(0, _counters[EngineFault.StrideLowered] + _counters[EngineFault.OffloadWithdrawn]);
        Assert.True(_outbox.IsEmpty);
    }

    [Fact]
    public void More_than_fits_one_batch_leaves_in_several_and_in_order()
    {
        byte[][] datagrams = [.. Enumerable.Range(0, 700).Select(i => WireMessages.Transport((uint)i, 32 + (i % 7)))];
        byte[][] pinned = [.. datagrams.Select(datagram =>
        {
            byte[] copy = GC.AllocateUninitializedArray<byte>(datagram.Length, pinned: true);
            datagram.CopyTo(copy, 0);
            return copy;
        })];
        foreach (byte[] datagram in pinned)
        {
            _outbox.Add(
                new Run(0, datagram.Length, datagram.Length, 0), Marshal.UnsafeAddrOfPinnedArrayElement(datagram, 0));
        }

        _outbox.Flush();
        _receiver.Expect(datagrams);
    }

    // Ten datagrams as one run; returns in how many receives they came.
    private int Send(int stride)
    {
        byte[][] datagrams = [.. Enumerable.Range(0, 10).Select(i => WireMessages.Transport((uint)i, stride))];
        byte[] bytes = GC.AllocateUninitializedArray<byte>(10 * stride, pinned: true);
        for (int i = 0; i < datagrams.Length; i++)
        {
            datagrams[i].CopyTo(bytes, i * stride);
        }

        _outbox.Add(new Run(0, bytes.Length, stride, 0), Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0));
        _outbox.Flush();
        return _receiver.Expect(datagrams).DistinctBy(arrival => arrival.Receive).Count();
    }

    private unsafe void SetNoChecksums(int value) =>
        Assert.Equal(0, Libc.setsockopt(_socket.Descriptor, Constants.SOL_SOCKET, NoChecksums, &value, sizeof(int)));
}
