using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Admission;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Linux.Tests;

/// <summary>The program that the kernel runs and the code here agree on which socket a datagram goes to.</summary>
public sealed class SteeringTests : IDisposable
{
    private const int Sources = 300;
    private const int IP_OPTIONS = 4;
    private const int IPV6_DSTOPTS = 59;

    private readonly ReceiveBatch _batch = new();

    public void Dispose() => _batch.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(16)]
    public void Kernel_and_code_agree_on_IPv4(int workers)
    {
        Random random = new(workers);
        int[] counts = Agree(workers, IPAddress.Loopback, null, () =>
            new IPAddress([127, (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(1, 255)]));
        Assert.All(counts, count => Assert.InRange(count, Sources / workers / 3, Sources));
    }

    [Fact]
    public void Kernel_and_code_agree_on_many_ports_of_one_IPv6_address()
    {
        int[] counts = Agree(4, IPAddress.IPv6Loopback, null, () => IPAddress.IPv6Loopback);
        Assert.All(counts, count => Assert.InRange(count, Sources / 12, Sources));
    }

    [NetnsFact]
    public void Kernel_and_code_agree_on_many_IPv6_addresses()
    {
        using Namespace space = new();
        space.Ip("route", "add", "local", "fd77::/16", "dev", "lo");
        space.WriteSysctl("net/ipv6/ip_nonlocal_bind", "1");
        Random random = new(7);
        int[] counts = Agree(4, IPAddress.IPv6Loopback, space, () =>
        {
            byte[] bytes = new byte[16];
            random.NextBytes(bytes);
            (bytes[0], bytes[1]) = (0xFD, 0x77);
            return new IPAddress(bytes);
        });
        Assert.All(counts, count => Assert.InRange(count, Sources / 12, Sources));
    }

    [NetnsTheory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    public void What_there_is_something_to_say_about_is_sorted_out(int workers, bool isIPv6)
    {
        using Namespace space = new();
        space.Ip("route", "add", "local", "fd77::/16", "dev", "lo");
        Steering steering = new(workers, (5, 7));
        IPAddress listen = isIPv6 ? IPAddress.IPv6Any : IPAddress.Any;
        IReadOnlyList<IReadOnlyList<ListenSocket>> sockets = space.Run(() => ListenSockets.Open(
            [new IPEndPoint(listen, 0)], steering, new StrangerSpread((1, 2)), Segmentation.OfThisHost()));
        ListenSocket some = sockets[^1].First(socket => socket.Socket.IsIPv4 != isIPv6);
        IPAddress local = IPAddress.Parse(isIPv6 ? "fd77:1:2:3:4:5:6:7" : "127.1.2.3");
        string[] elsewhere = isIPv6
            ? ["fd77:1:2:3:4:5:6:8", "fd77:1:2:3:4:5:7:7", "fd77:1:2:3:4:0:6:7", "fd77:1:2:0:4:5:6:7", "fd77:0:2:3:4:5:6:7"]
            : ["127.1.2.4", "127.0.2.3"];
        AddressFamily family = isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        using Peer peer = new(new IPEndPoint(Peer.Loopback(family), 0), space: space);
        int port = some.Socket.LocalEndPoint.Port;
        int worker = steering.WorkerOf(Source.From(peer.EndPoint));

        // The default local address is not known yet.
        Assert.Equal(ListenRole.WithMetadata, Sent(4, local, 0));
        some.DefaultLocal.Learn(some.Socket, local.GetAddressBytes());
        some.DefaultLocal.Learn(some.Socket, IPAddress.Parse(elsewhere[0]).GetAddressBytes());
        Assert.Equal(local.GetAddressBytes(), some.DefaultLocal.Local.ToArray());
        for (byte ecn = 0; ecn < 4; ecn++)
        {
            Assert.Equal(ListenRole.Initiations, Sent(1, local, ecn));
            Assert.Equal(ecn == 0 ? ListenRole.Bare : ListenRole.WithMetadata, Sent(4, local, ecn));
            Assert.All(elsewhere, other => Assert.Equal(ListenRole.WithMetadata, Sent(4, IPAddress.Parse(other), ecn)));
        }

        Close(sockets);

        ListenRole Sent(byte first, IPAddress to, byte ecn)
        {
            peer.Send([first, 0, 0, 0], new IPEndPoint(to, port), ecn);
            (int at, ListenRole intake) = Where(sockets, peer.EndPoint);
            Assert.Equal(worker, at);
            return intake;
        }
    }

    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_home_address_follows_data_when_nothing_is_sent_to_it_any_more(bool isIPv6)
    {
        using Namespace space = new();
        space.Ip("route", "add", "local", "fd77::/16", "dev", "lo");
        Steering steering = new(2, (5, 7));
        IReadOnlyList<IReadOnlyList<ListenSocket>> sockets = space.Run(() => ListenSockets.Open(
            [new IPEndPoint(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 0)], steering, new StrangerSpread((1, 2)), Segmentation.OfThisHost()));
        ListenSocket[] group = [.. sockets.SelectMany(worker => worker).Where(socket => socket.Socket.IsIPv4 != isIPv6)];
        ListenSocket withMetadata = group.Last(socket => socket.Role == ListenRole.WithMetadata);
        ListenSocket bare = group.First(socket => socket.Role == ListenRole.Bare);
        IPAddress[] at = [.. ((string[])(isIPv6 ? ["fd77::1", "fd77::2"] : ["127.1.2.3", "127.1.2.4"])).Select(IPAddress.Parse)];
        using Peer peer = new(new IPEndPoint(Peer.Loopback(isIPv6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork), 0), space: space);
        withMetadata.DefaultLocal.Learn(withMetadata.Socket, at[0].GetAddressBytes());
        Assert.Equal([ListenRole.Bare, ListenRole.WithMetadata], Sent());

        // While something comes to the old address, or little comes to the new one, nothing changes.
        Tick now = new(100_000);
        bare.ReadAt = now;
        Reconsider(datagrams: 1_000, after: 9_000);
        Assert.Equal([ListenRole.Bare, ListenRole.WithMetadata], Sent());
        Reconsider(datagrams: 10, after: 9_000);
        Assert.Equal([ListenRole.Bare, ListenRole.WithMetadata], Sent());

        // The socket with metadata gets all data for a second; then the new address is the default.
        Reconsider(datagrams: 1_000, after: 0);
        Assert.Equal([ListenRole.WithMetadata, ListenRole.WithMetadata], Sent());
        Reconsider(datagrams: 1_000, after: 900);
        Assert.Equal([ListenRole.WithMetadata, ListenRole.WithMetadata], Sent());
        Assert.Equal(at[0].GetAddressBytes(), withMetadata.DefaultLocal.Local.ToArray());
        Reconsider(datagrams: 1_000, after: 100);
        Assert.Equal([ListenRole.WithMetadata, ListenRole.Bare], Sent());
        Assert.Equal(at[1].GetAddressBytes(), withMetadata.DefaultLocal.Local.ToArray());

        // It stays for ten seconds whatever comes elsewhere.
        Reconsider(datagrams: 1_000, after: 9_000);
        Assert.Equal([ListenRole.WithMetadata, ListenRole.Bare], Sent());
        Close(sockets);

        void Reconsider(int datagrams, long after)
        {
            now += after;
            for (int i = 0; i < datagrams; i++)
            {
                withMetadata.NoteLocal(at[1].GetAddressBytes());
            }

            withMetadata.DefaultLocal.Reconsider(withMetadata, now);
        }

        ListenRole[] Sent() => [.. at.Select(address =>
        {
            peer.Send([4, 0, 0, 0], new IPEndPoint(address, bare.Socket.LocalEndPoint.Port));
            return Where(sockets, peer.EndPoint).ListenRole;
        })];
    }

    [Fact]
    public void Another_key_spreads_sources_differently()
    {
        Steering one = new(16, (1, 1));
        Steering other = new(16, (2, 3));
        IPEndPoint[] sources = [.. Enumerable.Range(1, 1000).Select(port => new IPEndPoint(IPAddress.Loopback, port))];
        Assert.InRange(sources.Count(source => one.WorkerOf(Source.From(source)) == other.WorkerOf(Source.From(source))), 0, 200);
    }

    [Fact]
    public void A_datagram_without_bytes_is_steered_too()
    {
        IReadOnlyList<IReadOnlyList<ListenSocket>> workers = Open(new Steering(3, (5, 7)), IPAddress.Loopback);
        using Peer peer = new(new IPEndPoint(IPAddress.Loopback, 0));
        peer.Send(Array.Empty<byte>(), workers[0][0].Socket.LocalEndPoint);
        Assert.Equal((0, ListenRole.WithMetadata), Where(workers, peer.EndPoint));
        Close(workers);
    }

    // Four "no operation" make the header a word longer.
    [NetnsFact]
    public void Kernel_and_code_agree_where_IPv4_options_move_the_port()
    {
        using Namespace space = new();
        Random random = new(9);
        _ = Agree(4, IPAddress.Loopback, space, () => new IPAddress([127, 0, 0, (byte)random.Next(1, 255)]), peer => peer.Set(0, IP_OPTIONS, [1, 1, 1, 1]));
    }

    // One "destination options" header of padding: what is read for the port is that header's beginning, "UDP follows, no
    // more words".
    [NetnsFact]
    public void A_source_behind_IPv6_extension_headers_stays_with_one_worker()
    {
        const int portRead = 17 << 8;
        using Namespace space = new();
        space.Ip("route", "add", "local", "fd77::/16", "dev", "lo");
        space.WriteSysctl("net/ipv6/ip_nonlocal_bind", "1");
        Steering steering = new(4, (5, 7));
        IReadOnlyList<IReadOnlyList<ListenSocket>> sockets = space.Run(() => Open(steering, IPAddress.IPv6Loopback));
        HashSet<int> workers = [];
        for (int last = 1; last < 40; last++)
        {
            IPAddress address = IPAddress.Parse($"fd77::{last:x}");
            using Peer peer = new(new IPEndPoint(address, 0), space: space);
            peer.Set(41, IPV6_DSTOPTS, [0, 0, 1, 4, 0, 0, 0, 0]);
            for (int round = 0; round < 3; round++)
            {
                peer.Send([4, 0, 0, 0], sockets[0][0].Socket.LocalEndPoint);
                int expected = steering.WorkerOf(Source.From(new IPEndPoint(address, portRead)));
                Assert.Equal((expected, ListenRole.Bare), Where(sockets, peer.EndPoint));
                _ = workers.Add(expected);
            }
        }

        Assert.Equal(steering.Workers, workers.Count);
        Close(sockets);
    }

    [Fact]
    public void What_came_before_the_group_was_complete_is_thrown_away()
    {
        IReadOnlyList<IReadOnlyList<ListenSocket>> workers = Open(new Steering(2, (5, 7)), IPAddress.Loopback);
        using Poller poller = Poller.Open(out _)!;
        ListenSocket[] all = [.. workers.SelectMany(sockets => sockets)];
        Assert.All(all, socket => Assert.Equal(0, poller.Watch(socket.Socket.Descriptor, 0)));
        using Peer peer = new(new IPEndPoint(IPAddress.Loopback, 0));
        byte[][] many = [.. Enumerable.Range(0, 100).Select(i => new byte[] { (byte)(i % 2 == 0 ? 1 : 4), 0, 0, 0 })];
        Array.ForEach(many, datagram => peer.Send(datagram, workers[0][0].Socket.LocalEndPoint));
        Assert.Equal(2, poller.Wait(-1));
        ListenSockets.Discard(workers);
        Assert.Equal(0, poller.Wait(0));
        peer.Send(many[1], workers[0][0].Socket.LocalEndPoint);
        Assert.Equal(1, poller.Wait(-1));
        Close(workers);
    }

    private int[] Agree(int workers, IPAddress listen, Namespace? space, Func<IPAddress> draw, Action<Peer>? prepare = null)
    {
        Steering steering = new(workers, ((uint)Random.Shared.Next(), (uint)Random.Shared.Next()));
        IReadOnlyList<IReadOnlyList<ListenSocket>> sockets =
            space is null ? Open(steering, listen) : space.Run(() => Open(steering, listen));
        IPEndPoint relay = sockets[0][0].Socket.LocalEndPoint;
        int[] counts = new int[workers];
        for (int i = 0; i < Sources; i++)
        {
            using Peer peer = new(new IPEndPoint(draw(), 0), space: space);
            prepare?.Invoke(peer);
            bool initiation = i % 3 == 0;
            byte[] datagram = new byte[1 + Random.Shared.Next(1400)];
            datagram[0] = (byte)(initiation ? 1 : 4);
            peer.Send(datagram, relay);
            int worker = steering.WorkerOf(Source.From(peer.EndPoint));
            Assert.Equal((worker, initiation ? ListenRole.Initiations : ListenRole.Bare), Where(sockets, peer.EndPoint));
            counts[worker]++;
        }

        Close(sockets);
        return counts;
    }

    private static IReadOnlyList<IReadOnlyList<ListenSocket>> Open(Steering steering, IPAddress address) =>
        ListenSockets.Open([new IPEndPoint(address, 0)], steering, new StrangerSpread((1, 2)), Segmentation.OfThisHost());

    private static void Close(IReadOnlyList<IReadOnlyList<ListenSocket>> workers)
    {
        foreach (ListenSocket socket in workers.SelectMany(sockets => sockets))
        {
            socket.Socket.Dispose();
        }
    }

    private (int Worker, ListenRole ListenRole) Where(IReadOnlyList<IReadOnlyList<ListenSocket>> workers, IPEndPoint from)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(10))
        {
            for (int worker = 0; worker < workers.Count; worker++)
            {
                foreach (ListenSocket socket in workers[worker])
                {
                    if (_batch.Receive(socket.Socket.Descriptor, 1, out _) > 0)
                    {
                        Assert.Equal(from, KernelAddress.ToEndPoint(_batch.NameOf(0)));
                        _batch.Clear();
                        return (worker, socket.Role);
                    }
                }
            }
        }

        throw new TimeoutException($"nothing arrived from {from}");
    }
}
