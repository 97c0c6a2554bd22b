using System.Net;
using System.Runtime.InteropServices;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;
using WgProxy.Linux.Send;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Listen;

/// <summary>One worker's socket on a listening address.</summary>
/// <param name="Socket">The socket.</param>
/// <param name="Role">The datagrams that it gets.</param>
/// <param name="DefaultLocal">The local address of the bare sockets' data.</param>
/// <param name="Strangers">The sockets that answer unproven clients. All sockets of the address share them.</param>
internal sealed record ListenSocket(UdpSocket Socket, ListenRole Role, DefaultLocalAddress DefaultLocal, StrangerSockets Strangers)
{
    private readonly byte[] _lastLocal = new byte[16];
    private long _readAt;
    private int _lastLocalLength;
    private int _localCount;

    /// <summary>Whether another process has bound it. What waits in it came to the whole group then, and is served.</summary>
    public bool IsInherited { get; init; }

    /// <summary>The port.</summary>
    public required ushort Port { get; init; }

    /// <summary>The address, 4 or 16 bytes; empty if the kernel reports it with each datagram, because there are several.</summary>
    public required byte[] Own { get; init; }

    /// <summary>Receives that failed, one after the other, since the last that did not.</summary>
    public int Failures { get; set; }

    /// <summary>Whether its address is given up. Nothing is read of it any more, and its mappings end.</summary>
    public bool IsClosed { get; set; }

    /// <summary>Whether it waits for its turn to be read. Of a socket for initiations.</summary>
    public bool IsInRow { get; set; }

    /// <summary>How many datagrams the kernel had dropped here when last looked at.</summary>
    public uint Overflowed { get; set; }

    /// <summary>When something was last read of it. Written by its worker.</summary>
    public Tick ReadAt
    {
        get => new(Volatile.Read(ref _readAt));
        set => Volatile.Write(ref _readAt, value.Milliseconds);
    }

    /// <summary>The last local address of <see cref="NoteLocal"/>.</summary>
    public ReadOnlySpan<byte> LastLocal => _lastLocal.AsSpan(0, _lastLocalLength);

    /// <summary>Notes forwarded data that a bare socket would have got at the default local address.</summary>
    public void NoteLocal(ReadOnlySpan<byte> local)
    {
        local.CopyTo(_lastLocal);
        _lastLocalLength = local.Length;
        _localCount++;
    }

    /// <summary>How often that was since it was last asked.</summary>
    public int TakeLocalCount()
    {
        int count = _localCount;
        _localCount = 0;
        return count;
    }
}

/// <summary>Binds the listening addresses, each as a group of sockets that the kernel steers datagrams to.</summary>
internal static class ListenSockets
{
    // More than a buffer holds. Datagrams beyond that arrived later.
    private const int DiscardedBatches = 1_000;

    /// <summary>The sockets of each worker: for each address one of each <see cref="ListenRole"/>.</summary>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<IReadOnlyList<ListenSocket>> Open(
        IReadOnlyList<IPEndPoint> listen, Steering steering, StrangerSpread spread, Segmentation segmentation,
        InheritedSockets? inherited = null) => Open(
            [.. listen.Select(each => ListenPlan.Of(each, HasFamily))], [], new ListenRoom(steering, spread, segmentation), inherited, isStart: true);

    /// <summary>Whether the system has an IP version. Only for lack of that is one left out, and it does not come while the system runs. Whatever
    /// else the system says, no files left for one, ends the start.</summary>
    public static bool HasFamily(bool isIPv4)
    {
        using UdpSocket? socket = UdpSocket.Open(isIPv4, out int error);
        return error != EAFNOSUPPORT;
    }

    /// <summary>The same for plans.</summary>
    /// <param name="plans">The plans.</param>
    /// <param name="others">Addresses at which there are groups already.</param>
    /// <param name="room">What all groups have in common.</param>
    /// <param name="inherited">Sockets that outlive an engine; null for none.</param>
    /// <param name="isStart">Whether this is the start, so that sockets of an earlier engine may be taken.</param>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<IReadOnlyList<ListenSocket>> Open(
        IReadOnlyList<ListenPlan> plans, IReadOnlyList<IPEndPoint> others, ListenRoom room, InheritedSockets? inherited, bool isStart)
    {
        KeptGroups kept = KeptGroups.Take(plans.SelectMany(plan => plan.EndPoints), room.Steering, room.Segmentation, isStart ? inherited : null);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return Open(Probe(plans, kept), others, room, kept);
            }
            catch (EngineException refusal) when (plans.Any(plan => plan.MayDrawAgain(attempt, refusal.Cause)))
            {
                // Another program has a drawn port, in the other family or since. The loop draws another.
            }
        }
    }

    /// <summary>Discards what came before the group was complete. The program may have chosen a socket that did not
    /// exist yet. The kernel then chose another, which may not belong to the source's worker or may lack the metadata.
    /// </summary>
    public static void Discard(IReadOnlyList<IReadOnlyList<ListenSocket>> workers)
    {
        using ReceiveBatch batch = new();
        foreach (ListenSocket socket in workers.SelectMany(sockets => sockets).Where(socket => !socket.IsInherited))
        {
            for (int i = 0; i < DiscardedBatches && batch.Receive(socket.Socket.Descriptor, batch.Room, out _) > 0; i++)
            {
                batch.Clear();
            }
        }
    }

    private static List<ListenSocket>[] Open(
        List<IPEndPoint> addresses, IReadOnlyList<IPEndPoint> others, ListenRoom room, KeptGroups kept)
    {
        List<ListenSocket>[] workers = [.. Enumerable.Range(0, room.Steering.Workers).Select(_ => new List<ListenSocket>())];
        try
        {
            foreach (IPEndPoint address in addresses)
            {
                StrangerSockets strangers = new(room.Spread, StrangerSpread.BuffersAt(CountOf(addresses, address), CountOf(others, address)));
                OpenGroup(address, room, workers, strangers, kept.Of(address));
                OpenStrangers(address, room.Segmentation, strangers);
            }

            return workers;
        }
        catch (EngineException)
        {
            foreach (ListenSocket socket in workers.SelectMany(sockets => sockets))
            {
                socket.Socket.Dispose();
                socket.Strangers.Dispose();
            }

            kept.Close();
            throw;
        }
    }

    private static int CountOf(IReadOnlyList<IPEndPoint> all, IPEndPoint address) => all.Count(each => each.AddressFamily == address.AddressFamily);

    // Sockets that share a port do so with any other process of the same user: a second relay would take half of the
    // clients of the first, unnoticed. Sockets that do not share find out. Held until all are bound, they also find out if one
    // address lies within another.
    private static List<IPEndPoint> Probe(IReadOnlyList<ListenPlan> plans, KeptGroups kept)
    {
        List<UdpSocket> probes = [];
        List<IPEndPoint> bound = [];
        try
        {
            foreach (ListenPlan plan in plans)
            {
                int port = plan.Port;
                foreach (IPAddress address in plan.Addresses)
                {
                    IPEndPoint listen = new(address, port);
                    if (kept.Of(listen) is not null)
                    {
                        // A group of ours has it.
                        bound.Add(listen);
                        continue;
                    }

                    probes.Add(New(listen));
                    Bind(probes[^1], listen);
                    port = probes[^1].LocalEndPoint.Port;

                    // Each socket of the group would draw a port of its own.
                    if (port == 0)
                    {
                        throw Refusal.Of("getsockname", Marshal.GetLastPInvokeError(), RefusalText.AllowOrPortable);
                    }

                    bound.Add(probes[^1].LocalEndPoint);
                }
            }

            return bound;
        }
        finally
        {
            probes.ForEach(probe => probe.Dispose());
        }
    }

    private static void OpenGroup(
        IPEndPoint listen, ListenRoom room, List<ListenSocket>[] workers, StrangerSockets strangers, UdpSocket[]? kept)
    {
        (Steering steering, _, Segmentation segmentation) = room;
        bool isWildcard = ListenPlaces.IsWildcard(listen.Address);
        byte[] own = ListenPlaces.LocalOf(listen.Address);
        DefaultLocalAddress defaultLocal = new(steering, isWildcard);
        for (int i = 0; i < steering.Sockets; i++)
        {
            UdpSocket socket = kept?[i] ?? New(listen);
            ListenRole role = (ListenRole)(i / steering.Workers);
            ListenSocket listener = new(socket, role, defaultLocal, strangers)
            {
                Port = (ushort)listen.Port,
                Own = own,
                IsInherited = kept is not null,
                Overflowed = kept is null ? 0 : socket.Udp.Overflowed,
            };
            workers[i % steering.Workers].Add(listener);
            socket.Udp.AskBuffers(ListenPlan.Buffer);
            socket.Udp.RefuseMulticast();

            // Each message beside a datagram costs some 60 ns (decision 16).
            if (role == ListenRole.Bare)
            {
                if (kept is null)
                {
                    defaultLocal.Add(listener);
                }
            }
            else
            {
                socket.Udp.AskMark();
                if (isWildcard)
                {
                    socket.Udp.AskLocalAddress();
                }
            }

            // Either all sockets of the group have this option or none: when the kernel coalesces, it asks one of them, chosen without the program.
            if (segmentation.Coalesces)
            {
                socket.Udp.TryCoalesce();
            }

            if (socket.Udp.TryBatch(out string call) is not 0 and int error)
            {
                throw Refusal.Of(call, error, RefusalText.AllowOrPortable);
            }

            if (kept is null)
            {
                SharePort(socket);
                Steer(i != 0 || defaultLocal.TryAttach(socket));
                Bind(socket, listen);
            }
        }

        // The program of the earlier process has steered until now.
        Steer(kept is null || defaultLocal.TryResume([.. workers.Select(sockets => sockets[^1])]));
    }

    private static void Steer(bool isAttached)
    {
        if (!isAttached)
        {
            throw Refusal.Of(
                "setsockopt SO_ATTACH_REUSEPORT_CBPF, which steers datagrams among sockets that share a port (since Linux 4.5)",
                Marshal.GetLastPInvokeError(),
                RefusalText.AllowOrPortable);
        }
    }

    // Behind the sockets that the program chooses from: it never names one of these.
    private static void OpenStrangers(IPEndPoint listen, Segmentation segmentation, StrangerSockets strangers)
    {
        for (int i = 0; i < strangers.Count; i++)
        {
            UdpSocket socket = New(listen);
            strangers.Set(i, socket);
            socket.Udp.AskSendBuffer(StrangerSpread.BufferBytes);
            socket.Udp.RefuseMulticast();

            // As on all of the group: see OpenGroup.
            if (segmentation.Coalesces)
            {
                socket.Udp.TryCoalesce();
            }

            if (!socket.Udp.TryDeafen())
            {
                throw Refusal.Of(
                    "setsockopt SO_ATTACH_FILTER, which keeps datagrams from a socket", Marshal.GetLastPInvokeError(), RefusalText.AllowOrPortable);
            }

            SharePort(socket);

            Bind(socket, listen);
        }
    }

    private static void SharePort(UdpSocket socket)
    {
        if (!socket.Udp.TrySharePort())
        {
            throw Refusal.Of("setsockopt SO_REUSEPORT", Marshal.GetLastPInvokeError(), RefusalText.AllowOrPortable);
        }
    }

    private static UdpSocket New(IPEndPoint listen) =>
        UdpSocket.Open(IsIPv4(listen.Address), out int error) ?? throw (error == EAFNOSUPPORT
            ? Refused(listen, error)
            : Refusal.Of("a UDP socket (socket, IPV6_V6ONLY)", error, "let the process have sockets and open files"));

    private static void Bind(UdpSocket socket, IPEndPoint listen)
    {
        int error = socket.Bind(listen);
        if (error != 0)
        {
            throw Refused(listen, error);
        }
    }

    private static bool IsIPv4(IPAddress address) => address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;

    private static EngineException Refused(IPEndPoint listen, int error) => RefusalText.ToListen(
        listen,
        error switch
        {
            EADDRINUSE => ListenRefusal.PortInUse,
            EADDRNOTAVAIL => ListenRefusal.NoSuchAddress,
            EACCES => ListenRefusal.NotPermitted,
            EAFNOSUPPORT => ListenRefusal.NoSuchFamily,
            _ => ListenRefusal.Other,
        },
        $"bind: {Refusal.Words(error)}");
}
