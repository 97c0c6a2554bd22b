using System.Buffers.Binary;
using System.Runtime.InteropServices;
using WgProxy.Core.Engine;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>Asks the kernel whether a packet to an address would come to this host (rtnetlink(7), RTM_GETROUTE), as <c>ip route get</c>
/// does. Asking needs no privilege.</summary>
internal static unsafe class RouteQuestion
{
    private const int Answer = 1_024;

    /// <summary>Whether the address is this host's; null if the system does not tell.</summary>
    /// <param name="end">The address.</param>
    /// <param name="device">The number of the interface or VRF whose routes count; 0 for none.</param>
    /// <param name="error">The error's number, if it does not tell.</param>
    public static bool? IsLocal(UpstreamEnd end, uint device, out int error)
    {
        int descriptor = Libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (descriptor < 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        try
        {
            return Ask(descriptor, end, device, out error);
        }
        finally
        {
            _ = Libc.close(descriptor);
        }
    }

    private static bool? Ask(int descriptor, UpstreamEnd end, uint device, out int error)
    {
        byte* message = stackalloc byte[Answer];
        uint length = Write(message, end, device);
        sockaddr_nl kernel = new() { nl_family = AF_NETLINK };
        error = 0;
        if (Libc.connect(descriptor, &kernel, (uint)sizeof(sockaddr_nl)) < 0
            || Libc.write(descriptor, message, length) < 0
            || Libc.read(descriptor, message, Answer) is < 0 and nint)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        nlmsghdr* header = (nlmsghdr*)message;
        rtmsg* route = (rtmsg*)(header + 1);

        // An error means that there is no route at all.
        return header->nlmsg_type == RTM_NEWROUTE && route->rtm_type == RTN_LOCAL;
    }

    private static uint Write(byte* message, UpstreamEnd end, uint device)
    {
        int width = end.IsIPv4 ? sizeof(in_addr) : sizeof(in6_addr);
        nlmsghdr* header = (nlmsghdr*)message;
        rtmsg* route = (rtmsg*)(header + 1);
        *route = new rtmsg { rtm_family = (byte)(end.IsIPv4 ? AF_INET : AF_INET6), rtm_dst_len = (byte)(width * 8) };
        rtattr* to = (rtattr*)(route + 1);
        *to = new rtattr { rta_len = (ushort)(sizeof(rtattr) + width), rta_type = RTA_DST };
        if (end.IsIPv4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(to + 1, width), (uint)end.Address);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(new Span<byte>(to + 1, width), end.Address);
        }

        byte* behind = (byte*)(to + 1) + width;
        if (device != 0)
        {
            *(rtattr*)behind = new rtattr { rta_len = (ushort)(sizeof(rtattr) + sizeof(uint)), rta_type = RTA_OIF };
            behind += sizeof(rtattr);
            *(uint*)behind = device;
            behind += sizeof(uint);
        }

        uint length = (uint)(behind - message);
        *header = new nlmsghdr { nlmsg_len = length, nlmsg_type = RTM_GETROUTE, nlmsg_flags = NLM_F_REQUEST };
        return length;
    }
}
