using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>The kernel's notices that links, addresses, routes or routing rules have changed (rtnetlink(7)). Their content is not
/// read: after each notice, the paths are checked.</summary>
internal sealed unsafe class PathNotices : SafeHandleMinusOneIsInvalid
{
    // Links are included, because IPv4 routes that disappear with a link have no notice of their own.
    private const uint Groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE
        | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE | (1u << (RTNLGRP_IPV6_RULE - 1));

    private const int MostAtOnce = 64;

    private PathNotices(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The descriptor to watch.</summary>
    public int Descriptor => (int)handle;

    /// <summary>Begins to listen; null if the system refused.</summary>
    public static PathNotices? Open(out int error)
    {
        int descriptor = Libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (descriptor < 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        PathNotices notices = new(descriptor);
        sockaddr_nl name = new() { nl_family = AF_NETLINK, nl_groups = Groups };
        error = Libc.bind(descriptor, &name, (uint)sizeof(sockaddr_nl)) == 0 ? 0 : Marshal.GetLastPInvokeError();
        if (error != 0)
        {
            notices.Dispose();
            return null;
        }

        return notices;
    }

    /// <summary>Reads a bounded number of notices. Returns whether any was the kernel's, because other processes may write to the socket
    /// too. A full buffer (ENOBUFS) means that notices were lost, and counts as one.</summary>
    /// <param name="works">Whether more may come: a sandbox may let a process open the socket and not read it.</param>
    public bool TryTake(out bool works)
    {
        bool any = false;
        works = true;
        for (int i = 0; i < MostAtOnce; i++)
        {
            byte nothing;
            sockaddr_nl from = default;
            uint length = (uint)sizeof(sockaddr_nl);
            nint received = Libc.recvfrom(Descriptor, &nothing, 1, MSG_DONTWAIT, &from, &length);
            int error = received < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error is not (0 or ENOBUFS))
            {
                works = error is EAGAIN or EINTR;
                break;
            }

            any |= received < 0 || from.nl_pid == 0;
        }

        return any;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.close((int)handle) == 0;
}
