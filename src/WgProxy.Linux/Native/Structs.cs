using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgProxy.Linux.Native;

// Declared as the kernel reads them; the ABI test lets a C compiler judge every offset, size and total.

[InlineArray(4)]
internal struct in_addr
{
    private byte s_addr;
}

[InlineArray(16)]
internal struct in6_addr
{
    private byte s6_addr;
}

[InlineArray(8)]
internal struct sin_zero
{
    private byte _zero;
}

/// <summary>An IPv4 address and port. Ports and addresses are in network order.</summary>
internal struct sockaddr_in
{
    public ushort sin_family;
    public ushort sin_port;
    public in_addr sin_addr;
    public sin_zero sin_zero;
}

/// <summary>An IPv6 address, port and scope. Ports and addresses are in network order.</summary>
internal struct sockaddr_in6
{
    public ushort sin6_family;
    public ushort sin6_port;
    public uint sin6_flowinfo;
    public in6_addr sin6_addr;
    public uint sin6_scope_id;
}

/// <summary>A netlink address.</summary>
internal struct sockaddr_nl
{
    public ushort nl_family;
    public ushort nl_pad;
    public uint nl_pid;
    public uint nl_groups;
}

/// <summary>What each netlink message begins with.</summary>
internal struct nlmsghdr
{
    public uint nlmsg_len;
    public ushort nlmsg_type;
    public ushort nlmsg_flags;
    public uint nlmsg_seq;
    public uint nlmsg_pid;
}

/// <summary>A question about a route, or the answer.</summary>
internal struct rtmsg
{
    public byte rtm_family;
    public byte rtm_dst_len;
    public byte rtm_src_len;
    public byte rtm_tos;
    public byte rtm_table;
    public byte rtm_protocol;
    public byte rtm_scope;
    public byte rtm_type;
    public uint rtm_flags;
}

/// <summary>What each attribute of a netlink message begins with.</summary>
internal struct rtattr
{
    public ushort rta_len;
    public ushort rta_type;
}

internal unsafe struct iovec
{
    public void* iov_base;
    public nuint iov_len;
}

/// <summary>The kernel's user_msghdr. C libraries declare some widths differently; on little-endian it is all one.</summary>
internal unsafe struct msghdr
{
    public void* msg_name;
    public uint msg_namelen;
    public iovec* msg_iov;
    public nuint msg_iovlen;
    public void* msg_control;
    public nuint msg_controllen;
    public int msg_flags;
}

internal struct mmsghdr
{
    public msghdr msg_hdr;
    public uint msg_len;
}

internal struct cmsghdr
{
    public nuint cmsg_len;
    public int cmsg_level;
    public int cmsg_type;
}

internal struct in_pktinfo
{
    public int ipi_ifindex;
    public in_addr ipi_spec_dst;
    public in_addr ipi_addr;
}

internal struct in6_pktinfo
{
    public in6_addr ipi6_addr;
    public uint ipi6_ifindex;
}

internal struct timespec
{
    public nint tv_sec;
    public nint tv_nsec;
}

internal struct itimerspec
{
    public timespec it_interval;
    public timespec it_value;
}

/// <summary>As every processor but x86-64 has it.</summary>
internal struct epoll_event
{
    public uint events;
    public ulong data;
}

/// <summary>The same on x86-64, where the kernel packs it so that 32-bit programs agree.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
internal struct epoll_event_packed
{
    public uint events;
    public ulong data;
}

internal struct sock_filter
{
    public ushort code;
    public byte jt;
    public byte jf;
    public uint k;
}

internal unsafe struct sock_fprog
{
    public ushort len;
    public sock_filter* filter;
}

/// <summary>Where the parts of the ring of submissions lie. What has no name here is not used.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal struct io_sqring_offsets
{
    public uint head;
    public uint tail;
    public uint ring_mask;
    public uint ring_entries;
    public uint flags;
    public uint dropped;
    public uint array;
}

/// <summary>Where the parts of the ring of completions lie.</summary>
[StructLayout(LayoutKind.Sequential, Size = 40)]
internal struct io_cqring_offsets
{
    public uint head;
    public uint tail;
    public uint ring_mask;
    public uint ring_entries;
    public uint overflow;
    public uint cqes;
}

[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct io_uring_params
{
    [FieldOffset(0)]
    public uint sq_entries;

    [FieldOffset(4)]
    public uint cq_entries;

    [FieldOffset(8)]
    public uint flags;

    [FieldOffset(40)]
    public io_sqring_offsets sq_off;

    [FieldOffset(80)]
    public io_cqring_offsets cq_off;
}

/// <summary>One submission, as far as a send needs it.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct io_uring_sqe
{
    [FieldOffset(0)]
    public byte opcode;

    [FieldOffset(4)]
    public int fd;

    [FieldOffset(16)]
    public ulong addr;

    [FieldOffset(24)]
    public uint len;

    [FieldOffset(28)]
    public uint msg_flags;

    [FieldOffset(32)]
    public ulong user_data;
}

internal struct io_uring_cqe
{
    public ulong user_data;
    public int res;
    public uint flags;
}

/// <summary>What the system says of itself: six texts of 65 bytes, of which the third is the kernel's release.</summary>
[InlineArray(6 * Text)]
internal struct utsname
{
    public const int Text = 65;

    private byte _first;
}

internal struct rlimit
{
    public nuint rlim_cur;
    public nuint rlim_max;
}

/// <summary>The kernel's clock. Of its members those that are read, as 64-bit processors have them.</summary>
[StructLayout(LayoutKind.Explicit, Size = 208)]
internal struct timex
{
    [FieldOffset(0)]
    public uint modes;

    [FieldOffset(40)]
    public int status;
}

/// <summary>The same for every processor, which struct stat is not. Of its members those that are read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
internal struct statx
{
    [FieldOffset(0)]
    public uint stx_mask;

    [FieldOffset(20)]
    public uint stx_uid;

    [FieldOffset(28)]
    public ushort stx_mode;

    [FieldOffset(32)]
    public ulong stx_ino;

    [FieldOffset(136)]
    public uint stx_dev_major;

    [FieldOffset(140)]
    public uint stx_dev_minor;
}
