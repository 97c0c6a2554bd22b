using System.Net;
using WgProxy.Core;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Linux.Tests;

/// <summary>A listening group whose process has gone, and whose sockets were kept: what the next process finds in them.</summary>
public sealed class KeptGroupsTests : IDisposable
{
    private const int Workers = 3;
    private static readonly Steering Keyed = new(Workers, (5, 7));

    private readonly ReceiveBatch _batch = new();
    private readonly List<InheritedSocket> _kept = [];
    private readonly List<InheritedSocket> _released = [];

    public void Dispose() => _batch.Dispose();

    // To the default local address and to another, data, initiations and what is marked: each waits where the worker of its source looks for
    // it. What comes later is steered in the same way.
    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_waits_is_found_by_the_worker_of_its_source(bool isIPv6)
    {
        using Namespace space = new();
        space.Ip("route", "add", "local", "fd77::/16", "dev", "lo");
        space.WriteSysctl("net/ipv6/ip_nonlocal_bind", "1");
        IPAddress usual = IPAddress.Parse(isIPv6 ? "fd77::1" : "127.1.2.3");
        IPAddress other = IPAddress.Parse(isIPv6 ? "fd77::2" : "127.1.2.4");
        IPEndPoint listen = new(isIPv6 ? IPAddress.IPv6Any : IPAddress.Any, 51820);
        IReadOnlyList<IReadOnlyList<ListenSocket>> former = space.Run(() => Open(listen, Keyed));
        ListenSocket some = former[0].First(socket => socket.Socket.IsIPv4 != isIPv6 && socket.Role == ListenRole.WithMetadata);
        some.DefaultLocal.Learn(some.Socket, usual.GetAddressBytes());
        Leave(former);

        List<Peer> peers = [];
        List<(IPEndPoint From, ListenRole Role)> sent = [];
        Send(rounds: 12);
        IReadOnlyList<IReadOnlyList<ListenSocket>> next = space.Run(() => Open(listen, Keyed));
        Assert.Empty(_released);
        Send(rounds: 12);
        ListenSocket mine = next[0].First(socket => socket.Socket.IsIPv4 != isIPv6);
        Assert.Equal(usual.GetAddressBytes(), mine.DefaultLocal.Local.ToArray());
        ListenSockets.Discard(next);

        Dictionary<IPEndPoint, (int Worker, ListenRole Role)> found = Read(next);
        Assert.Equal(sent.Count, found.Count);
        Assert.All(sent, each => Assert.Equal((Keyed.WorkerOf(Source.From(each.From)), each.Role), found[each.From]));
        Close(next);
        peers.ForEach(peer => peer.Dispose());

        void Send(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                One(4, usual, ListenRole.Bare);
                One(4, other, ListenRole.WithMetadata);
                One(1, usual, ListenRole.Initiations);
            }
        }

        void One(byte first, IPAddress to, ListenRole role)
        {
            Peer peer = new(new IPEndPoint(to, 0), space: space);
            peers.Add(peer);
            peer.Send([first, 0, 0, 0], new IPEndPoint(to, listen.Port));
            sent.Add((peer.EndPoint, role));
        }
    }

    // One that the manager had no room for; another number of workers; another address; joined datagrams that the next relay wants single.
    [NetnsTheory]
    [InlineData("missing")]
    [InlineData("doubled")]
    [InlineData("workers")]
    [InlineData("address")]
    [InlineData("segmentation")]
    [InlineData("user")]
    public void A_group_that_does_not_fit_is_released_whole_before_another_is_bound(string flaw)
    {
        using Namespace space = new();
        IPEndPoint listen = new(IPAddress.Parse("127.1.2.3"), 51820);
        Leave(space.Run(() => Open(listen, Keyed)));
        if (flaw is "missing")
        {
            HandedDescriptor.Close(_kept[^1].Descriptor);
            _kept.RemoveAt(_kept.Count - 1);
        }
        else if (flaw is "doubled")
        {
            _kept[^1] = _kept[^1] with { Name = _kept[0].Name };
        }
        else if (flaw is "user")
        {
            _kept[^1] = _kept[^1] with { SharesPort = false };
        }

        int there = _kept.Count;
        Steering steering = flaw is "workers" ? new Steering(2, (5, 7)) : Keyed;
        Segmentation segmentation = flaw is "segmentation" ? Segmentation.None : Segmentation.OfThisHost();
        IReadOnlyList<IReadOnlyList<ListenSocket>> next = space.Run(() => Open(
            flaw is "address" ? new IPEndPoint(IPAddress.Parse("127.1.2.4"), 51820) : listen, steering, segmentation));
        Assert.Equal(there, _released.Count);
        Assert.All(next.SelectMany(worker => worker), socket => Assert.False(socket.IsInherited));
        Close(next);
    }

    private IReadOnlyList<IReadOnlyList<ListenSocket>> Open(IPEndPoint listen, Steering steering, Segmentation? segmentation = null) => ListenSockets.Open(
        [listen],
        steering,
        new StrangerSpread((1, 2)),
        segmentation ?? Segmentation.OfThisHost(),
        new InheritedSockets
        {
            Kept = [.. _kept],
            Release = sockets =>
            {
                _released.AddRange(sockets);
                foreach (InheritedSocket socket in sockets)
                {
                    HandedDescriptor.Close(socket.Descriptor);
                }
            },
        });

    // The process ends: its stranger sockets close, in any order, and the others live on as the manager's.
    private void Leave(IReadOnlyList<IReadOnlyList<ListenSocket>> workers)
    {
        KeptGroups.Keep(workers, new InheritedSockets { Keep = _kept.Add });
        foreach (ListenSocket socket in workers.SelectMany(sockets => sockets))
        {
            socket.Socket.SetHandleAsInvalid();
            socket.Strangers.Dispose();
        }

        for (int i = 0; i < _kept.Count; i++)
        {
            Assert.Equal(HandedKind.Usable, HandedDescriptor.KindOf(_kept[i].Descriptor, out IPEndPoint? local));
            Assert.Equal(_kept[i].Local, local);
            _kept[i] = _kept[i] with { SharesPort = HandedDescriptor.SharesPort(_kept[i].Descriptor) };
            Assert.True(_kept[i].SharesPort);
        }

        // The manager hands them over in an order of its own.
        Random.Shared.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_kept));
    }

    private Dictionary<IPEndPoint, (int Worker, ListenRole Role)> Read(IReadOnlyList<IReadOnlyList<ListenSocket>> workers)
    {
        Dictionary<IPEndPoint, (int Worker, ListenRole Role)> found = [];
        for (int worker = 0; worker < workers.Count; worker++)
        {
            foreach (ListenSocket socket in workers[worker])
            {
                while (_batch.Receive(socket.Socket.Descriptor, 1, out _) > 0)
                {
                    found.Add(KernelAddress.ToEndPoint(_batch.NameOf(0)), (worker, socket.Role));
                    _batch.Clear();
                }
            }
        }

        return found;
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
