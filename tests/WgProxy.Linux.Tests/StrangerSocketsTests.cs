using System.Net;
using System.Net.Sockets;
using WgProxy.Core;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine.Batching;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>The sockets by which clients that are not proven are answered.</summary>
public sealed class StrangerSocketsTests
{
    private const int Replies = SendBatch.Capacity;

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public void Replies_that_wait_for_neighbours_fill_one_buffer_and_no_other(AddressFamily family)
    {
        using Topology topology = new();
        Host host = topology.Add("nobody");
        IReadOnlyList<IReadOnlyList<ListenSocket>> workers = topology.Relay.Run(() => ListenSockets.Open(
            [new IPEndPoint(IPAddress.IPv6Any, 0)], new Steering(2, (5, 7)), new StrangerSpread((1, 2)), Segmentation.OfThisHost()));
        ListenSocket listener = workers[1].First(socket => socket.Socket.IsIPv4 == (family == AddressFamily.InterNetwork));
        Assert.Same(workers[0].First(socket => socket.Socket.IsIPv4 == listener.Socket.IsIPv4).Strangers, listener.Strangers);
        using Peer somebody = new(new IPEndPoint(host.Address(family), 0), space: host.Space);
        using ReplyBatch batch = new();

        // Whom the relay has heard it need not look for.
        somebody.Send([4, 0, 0, 0], new IPEndPoint(host.Relay(family), listener.Socket.LocalEndPoint.Port));
        int lost = Send(batch, listener, number => 3, number => Nobody(host, family, number));

        // 7 of 832 bytes each in 5,120, on Linux 6.18; what else has no room costs one call.
        Assert.InRange(Replies - lost, 3, 7);
        Assert.Equal(Replies, Send(batch, listener, _ => 3, number => Nobody(host, family, number)));

        // Others have room, and whom they answer sees the listening port. Socket by socket, in order within each.
        Assert.Equal(0, Send(batch, listener, number => number % 16 == 0 ? 4 : StrangerSpread.Buffers, _ => somebody.EndPoint));
        int[] order = [.. Enumerable.Range(0, Replies).OrderBy(number => number % 16 == 0 ? 0 : 1)];
        Arrival[] arrivals = somebody.Expect([.. order.Select(Reply)]);
        Assert.All(arrivals, arrival => Assert.Equal(listener.Socket.LocalEndPoint.Port, arrival.From.Port));
        Close(workers);
    }

    [Fact]
    public void They_are_given_nothing_and_take_nothing_that_is_sent_to_all()
    {
        IReadOnlyList<IReadOnlyList<ListenSocket>> workers = ListenSockets.Open(
            [new IPEndPoint(IPAddress.Any, 0)], new Steering(1, (5, 7)), new StrangerSpread((1, 2)), Segmentation.OfThisHost());
        using Socket sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
        int port = workers[0][0].Socket.LocalEndPoint.Port;
        for (int number = 0; number < 100; number++)
        {
            sender.SendTo([(byte)number, 0, 0, 0], new IPEndPoint(IPAddress.Loopback, port));
            sender.SendTo([(byte)number, 0, 0, 0], new IPEndPoint(IPAddress.Parse("127.255.255.255"), port));
        }

        using ReceiveBatch batch = new();
        foreach (int descriptor in workers[0][0].Strangers.Descriptors)
        {
            Assert.Equal(0, batch.Receive(descriptor, 1, out _));
        }

        int received = 0;
        foreach (ListenSocket socket in workers[0])
        {
            for (int some = 1; some > 0; received += some)
            {
                batch.Clear();
                some = batch.Receive(socket.Socket.Descriptor, batch.Room, out _);
            }
        }

        // Broadcasts go to each socket that reads; the kernel's program is not asked.
        Assert.Equal(400, received);
        Close(workers);
    }

    private static int Send(ReplyBatch batch, ListenSocket listener, Func<int, int> socket, Func<int, IPEndPoint> to)
    {
        byte[] names = GC.AllocateArray<byte>(Replies * KernelAddress.Size, pinned: true);
        for (int number = 0; number < Replies; number++)
        {
            nint name = System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(names, number * KernelAddress.Size);
            _ = KernelAddress.Write(to(number), name);
            Assert.True(batch.HasRoom);
            batch.Add(Reply(number), name, listener.Socket.IsIPv4, default, socket(number));
        }

        Assert.False(batch.HasRoom);
        int lost = batch.Flush(listener.Strangers.Descriptors, listener.Socket.Descriptor);
        Assert.True(batch.HasRoom);
        GC.KeepAlive(names);
        return lost;
    }

    private static byte[] Reply(int number) => [.. Enumerable.Repeat((byte)number, WireMessages.CookieReplyLength)];

    private static IPEndPoint Nobody(Host host, AddressFamily family, int number)
    {
        byte[] address = host.Address(family).GetAddressBytes();
        address[^1] = (byte)(10 + number);
        return new IPEndPoint(new IPAddress(address), 51820);
    }

    private static void Close(IReadOnlyList<IReadOnlyList<ListenSocket>> workers)
    {
        foreach (ListenSocket socket in workers.SelectMany(sockets => sockets))
        {
            socket.Socket.Dispose();
            socket.Strangers.Dispose();
        }
    }
}
