using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;

namespace WgProxy.Portable;

/// <summary>Makes the portable engine's sockets, with the options that a relay needs.</summary>
internal static class PortableEngineSockets
{
    // More than a buffer holds. Datagrams beyond that arrived later.
    private const int MostDiscarded = 10_000;

    // Linux, include/uapi/linux/in.h and in6.h. OMIT since 3.15.
    private const int IpLevel = 0;
    private const int IpMtuDiscover = 10;
    private const int IpPmtudiscOmit = 5;
    private const int IpMulticastAll = 49;
    private const int Ipv6Level = 41;
    private const int Ipv6MtuDiscover = 23;
    private const int Ipv6PmtudiscDont = 0;
    private const int Ipv6MulticastAll = 29;

    /// <summary>Binds the sockets of the listening addresses: <c>[::]</c> means both families with one port, as far as the
    /// machine has them; any other address means itself.</summary>
    /// <param name="listen">The addresses.</param>
    /// <param name="hasIPv4">Whether the machine has IPv4.</param>
    /// <param name="hasIPv6">Whether it has IPv6.</param>
    /// <param name="mayShare">Whether to try several sockets for each address.</param>
    /// <param name="inherited">Sockets that another process has bound; null for none.</param>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<PortableEngineGroup> Listen(
        IReadOnlyList<IPEndPoint> listen, bool hasIPv4, bool hasIPv6, bool mayShare, InheritedSockets? inherited = null)
    {
        if (inherited is { HandedOver.Count: > 0 })
        {
            return PortableEngineKept.TakeOver(inherited.HandedOver, SetUpListening);
        }

        ListenPlan[] plans = [.. listen.Select(each => ListenPlan.Of(each, isIPv4 => isIPv4 ? hasIPv4 : hasIPv6))];
        IReadOnlyList<PortableEngineGroup> resumed = mayShare && inherited is not null
            ? PortableEngineKept.Take(plans.SelectMany(plan => plan.EndPoints), inherited, NewListening, SetUpListening)
            : [];
        try
        {
            IPEndPoint[] known = [.. resumed.Select(group => (IPEndPoint)group.Data.LocalEndPoint!)];
            ListenPlan[] others = [.. plans
                .Select(plan => plan with { Addresses = [.. plan.EndPoints.Except(known).Select(each => each.Address)] })
                .Where(plan => plan.Addresses.Count > 0)];
            return [.. resumed, .. others.Length == 0 ? [] : Open(others, mayShare, [.. plans.SelectMany(plan => plan.EndPoints)], [])];
        }
        catch (EngineException)
        {
            DisposeAll(resumed);
            throw;
        }
    }

    /// <summary>The same, after a trial of what this engine needs: .NET's way to wait for sockets, to check whether
    /// something has come, and to receive it. A sandbox may refuse it, and .NET would otherwise report that in the midst of relaying.
    /// </summary>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<PortableEngineGroup> ListenOrRefuse(
        IReadOnlyList<IPEndPoint> listen, bool hasIPv4, bool hasIPv6, bool mayShare, InheritedSockets? inherited = null)
    {
        IReadOnlyList<PortableEngineGroup> groups;
        try
        {
            groups = Listen(listen, hasIPv4, hasIPv6, mayShare, inherited);
        }
        catch (TypeInitializationException refused)
        {
            throw NotWithout("the calls by which .NET waits for sockets (epoll_create1, epoll_ctl)", refused.InnerException ?? refused);
        }

        try
        {
            Probe(groups[0].Data);
            return groups;
        }
        catch (SocketException refused)
        {
            DisposeAll(groups);
            throw NotWithout("poll, recvmsg or recvfrom", refused);
        }
    }

    /// <summary>Sends a datagram through a connected, non-blocking socket.</summary>
    /// <returns>What went wrong, or null.</returns>
    public static EngineFault? Send(Socket socket, ReadOnlySpan<byte> datagram)
    {
        socket.Send(datagram, SocketFlags.None, out SocketError error);
        if (error == SocketError.Success)
        {
            return null;
        }

        // An error of a connected socket may belong to an earlier datagram, brought by ICMP. *This* datagram was then
        // not sent. ICMP becomes many errors (icmp_err_convert and its IPv6 equivalent: refused, unreachable, too long,
        // not permitted…), so every error is tried once more. A second error is the datagram's own. A full buffer is not ICMP.
        if (error != SocketError.WouldBlock)
        {
            socket.Send(datagram, SocketFlags.None, out error);
        }

        return error == SocketError.Success ? EngineFault.SendRetried : EngineFault.SendFailed;
    }

    /// <summary>One sentence, if a listening socket got a smaller receive buffer than it asked for.</summary>
    public static IReadOnlyList<string> Shortfalls(int granted) =>
        RefusalText.Shortfalls([new("a receive buffer", granted, OperatingSystem.IsLinux() ? "net.core.rmem_max" : null)]);

    /// <summary>How much of the asked receive buffer the system granted.</summary>
    public static int GrantedReceiveBuffer(Socket socket)
    {
        // Linux doubles what it grants, to account for its own overhead (socket(7), SO_RCVBUF), and .NET hands that on.
        int reported = socket.ReceiveBufferSize;
        return OperatingSystem.IsLinux() ? reported / 2 : reported;
    }

    /// <summary>Discards what has come: between bind and connect, any host could send to the port.</summary>
    public static void Discard(Socket socket)
    {
        Span<byte> nothing = stackalloc byte[1];
        for (int i = 0; i < MostDiscarded && socket.Poll(0, SelectMode.SelectRead); i++)
        {
            socket.Receive(nothing, SocketFlags.None, out _);
        }
    }

    // Peeks and takes nothing: by a call with the sender's address, as listening sockets are read, and by one without.
    private static void Probe(Socket listener)
    {
        listener.Blocking = false;
        _ = listener.Poll(0, SelectMode.SelectRead);
        Span<byte> nothing = stackalloc byte[1];
        _ = listener.Receive(nothing, SocketFlags.Peek, out SocketError error);
        Allow(error);
        try
        {
            _ = listener.ReceiveFrom(nothing, SocketFlags.Peek, new SocketAddress(listener.AddressFamily));
        }
        catch (SocketException refused)
        {
            Allow(refused.SocketErrorCode);
        }
    }

    /// <summary>How many sockets for strangers an address has.</summary>
    /// <param name="address">The address.</param>
    /// <param name="all">The addresses that begin to listen with it, itself among them.</param>
    /// <param name="others">Addresses that listen already.</param>
    public static int StrangersAt(IPEndPoint address, IReadOnlyList<IPEndPoint> all, IReadOnlyList<IPEndPoint> others) => StrangerSpread.BuffersAt(
        all.Count(each => each.AddressFamily == address.AddressFamily), others.Count(each => each.AddressFamily == address.AddressFamily));

    private static EngineException NotWithout(string calls, Exception refused) =>
        RefusalText.ToCall(calls, refused.Message, RefusalText.Allow, refused);

    private static void Allow(SocketError error)
    {
        if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.MessageSize))
        {
            throw new SocketException((int)error);
        }
    }

    /// <summary>Binds the sockets of plans.</summary>
    /// <param name="plans">The plans.</param>
    /// <param name="mayShare">Whether to try several sockets for each address.</param>
    /// <param name="all">The addresses that begin to listen, those of the plans among them.</param>
    /// <param name="others">Addresses that listen already.</param>
    /// <exception cref="EngineException">The system refused.</exception>
    public static PortableEngineGroup[] Open(IReadOnlyList<ListenPlan> plans, bool mayShare, IReadOnlyList<IPEndPoint> all, IReadOnlyList<IPEndPoint> others)
    {
        // Sockets that share a port also share it with other processes of the same user. A socket that does not share detects them.
        List<Socket> alone = ListenAlone(plans);
        if (mayShare)
        {
            IPEndPoint[] bound = [.. alone.Select(socket => (IPEndPoint)socket.LocalEndPoint!)];
            DisposeAll(alone);
            PortableEngineGroup?[] groups = [.. bound.Select(each => PortableEngineSharing.TryBind(each, NewListening, StrangersAt(each, all, others)))];
            if (!groups.Contains(null))
            {
                return groups!;
            }

            DisposeAll(groups.OfType<PortableEngineGroup>());
            alone = ListenAlone([.. bound.Select(each => new ListenPlan([each.Address], each.Port))]);
        }

        return [.. alone.Select(socket => new PortableEngineGroup(socket, Initiations: null, Strangers: []))];
    }

    private static List<Socket> ListenAlone(IReadOnlyList<ListenPlan> plans)
    {
        for (int attempt = 1; ; attempt++)
        {
            List<Socket> sockets = [];
            IPEndPoint? tried = null;
            try
            {
                foreach (ListenPlan plan in plans)
                {
                    int port = plan.Port;
                    foreach (IPAddress address in plan.Addresses)
                    {
                        tried = new IPEndPoint(address, port);
                        sockets.Add(Bind(tried));
                        port = ((IPEndPoint)sockets[^1].LocalEndPoint!).Port;
                    }
                }

                return sockets;
            }
            catch (SocketException said)
            {
                sockets.ForEach(socket => socket.Dispose());
                EngineException refusal = Refused(tried!, said);
                if (!plans.Any(plan => plan.MayDrawAgain(attempt, refusal.Cause)))
                {
                    throw refusal;
                }
            }
        }
    }

    private static void DisposeAll(IEnumerable<IDisposable> all)
    {
        foreach (IDisposable each in all)
        {
            each.Dispose();
        }
    }

    private static Socket NewListening(AddressFamily family)
    {
        Socket socket = New(family, ListenPlan.Buffer);
        RefuseMulticast(socket, family);
        return socket;
    }

    private static void SetUpListening(Socket socket)
    {
        SetUp(socket, ListenPlan.Buffer);
        RefuseMulticast(socket, socket.AddressFamily);
    }

    private static Socket Bind(IPEndPoint listen)
    {
        Socket socket = NewListening(listen.AddressFamily);
        try
        {
            socket.Bind(listen);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket of a family, with the options that every socket of a relay has.</summary>
    public static Socket New(AddressFamily family, int buffer)
    {
        Socket socket = new(family, SocketType.Dgram, ProtocolType.Udp);
        if (family == AddressFamily.InterNetworkV6)
        {
            Ask(socket, static (socket, _) => socket.DualMode = false, 0);
        }

        SetUp(socket, buffer);
        return socket;
    }

    private static void SetUp(Socket socket, int buffer)
    {
        Ask(socket, static (socket, size) => socket.ReceiveBufferSize = size, buffer);
        Ask(socket, static (socket, size) => socket.SendBufferSize = size, buffer);
        DeafenToForgedIcmp(socket, socket.AddressFamily);
    }

    // Without this, any forged "fragmentation needed" shrinks a client's path. With the
    // kernel's default, and even with IP_PMTUDISC_DONT (what DontFragment = false sets), Linux believes it. With OMIT it
    // neither sets DF nor believes ICMP. On IPv6, routers do not fragment, and DONT sends at the link's MTU.
    private static void DeafenToForgedIcmp(Socket socket, AddressFamily family)
    {
        if (family == AddressFamily.InterNetwork)
        {
            Ask(socket, static (socket, _) => socket.DontFragment = false, 0);
        }

        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        Ask(
            socket,
            family == AddressFamily.InterNetwork
                ? static (socket, _) => socket.SetRawSocketOption(IpLevel, IpMtuDiscover, Int(IpPmtudiscOmit))
                : static (socket, _) => socket.SetRawSocketOption(Ipv6Level, Ipv6MtuDiscover, Int(Ipv6PmtudiscDont)),
            0);
    }

    // Linux delivers multicasts of every group that any program on the host has joined, "all hosts" among them. Elsewhere only this
    // process's own groups count. A broadcast is served once, as if it had been sent to this host.
    private static void RefuseMulticast(Socket socket, AddressFamily family)
    {
        if (OperatingSystem.IsLinux())
        {
            Ask(
                socket,
                family == AddressFamily.InterNetwork
                    ? static (socket, _) => socket.SetRawSocketOption(IpLevel, IpMulticastAll, Int(0))
                    : static (socket, _) => socket.SetRawSocketOption(Ipv6Level, Ipv6MulticastAll, Int(0)),
                0);
        }
    }

    private static byte[] Int(int value) => BitConverter.GetBytes(value);

    // These may fail: a system without the option, or with a smaller limit, still relays.
    private static void Ask(Socket socket, Action<Socket, int> wish, int value)
    {
        try
        {
            wish(socket, value);
        }
        catch (SocketException)
        {
            // The system's own default stays.
        }
    }

    private static EngineException Refused(IPEndPoint listen, SocketException refusal) => RefusalText.ToListen(
        listen,
        refusal.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => ListenRefusal.PortInUse,
            SocketError.AddressNotAvailable => ListenRefusal.NoSuchAddress,
            SocketError.AccessDenied => ListenRefusal.NotPermitted,
            SocketError.AddressFamilyNotSupported => ListenRefusal.NoSuchFamily,
            _ => ListenRefusal.Other,
        },
        $"{refusal.Message} (errno {refusal.ErrorCode})",
        refusal);

    /// <summary>An address as 16 bytes in network order, IPv4 as v4-mapped.</summary>
    public static UInt128 NumberOf(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}
