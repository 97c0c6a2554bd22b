using System.Net;
using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Net;

/// <summary>A UDP socket with a finalizer, for the few listening sockets. Upstream sockets are
/// many, and an object with a finalizer for each would cost more than the descriptor.</summary>
internal sealed class UdpSocket : SafeHandleMinusOneIsInvalid
{
    private UdpSocket(UdpDescriptor udp)
        : base(ownsHandle: true)
    {
        SetHandle(udp.Descriptor);
        Udp = udp;
    }

    /// <summary>Its options and calls, valid until the owner closes the socket.</summary>
    public UdpDescriptor Udp { get; }

    /// <summary>Whether it is IPv4; otherwise it is IPv6 only.</summary>
    public bool IsIPv4 => Udp.IsIPv4;

    /// <summary>The file descriptor, valid until the owner closes the socket. Batches take it as a number, because one
    /// worker owns the socket, uses it and closes it. So it is never closed during a call.</summary>
    public int Descriptor => Udp.Descriptor;

    /// <summary>The address it is bound to.</summary>
    public IPEndPoint LocalEndPoint => Udp.LocalEndPoint;

    /// <summary>A new socket; null if the system refused.</summary>
    public static UdpSocket? Open(bool isIPv4, out int error) =>
        UdpDescriptor.TryOpen(isIPv4, out UdpDescriptor udp, out error) ? new UdpSocket(udp) : null;

    /// <summary>Takes over a socket that this process was given: from now on it waits for nothing, and is closed with this.</summary>
    public static UdpSocket TakeOver(int descriptor, bool isIPv4)
    {
        UdpSocket socket = new(new UdpDescriptor(descriptor, isIPv4));
        socket.Udp.SetUp();
        return socket;
    }

    /// <summary>Binds to a local address. The error's number, 0 if it worked.</summary>
    public int Bind(IPEndPoint local) => Udp.Bind(local);

    /// <summary>Connects to a server. The error's number, 0 if it worked.</summary>
    public int Connect(IPEndPoint server) => Udp.Connect(server);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}
