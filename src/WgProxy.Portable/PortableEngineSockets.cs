using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;

namespace WgProxy.Portable;

/// <summary>Makes the portable engine's sockets, with the manners that a relay needs.</summary>
internal static class PortableEngineSockets
{
    /// <summary>What is asked for a listening socket: about 60 ms of a full 1 Gbit/s link.</summary>
    public const int ListenBuffer = 7 * 1024 * 1024;

    // More than a buffer holds: what is still there then came later.
    private const int MostDiscarded = 10_000;
    private const int UpstreamBuffer = 1024 * 1024;
    private const int SharedPortAttempts = 16;

    // Linux, include/uapi/linux/in.h and in6.h. OMIT since 3.15.
    private const int IpLevel = 0;
    private const int IpMtuDiscover = 10;
    private const int IpPmtudiscOmit = 5;
    private const int IpMulticastAll = 49;
    private const int Ipv6Level = 41;
    private const int Ipv6MtuDiscover = 23;
    private const int Ipv6PmtudiscDont = 0;
    private const int Ipv6MulticastAll = 29;

    /// <summary>Binds what an address to listen on means: <c>[::]</c> is both families with one port, as far as the
    /// machine has them; anything else is itself.</summary>
    /// <param name="listen">The address.</param>
    /// <param name="hasIPv4">Whether the machine has IPv4.</param>
    /// <param name="hasIPv6">Whether it has IPv6.</param>
    /// <param name="mayShare">Whether to try several sockets for each address.</param>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<PortableEngineGroup> Listen(IPEndPoint listen, bool hasIPv4, bool hasIPv6, bool mayShare)
    {
        // Sockets that share a port do so with any other process of the same user: those that do not share find out.
        List<Socket> alone = ListenAlone(listen, hasIPv4, hasIPv6);
        if (mayShare)
        {
            IPEndPoint[] bound = [.. alone.Select(socket => (IPEndPoint)socket.LocalEndPoint!)];
            DisposeAll(alone);
            PortableEngineGroup?[] groups = [.. bound.Select(each => PortableEngineSharing.TryBind(each, NewListening))];
            if (!groups.Contains(null))
            {
                return groups!;
            }

            DisposeAll(groups.OfType<PortableEngineGroup>());
            alone = ListenAlone(new IPEndPoint(listen.Address, bound[0].Port), hasIPv4, hasIPv6);
        }

        return [.. alone.Select(socket => new PortableEngineGroup(socket, Initiations: null, Strangers: []))];
    }

    /// <summary>The same, after a trial of what this engine cannot do without: .NET's way to wait for sockets, to look whether
    /// something has come, and to receive it. A sandbox may refuse it, and then .NET would say so in the midst of relaying.
    /// </summary>
    /// <exception cref="EngineException">The system refused.</exception>
    public static IReadOnlyList<PortableEngineGroup> ListenOrRefuse(IPEndPoint listen, bool hasIPv4, bool hasIPv6, bool mayShare)
    {
        IReadOnlyList<PortableEngineGroup> groups;
        try
        {
            groups = Listen(listen, hasIPv4, hasIPv6, mayShare);
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

    /// <summary>The addresses to bind for an address to listen on.</summary>
    public static IReadOnlyList<IPAddress> Addresses(IPAddress listen, bool hasIPv4, bool hasIPv6)
    {
        if (listen.IsIPv4MappedToIPv6)
        {
            return [listen.MapToIPv4()];
        }

        return (listen.Equals(IPAddress.IPv6Any), hasIPv4, hasIPv6) switch
        {
            (true, true, true) => [IPAddress.IPv6Any, IPAddress.Any],
            (true, true, false) => [IPAddress.Any],
            _ => [listen],
        };
    }

    /// <summary>A connected, non-blocking socket to a server; null if the system refused.</summary>
    /// <param name="server">The server.</param>
    /// <param name="port">The local port; 0 for one that the system chooses.</param>
    /// <param name="portRefused">Whether it was the port that the system refused.</param>
    /// <param name="refusal">What it refused.</param>
    public static Socket? Connect(IPEndPoint server, ushort port, out bool portRefused, out OpenRefusal refusal)
    {
        IPAddress address = server.Address.IsIPv4MappedToIPv6 ? server.Address.MapToIPv4() : server.Address;
        Socket? socket = null;
        portRefused = false;
        refusal = default;
        try
        {
            socket = New(address.AddressFamily, UpstreamBuffer);
            portRefused = true;
            socket.Bind(new IPEndPoint(AnyOf(address.AddressFamily), port));
            portRefused = false;
            socket.Connect(new IPEndPoint(address, server.Port));
            socket.Blocking = false;
            Discard(socket);
            return socket;
        }
        catch (SocketException refused)
        {
            refusal = new OpenRefusal(socket is null ? "socket" : portRefused ? "bind" : "connect", refused.ErrorCode, server);
            socket?.Dispose();
            return null;
        }
    }

    /// <summary>The local address from which this host would send to a server now; null if it has no path there.</summary>
    public static IPAddress? LocalAddressTo(IPEndPoint server)
    {
        IPAddress address = server.Address.IsIPv4MappedToIPv6 ? server.Address.MapToIPv4() : server.Address;
        try
        {
            using Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(new IPEndPoint(address, server.Port));
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            return null;
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

        // An error of a connected socket may be that of an earlier datagram, brought by ICMP, and then *this* datagram
        // was not sent. ICMP becomes many errors (icmp_err_convert and its IPv6 kin: refused, unreachable, too long,
        // not permitted…), so any is tried once more; the second error is the datagram's own. A full buffer is not ICMP.
        if (error != SocketError.WouldBlock)
        {
            socket.Send(datagram, SocketFlags.None, out error);
        }

        return error == SocketError.Success ? EngineFault.SendRetried : EngineFault.SendFailed;
    }

    /// <summary>Says it if a listening socket got a smaller receive buffer than it asked for.</summary>
    public static IReadOnlyList<string> Shortfalls(int granted) => granted >= ListenBuffer
        ? []
        : [$"the system grants a receive buffer of {granted} bytes instead of {ListenBuffer}: bursts may be lost"
            + (OperatingSystem.IsLinux() ? $"; set net.core.rmem_max to {ListenBuffer} (sysctl)" : string.Empty)];

    /// <summary>How much of the asked receive buffer the system granted.</summary>
    public static int GrantedReceiveBuffer(Socket socket)
    {
        // Linux doubles what it grants, to account for its own overhead (socket(7), SO_RCVBUF), and .NET hands that on.
        int reported = socket.ReceiveBufferSize;
        return OperatingSystem.IsLinux() ? reported / 2 : reported;
    }

    // Between its being bound and connected, the port was open to anybody.
    private static void Discard(Socket socket)
    {
        Span<byte> nothing = stackalloc byte[1];
        for (int i = 0; i < MostDiscarded && socket.Poll(0, SelectMode.SelectRead); i++)
        {
            socket.Receive(nothing, SocketFlags.None, out _);
        }
    }

    // Looks, and takes nothing: by a call with the sender's address, as listening sockets are read, and by one without.
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

    private static EngineException NotWithout(string calls, Exception refused) =>
        new($"the system refuses {calls}: {refused.Message}; let the sandbox (a seccomp profile, say) allow it", refused);

    private static void Allow(SocketError error)
    {
        if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.MessageSize))
        {
            throw new SocketException((int)error);
        }
    }

    private static List<Socket> ListenAlone(IPEndPoint listen, bool hasIPv4, bool hasIPv6)
    {
        IReadOnlyList<IPAddress> addresses = Addresses(listen.Address, hasIPv4, hasIPv6);
        for (int attempt = 1; ; attempt++)
        {
            List<Socket> sockets = [];
            int port = listen.Port;
            try
            {
                foreach (IPAddress address in addresses)
                {
                    sockets.Add(Bind(new IPEndPoint(address, port)));
                    port = ((IPEndPoint)sockets[^1].LocalEndPoint!).Port;
                }

                return sockets;
            }
            catch (SocketException refusal)
            {
                sockets.ForEach(socket => socket.Dispose());

                // The first family drew a port that somebody has in the second: draw another.
                bool unlucky = listen.Port == 0 && sockets.Count == 1
                    && refusal.SocketErrorCode == SocketError.AddressAlreadyInUse;
                if (!unlucky || attempt == SharedPortAttempts)
                {
                    throw Refused(new IPEndPoint(addresses[sockets.Count], port), refusal);
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

    private static IPAddress AnyOf(AddressFamily family) =>
        family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;

    private static Socket NewListening(AddressFamily family)
    {
        Socket socket = New(family, ListenBuffer);
        RefuseMulticast(socket, family);
        return socket;
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

    private static Socket New(AddressFamily family, int buffer)
    {
        Socket socket = new(family, SocketType.Dgram, ProtocolType.Udp);
        if (family == AddressFamily.InterNetworkV6)
        {
            Ask(socket, static (socket, _) => socket.DualMode = false, 0);
        }

        Ask(socket, static (socket, size) => socket.ReceiveBufferSize = size, buffer);
        Ask(socket, static (socket, size) => socket.SendBufferSize = size, buffer);
        DeafenToForgedIcmp(socket, family);
        return socket;
    }

    // Without this a datagram from anybody who writes "fragmentation needed" on it shrinks a client's path: with the
    // kernel's default, and even with IP_PMTUDISC_DONT (what DontFragment = false sets), Linux believes it; with OMIT it
    // neither sets DF nor listens. IPv6 has no such wish to refuse within the network: DONT sends at the link's MTU.
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

    // Linux hands over what is sent to groups that anybody on the host has joined, "all hosts" among them; elsewhere only this
    // process would have to join one. What is sent by broadcast is served as if it had been sent to this host, once.
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

    // These are wishes: a system without the option, or with a smaller limit, still relays.
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

    private static EngineException Refused(IPEndPoint listen, SocketException refusal) =>
        new(
            refusal.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => $"cannot listen on {listen}: another program uses this UDP port",
                SocketError.AddressNotAvailable => $"cannot listen on {listen}: this machine does not have the address",
                SocketError.AccessDenied => $"cannot listen on {listen}: the system does not permit this port",
                SocketError.AddressFamilyNotSupported => $"cannot listen on {listen}: this machine lacks the IP version",
                _ => $"cannot listen on {listen}: {refusal.Message} (errno {refusal.ErrorCode})",
            },
            refusal)
        {
            Cause = refusal.SocketErrorCode == SocketError.AddressAlreadyInUse ? EngineRefusal.PortInUse : EngineRefusal.Listen,
        };
}
