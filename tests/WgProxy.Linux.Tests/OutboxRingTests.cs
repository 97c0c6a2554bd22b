using System.Net;
using System.Runtime.InteropServices;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>Sends by many sockets that go to the kernel together: the same datagrams arrive, and the same is counted, as when
/// each goes by itself.</summary>
[Collection(nameof(StubbornKernel))]
public sealed class OutboxRingTests : IDisposable
{
    // More than a batch holds.
    private const int Slots = 100;
    private const int EPERM = 1;
    private const int ENOMEM = 12;
    private const string NoRing = "this kernel lets nobody use io_uring";

    private readonly RelayCounters _counters = new();
    private readonly Peer _receiver = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly List<UdpSocket> _sockets = [];
    private readonly List<byte[]> _pinned = [];
    private Outbox? _outbox;

    public void Dispose()
    {
        _outbox?.Dispose();
        _receiver.Dispose();
        _sockets.ForEach(socket => socket.Dispose());
        if (StubbornKernel.Missing.Length == 0)
        {
            StubbornKernel.RefuseRings(0);
            StubbornKernel.RefuseNewRings(0);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_datagram_by_each_of_many_sockets_arrives_and_again(bool together)
    {
        Open(together);
        for (int round = 0; round < 20; round++)
        {
            Expect(Send(round, 0, Slots));
        }

        Assert.Equal(0, Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Trains_and_single_datagrams_go_in_one_flush(bool together)
    {
        Open(together);
        for (int round = 0; round < 20; round++)
        {
            // Every third slot has a run of three.
            byte[][] sent = [.. Enumerable.Range(0, Slots).SelectMany(slot => Add(slot, slot % 3 == 0 ? 3 : 1, 200 + round))];
            _outbox!.Flush();
            Expect(sent);
        }

        Assert.Equal(0, Faults);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sockets_that_refuse_cost_nobody_else_anything(bool together)
    {
        Open(together);

        // The news that nobody listens comes out of the next send, which is worth another try; a socket that is none loses it.
        Peer gone = new(new IPEndPoint(IPAddress.Loopback, 0));
        Assert.Equal(0, _sockets[7].Connect(gone.EndPoint));
        gone.Dispose();
        _outbox!.Begin(11, descriptor: -1, isIPv4: true, segments: true);
        int[] others = [.. Enumerable.Range(0, Slots).Where(slot => slot is not (7 or 11))];
        for (int round = 1; round <= 3; round++)
        {
            byte[][] sent = [.. Enumerable.Range(0, Slots).Select(slot => (slot, bytes: Add(slot, 1, 100)[0]))
                .Where(each => others.Contains(each.slot)).Select(each => each.bytes)];
            _outbox.Flush();
            Expect(sent);
            Assert.Equal((round - 1, round), (_counters[EngineFault.SendRetried], _counters[EngineFault.SendFailed]));
        }
    }

    [Fact]
    public void A_ring_that_fails_is_given_up_and_tried_again_later_and_nothing_is_lost()
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        Open(together: true);
        Expect(Send(0, 0, Slots));
        StubbornKernel.RefuseRings(EPERM);
        Expect(Send(1, 0, Slots));
        Assert.False(_outbox!.HasRing);

        // It is refused once more when it is tried again; and the next time it is not.
        Assert.False(AwaitRing());
        StubbornKernel.RefuseRings(0);
        Assert.True(AwaitRing());
        Expect(Send(2, 0, Slots));
        Assert.True(_outbox.HasRing);
        Assert.Equal(0, Faults);
    }

    [Fact]
    public void A_ring_that_was_refused_at_the_start_is_tried_again_later()
    {
        Assert.SkipWhen(StubbornKernel.Missing.Length > 0, StubbornKernel.Missing);
        StubbornKernel.RefuseNewRings(ENOMEM);
        _outbox = new Outbox(Slots, _counters, mustEndShort: false, clients: null, rings: true);
        Assert.False(_outbox.HasRing);
        AddSockets();
        Assert.False(AwaitRing());
        StubbornKernel.RefuseNewRings(0);
        Assert.SkipUnless(AwaitRing(), NoRing);
        Expect(Send(0, 0, Slots));
        Assert.Equal(0, Faults);
    }

    private long Faults => Enum.GetValues<EngineFault>().Sum(fault => _counters[fault]);

    private void Open(bool together)
    {
        _outbox = new Outbox(Slots, _counters, mustEndShort: false, clients: null, rings: together);
        Assert.SkipWhen(together && !_outbox.HasRing, NoRing);
        AddSockets();
    }

    private void AddSockets()
    {
        for (int slot = 0; slot < Slots; slot++)
        {
            UdpSocket socket = UdpSocket.Open(isIPv4: true, out _)!;
            _sockets.Add(socket);
            Assert.Equal(0, socket.Connect(_receiver.EndPoint));
            Assert.True(socket.Udp.CanSegment());
            _outbox!.Begin(slot, socket.Descriptor, isIPv4: true, segments: true);
        }
    }

    // Batches of two, until there is a ring; false if none comes.
    private bool AwaitRing()
    {
        const int many = 5_000;
        for (int batch = 0; batch < many && !_outbox!.HasRing; batch++)
        {
            Expect(Send(batch, 0, 2));
        }

        return _outbox!.HasRing;
    }

    private byte[][] Send(int round, int from, int end)
    {
        byte[][] sent = [.. Enumerable.Range(from, end - from).Select(slot => Add(slot, 1, 100 + round)[0])];
        _outbox!.Flush();
        return sent;
    }

    private byte[][] Add(int slot, int datagrams, int length)
    {
        byte[][] sent = [.. Enumerable.Range(0, datagrams).Select(i => WireMessages.Transport((uint)slot, length, (ulong)i))];
        byte[] run = GC.AllocateUninitializedArray<byte>(datagrams * length, pinned: true);
        for (int i = 0; i < datagrams; i++)
        {
            sent[i].CopyTo(run, i * length);
        }

        _pinned.Add(run);
        _outbox!.Add(new Run(slot, run.Length, length, 0), Marshal.UnsafeAddrOfPinnedArrayElement(run, 0));
        return sent;
    }

    // What goes together may overtake what goes by itself: each socket keeps its own order.
    private void Expect(byte[][] sent)
    {
        List<byte[]> came = [];
        while (came.Count < sent.Length)
        {
            came.Add(_receiver.Receive().Bytes);
        }

        static string Key(byte[] bytes) => Convert.ToHexString(bytes);
        Assert.Equal(sent.Select(Key).Order(StringComparer.Ordinal), came.Select(Key).Order(StringComparer.Ordinal));
        Assert.All(
            came.GroupBy(bytes => WireMessages.Sender(bytes)),
            flow => Assert.Equal(flow.Select(Key), sent.Where(bytes => WireMessages.Sender(bytes) == flow.Key).Select(Key)));
        _pinned.Clear();
    }
}
