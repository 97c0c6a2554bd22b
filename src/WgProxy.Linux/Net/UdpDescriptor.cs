using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using WgProxy.Core.Engine;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>A UDP socket of one IP version as a number: non-blocking, with the options that a relay needs. Its opener
/// closes it, once.</summary>
/// <param name="descriptor">The file descriptor.</param>
/// <param name="isIPv4">Whether it is IPv4; otherwise it is IPv6 only.</param>
internal readonly unsafe struct UdpDescriptor(int descriptor, bool isIPv4)
{
    // More than a buffer holds. Datagrams beyond that arrived later.
    private const int MostDiscarded = 10_000;

    /// <summary>The file descriptor.</summary>
    public int Descriptor => descriptor;

    /// <summary>Whether it is IPv4; otherwise it is IPv6 only.</summary>
    public bool IsIPv4 => isIPv4;

    /// <summary>The address it is bound to.</summary>
    public IPEndPoint LocalEndPoint
    {
        get
        {
            sockaddr_in6 address;
            return TryGetName(&address)
                ? KernelAddress.ToEndPoint((nint)(&address))
                : new IPEndPoint(IsIPv4 ? IPAddress.Any : IPAddress.IPv6Any, 0);
        }
    }

    /// <summary>The local address from which it sends, as a number, and its port; zero if it has no address.</summary>
    public (UInt128 Address, ushort Port) Local
    {
        get
        {
            sockaddr_in6 name;
            if (!TryGetName(&name))
            {
                return default;
            }

            UInt128 address = IsIPv4
                ? BinaryPrimitives.ReadUInt32BigEndian(((sockaddr_in*)&name)->sin_addr)
                : BinaryPrimitives.ReadUInt128BigEndian(name.sin6_addr);
            return (address, KernelAddress.PortOf((nint)(&name)));
        }
    }

    /// <summary>How much of the asked receive buffer the kernel granted. It doubles what it grants, to account for its
    /// own overhead (socket(7), SO_RCVBUF).</summary>
    public int GrantedReceiveBuffer => Get(SOL_SOCKET, SO_RCVBUF) / 2;

    /// <summary>How much of the asked send buffer the kernel granted, doubled likewise.</summary>
    public int GrantedSendBuffer => Get(SOL_SOCKET, SO_SNDBUF) / 2;

    /// <summary>The longest IP packet that the kernel knows to pass uncut on the way to the server that it is connected to; 0 if unknown.</summary>
    public int PathMtu => IsIPv4 ? Get(IPPROTO_IP, IP_MTU) : Get(IPPROTO_IPV6, IPV6_MTU);

    /// <summary>How many datagrams the kernel has dropped here for want of room, since the socket was made.</summary>
    public uint Overflowed
    {
        get
        {
            uint* memory = stackalloc uint[SK_MEMINFO_VARS];
            uint length = SK_MEMINFO_VARS * sizeof(uint);
            return Libc.getsockopt(Descriptor, SOL_SOCKET, SO_MEMINFO, memory, &length) == 0
                && length > SK_MEMINFO_DROPS * sizeof(uint) ? memory[SK_MEMINFO_DROPS] : 0;
        }
    }

    /// <summary>Opens a new socket; false if the system refused.</summary>
    public static bool TryOpen(bool isIPv4, out UdpDescriptor socket, out int error)
    {
        int descriptor = Libc.socket(isIPv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        socket = new UdpDescriptor(descriptor, isIPv4);
        if (descriptor < 0)
        {
            return false;
        }

        // Without it an IPv6 socket takes the IPv4 port too, and the error would name the wrong socket.
        if (!isIPv4 && !socket.TrySet(IPPROTO_IPV6, IPV6_V6ONLY, 1))
        {
            error = Marshal.GetLastPInvokeError();
            socket.Close();
            return false;
        }

        socket.IgnoreForgedIcmp();
        return true;
    }

    /// <summary>Gives a socket that another program has opened what <see cref="TryOpen"/> gives its own.</summary>
    public void SetUp()
    {
        int flags = Libc.fcntl(Descriptor, F_GETFL, 0);
        if (flags >= 0)
        {
            _ = Libc.fcntl(Descriptor, F_SETFL, flags | O_NONBLOCK);
        }

        IgnoreForgedIcmp();
    }

    /// <summary>Asks for buffers of this size; beyond the system's limit if the process may.</summary>
    public void AskBuffers(int bytes)
    {
        _ = TrySet(SOL_SOCKET, SO_RCVBUFFORCE, bytes) || TrySet(SOL_SOCKET, SO_RCVBUF, bytes);
        _ = TrySet(SOL_SOCKET, SO_SNDBUFFORCE, bytes) || TrySet(SOL_SOCKET, SO_SNDBUF, bytes);
    }

    /// <summary>Asks for a small send buffer of this size, which needs no privilege.</summary>
    public void AskSendBuffer(int bytes) => TrySet(SOL_SOCKET, SO_SNDBUF, bytes);

    /// <summary>Has the kernel drop everything that arrives at this socket.</summary>
    public bool TryDeafen() => TryFilter([new sock_filter { code = BPF_RET | BPF_K }]);

    /// <summary>The filter of <see cref="TryFilter"/>, as it was attached by whichever process; empty if there is none, or the kernel does not
    /// tell.</summary>
    public sock_filter[] Filter()
    {
        // The length counts operations, not bytes.
        uint count = 0;
        if (Libc.getsockopt(Descriptor, SOL_SOCKET, SO_GET_FILTER, null, &count) != 0 || count == 0)
        {
            return [];
        }

        sock_filter[] filter = new sock_filter[count];
        fixed (sock_filter* operations = filter)
        {
            return Libc.getsockopt(Descriptor, SOL_SOCKET, SO_GET_FILTER, operations, &count) == 0 && count == filter.Length ? filter : [];
        }
    }

    /// <summary>Whether the kernel hands neighbours over as one run.</summary>
    public bool Coalesces => Get(IPPROTO_UDP, UDP_GRO) != 0;

    /// <summary>Lets the kernel hand neighbours over as one run. The reader must then look at the stride.</summary>
    public bool TryCoalesce() => TrySet(IPPROTO_UDP, UDP_GRO, 1);

    /// <summary>Whether the kernel knows segmented sends. The question sets nothing, because a stride that stayed on the socket
    /// would cut every later send.</summary>
    public bool CanSegment() => TrySet(IPPROTO_UDP, UDP_SEGMENT, 0);

    /// <summary>Tries the calls that move batches, with nothing to move. A sandbox may refuse them with any
    /// error (old container runtimes say EPERM and mean ENOSYS). Returns the error's number and the call; 0 if both work.</summary>
    public int TryBatch(out string call)
    {
        call = nameof(Libc.recvmmsg);
        if (Libc.recvmmsg(Descriptor, null, 0, MSG_DONTWAIT, null) < 0 && IsRefusal(out int error))
        {
            return error;
        }

        call = nameof(Libc.sendmmsg);
        return Libc.sendmmsg(Descriptor, null, 0, MSG_DONTWAIT) < 0 && IsRefusal(out error) ? error : 0;
    }

    /// <summary>Has the kernel report each datagram's ECN mark.</summary>
    public void AskMark() => TrySet(IsIPv4 ? IPPROTO_IP : IPPROTO_IPV6, IsIPv4 ? IP_RECVTOS : IPV6_RECVTCLASS, 1);

    /// <summary>Has the kernel report with each datagram how many it has dropped here, once it has dropped any.</summary>
    public void AskOverflow() => TrySet(SOL_SOCKET, SO_RXQ_OVFL, 1);

    /// <summary>Has the kernel report each datagram's local address.</summary>
    public void AskLocalAddress() =>
        TrySet(IsIPv4 ? IPPROTO_IP : IPPROTO_IPV6, IsIPv4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);

    /// <summary>Refuses multicasts. This socket joins no group. Without this option it gets the datagrams of every group that another program on
    /// this host has joined, and every host has joined "all hosts" (Linux 2.6.31; 4.20 for IPv6).</summary>
    public void RefuseMulticast() =>
        TrySet(IsIPv4 ? IPPROTO_IP : IPPROTO_IPV6, IsIPv4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, 0);

    /// <summary>Makes the socket one of a group that shares its port. Before binding.</summary>
    public bool TrySharePort() => TrySet(SOL_SOCKET, SO_REUSEPORT, 1);

    /// <summary>Has the kernel choose among the group's sockets by this program, from now on. The first call comes before
    /// the first socket is bound.</summary>
    public bool TryAttach(ReadOnlySpan<sock_filter> program) => TryAttach(program, SO_ATTACH_REUSEPORT_CBPF);

    /// <summary>Has the kernel ask this program how many bytes of each datagram to queue here, the UDP
    /// header included. It replaces an earlier filter.</summary>
    public bool TryFilter(ReadOnlySpan<sock_filter> program) => TryAttach(program, SO_ATTACH_FILTER);

    /// <summary>Binds to a local address. The error's number, 0 if it worked.</summary>
    public int Bind(IPEndPoint local)
    {
        sockaddr_in6 address;
        uint length = KernelAddress.Write(local, (nint)(&address));
        return Libc.bind(Descriptor, &address, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Binds to a local address and port, or to a port of every local address. The error's number, 0 if it worked.</summary>
    public int Bind(UpstreamEnd end)
    {
        // IPv6 binds to the addresses of interfaces only, also where a local route brings more (Linux 6.18). IPv4 looks at routes.
        if (end.IsOfPrefix && !IsIPv4 && !TrySet(IPPROTO_IPV6, IPV6_FREEBIND, 1))
        {
            return Marshal.GetLastPInvokeError();
        }

        sockaddr_in6 address;
        uint length = KernelAddress.Write(IsIPv4, end, (nint)(&address));
        return Libc.bind(Descriptor, &address, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Lets it be bound to an address that this host does not have yet, or not any more.</summary>
    public bool TryFree(bool value) => TrySet(IsIPv4 ? IPPROTO_IP : IPPROTO_IPV6, IsIPv4 ? IP_FREEBIND : IPV6_FREEBIND, value ? 1 : 0);

    /// <summary>Gives everything that it sends this mark. The error's number, 0 if it worked.</summary>
    public int Mark(uint mark) => TrySet(SOL_SOCKET, SO_MARK, (int)mark) ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Ties it to an interface or VRF. The error's number, 0 if it worked.</summary>
    /// <param name="name">The name, with a zero at its end.</param>
    public int BindToDevice(ReadOnlySpan<byte> name)
    {
        fixed (byte* text = name)
        {
            return Libc.setsockopt(Descriptor, SOL_SOCKET, SO_BINDTODEVICE, text, (uint)name.Length) == 0 ? 0 : Marshal.GetLastPInvokeError();
        }
    }

    /// <summary>Connects to a server. The error's number, 0 if it worked.</summary>
    public int Connect(IPEndPoint server)
    {
        sockaddr_in6 address;
        uint length = KernelAddress.Write(server, (nint)(&address));
        return Libc.connect(Descriptor, &address, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Ends the connection: the source address is chosen anew when it is connected again. The error's number, 0 if it
    /// worked.</summary>
    public int Disconnect()
    {
        sockaddr_in6 none = new() { sin6_family = AF_UNSPEC };
        return Libc.connect(Descriptor, &none, (uint)sizeof(sockaddr_in)) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Reconnects it to a server of its IP version, from the address that the kernel now chooses, and keeps its port.
    /// Meanwhile the port is unconnected, so a filter lets nothing in. Returns the error's number. If the socket could not be
    /// disconnected, it stays as it was. After any other error it lets nothing in until a later call succeeds.</summary>
    /// <param name="server">The server.</param>
    /// <param name="end">Its port, and the address that it is bound to, if it is.</param>
    /// <param name="discards">Whether queued datagrams are discarded, because they came from another server address.</param>
    /// <param name="device">The interface that it is tied to, as <see cref="BindToDevice"/> takes it; empty if it is not. The kernel
    /// unties a socket that is disconnected (__udp_disconnect, Linux 6.18).</param>
    public int Reconnect(IPEndPoint server, UpstreamEnd end, bool discards, ReadOnlySpan<byte> device = default)
    {
        bool isShut = TryDeafen();
        int error = Disconnect();
        if (error != 0)
        {
            LetIn();
            return error;
        }

        error = device.IsEmpty ? 0 : BindToDevice(device);
        if (error == 0 && Local.Port == 0)
        {
            // A port that the kernel drew does not outlive the connection. A port that was bound does.
            error = Bind(end) == 0 ? 0 : Bind(end with { Port = 0 });
        }

        error = error == 0 ? Connect(server) : error;
        if (error == 0)
        {
            if (discards || !isShut)
            {
                Discard();
            }

            // Also if none was attached: one may be left from a failed call.
            LetIn();
        }

        return error;
    }

    /// <summary>Discards what has arrived, by receiving into an empty buffer.</summary>
    public void Discard()
    {
        const int width = 16;
        const int patience = 4;
        mmsghdr* nowhere = stackalloc mmsghdr[width];
        int errors = 0;
        for (int i = 0; i < MostDiscarded / width; i++)
        {
            // Reading takes the errors that ICMP left.
            new Span<mmsghdr>(nowhere, width).Clear();
            if (Libc.recvmmsg(Descriptor, nowhere, width, MSG_DONTWAIT, null) < 0
                && (Marshal.GetLastPInvokeError() == EAGAIN || ++errors > patience))
            {
                return;
            }
        }
    }

    /// <summary>Closes it. The number may be another file's from now on.</summary>
    public void Close() => _ = Libc.close(Descriptor);

    private void IgnoreForgedIcmp()
    {
        // DF off, and forged ICMP ignored. With the default, and even with DONT, one forged "fragmentation needed"
        // shrinks an IPv4 path (to 600 bytes on Linux 6.18). OMIT neither sets DF nor believes ICMP. IPv6 routers do not
        // fragment, so this host must believe them, and with DONT it fragments at 1,280 bytes or more.
        TrySet(
            IsIPv4 ? IPPROTO_IP : IPPROTO_IPV6,
            IsIPv4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
            IsIPv4 ? IP_PMTUDISC_OMIT : IPV6_PMTUDISC_DONT);
    }

    // Without a filter the kernel refuses this (ENOENT), which does no harm.
    private void LetIn()
    {
        int zero = 0;
        _ = Libc.setsockopt(Descriptor, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(int));
    }

    private static bool IsRefusal(out int error)
    {
        error = Marshal.GetLastPInvokeError();
        return error is not (EAGAIN or EINTR);
    }

    private bool TryAttach(ReadOnlySpan<sock_filter> program, int option)
    {
        fixed (sock_filter* filter = program)
        {
            sock_fprog fprog = new() { len = (ushort)program.Length, filter = filter };
            return Libc.setsockopt(Descriptor, SOL_SOCKET, option, &fprog, (uint)sizeof(sock_fprog)) == 0;
        }
    }

    private bool TryGetName(sockaddr_in6* address)
    {
        uint length = (uint)sizeof(sockaddr_in6);
        return Libc.getsockname(Descriptor, address, &length) == 0;
    }

    private bool TrySet(int level, int option, int value) =>
        Libc.setsockopt(Descriptor, level, option, &value, sizeof(int)) == 0;

    private int Get(int level, int option)
    {
        int value = 0;
        uint length = sizeof(int);
        _ = Libc.getsockopt(Descriptor, level, option, &value, &length);
        return value;
    }
}
