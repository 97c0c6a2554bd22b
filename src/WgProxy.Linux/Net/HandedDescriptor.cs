using System.Net;
using System.Runtime.InteropServices;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>What kind of file a process was handed over.</summary>
internal enum HandedKind
{
    /// <summary>No file has this number.</summary>
    None,

    /// <summary>A file that is no socket.</summary>
    NoSocket,

    /// <summary>A socket that is not one of UDP over IP.</summary>
    OtherSocket,

    /// <summary>A UDP socket without a port.</summary>
    Unbound,

    /// <summary>An IPv6 socket that gets IPv4 too.</summary>
    DualStack,

    /// <summary>A bound UDP socket of one IP version.</summary>
    Usable,
}

/// <summary>
/// A file descriptor that this process had when it was started, as service managers hand over sockets. Nothing but the number is known of
/// it, so the kernel is asked for everything.
/// </summary>
internal static unsafe class HandedDescriptor
{
    /// <summary>Keeps it from programs that this one might start.</summary>
    public static void CloseOnExec(int descriptor)
    {
        int flags = Libc.fcntl(descriptor, F_GETFD, 0);
        if (flags >= 0)
        {
            _ = Libc.fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
        }
    }

    /// <summary>What it is, and the address that it is bound to.</summary>
    /// <param name="descriptor">The number.</param>
    /// <param name="local">The address; null unless it is a bound UDP socket.</param>
    public static HandedKind KindOf(int descriptor, out IPEndPoint? local)
    {
        local = null;
        if (Libc.fcntl(descriptor, F_GETFD, 0) < 0)
        {
            return HandedKind.None;
        }

        if (!TryGet(descriptor, SOL_SOCKET, SO_DOMAIN, out int family))
        {
            return HandedKind.NoSocket;
        }

        bool isUdp = TryGet(descriptor, SOL_SOCKET, SO_TYPE, out int type) && type == SOCK_DGRAM
            && TryGet(descriptor, SOL_SOCKET, SO_PROTOCOL, out int protocol) && protocol == IPPROTO_UDP;
        if (!isUdp || family is not (AF_INET or AF_INET6))
        {
            return HandedKind.OtherSocket;
        }

        IPEndPoint bound = new UdpDescriptor(descriptor, family == AF_INET).LocalEndPoint;
        if (bound.Port == 0)
        {
            return HandedKind.Unbound;
        }

        local = bound;
        return family == AF_INET6 && TryGet(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, out int only) && only == 0
            ? HandedKind.DualStack
            : HandedKind.Usable;
    }

    /// <summary>Whether a socket shares its port with others that this process opens: the kernel lets sockets of one user do so, if all of them
    /// ask.</summary>
    public static bool SharesPort(int descriptor)
    {
        statx about = default;
        byte none = 0;
        try
        {
            return TryGet(descriptor, SOL_SOCKET, SO_REUSEPORT, out int shares) && shares != 0
                && Libc.statx(descriptor, &none, AT_EMPTY_PATH, STATX_UID, &about) == 0
                && about.stx_uid == HostFacts.EffectiveUser;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Closes it.</summary>
    public static void Close(int descriptor) => _ = Libc.close(descriptor);

    /// <summary>Sends a message through a connected socket, and lets its receiver have a file.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="message">The message.</param>
    /// <param name="descriptor">The file.</param>
    /// <returns>Whether the system took it.</returns>
    public static bool TrySend(SafeHandle socket, ReadOnlySpan<byte> message, int descriptor)
    {
        const int room = 32;
        byte* buffer = stackalloc byte[room];
        ControlWriter control = new((nint)buffer, room);
        control.Add(SOL_SOCKET, SCM_RIGHTS, descriptor);
        fixed (byte* text = message)
        {
            iovec bytes = new() { iov_base = text, iov_len = (nuint)message.Length };
            msghdr sent = new() { msg_iov = &bytes, msg_iovlen = 1, msg_control = buffer, msg_controllen = (nuint)control.Length };
            return Libc.sendmsg((int)socket.DangerousGetHandle(), &sent, MSG_NOSIGNAL) == message.Length;
        }
    }

    private static bool TryGet(int descriptor, int level, int option, out int value)
    {
        int got = 0;
        uint length = sizeof(int);
        bool known = Libc.getsockopt(descriptor, level, option, &got, &length) == 0;
        value = got;
        return known;
    }
}
