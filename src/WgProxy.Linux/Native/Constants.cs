namespace WgProxy.Linux.Native;

/// <summary>Numbers of the kernel's interface. Those that differ between processors are the ones of asm-generic, which
/// every processor that .NET runs on uses for these.</summary>
internal static partial class Constants
{
    public const int AF_UNSPEC = 0;
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;
    public const int AF_NETLINK = 16;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_RAW = 3;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOCK_CLOEXEC = 0x80000;

    public const int SOL_SOCKET = 1;
    public const int SO_TYPE = 3;
    public const int SO_SNDBUF = 7;
    public const int SO_RCVBUF = 8;
    public const int SO_REUSEPORT = 15;
    public const int SO_PEERCRED = 17;
    public const int SO_BINDTODEVICE = 25;
    public const int SO_ATTACH_FILTER = 26;
    public const int SO_GET_FILTER = 26;
    public const int SO_DETACH_FILTER = 27;
    public const int SO_SNDBUFFORCE = 32;
    public const int SO_RCVBUFFORCE = 33;
    public const int SO_MARK = 36;
    public const int SO_PROTOCOL = 38;
    public const int SO_DOMAIN = 39;
    public const int SO_RXQ_OVFL = 40;
    public const int SO_ATTACH_REUSEPORT_CBPF = 51;
    public const int SO_MEMINFO = 55;
    public const int SK_MEMINFO_DROPS = 8;
    public const int SK_MEMINFO_VARS = 9;
    public const int SCM_RIGHTS = 1;

    public const int IPPROTO_IP = 0;
    public const int IP_TOS = 1;
    public const int IP_PKTINFO = 8;
    public const int IP_MTU_DISCOVER = 10;
    public const int IP_RECVTOS = 13;
    public const int IP_MTU = 14;
    public const int IP_FREEBIND = 15;
    public const int IP_MULTICAST_ALL = 49;
    public const int IP_PMTUDISC_OMIT = 5;

    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_MTU_DISCOVER = 23;
    public const int IPV6_MTU = 24;
    public const int IPV6_V6ONLY = 26;
    public const int IPV6_MULTICAST_ALL = 29;
    public const int IPV6_RECVPKTINFO = 49;
    public const int IPV6_PKTINFO = 50;
    public const int IPV6_RECVTCLASS = 66;
    public const int IPV6_TCLASS = 67;
    public const int IPV6_FREEBIND = 78;
    public const int IPV6_PMTUDISC_DONT = 0;

    public const int IPPROTO_UDP = 17;
    public const int UDP_SEGMENT = 103;
    public const int UDP_GRO = 104;

    public const int NETLINK_ROUTE = 0;
    public const uint RTMGRP_LINK = 0x1;
    public const uint RTMGRP_IPV4_IFADDR = 0x10;
    public const uint RTMGRP_IPV4_ROUTE = 0x40;
    public const uint RTMGRP_IPV4_RULE = 0x80;
    public const uint RTMGRP_IPV6_IFADDR = 0x100;
    public const uint RTMGRP_IPV6_ROUTE = 0x400;
    public const int RTNLGRP_IPV6_RULE = 19;

    public const int NLM_F_REQUEST = 0x1;
    public const int NLMSG_ERROR = 0x2;
    public const int RTM_NEWROUTE = 24;
    public const int RTM_GETROUTE = 26;
    public const int RTN_LOCAL = 2;
    public const int RTA_DST = 1;
    public const int RTA_OIF = 4;
    public const int RTA_MARK = 16;

    public const int MSG_CTRUNC = 0x8;
    public const int MSG_TRUNC = 0x20;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_NOSIGNAL = 0x4000;

    public const int EPOLLIN = 0x1;
    public const int EPOLL_CTL_ADD = 1;
    public const int EPOLL_CTL_DEL = 2;
    public const int EPOLL_CLOEXEC = 0x80000;
    public const int EFD_NONBLOCK = 0x800;
    public const int EFD_CLOEXEC = 0x80000;
    public const int CLOCK_MONOTONIC = 1;
    public const int TFD_NONBLOCK = 0x800;
    public const int TFD_CLOEXEC = 0x80000;

    public const int STA_UNSYNC = 0x40;

    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int FD_CLOEXEC = 1;
    public const int O_NONBLOCK = 0x800;
    public const int RLIMIT_NOFILE = 7;
    public const int AT_EMPTY_PATH = 0x1000;
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int STATX_TYPE = 0x1;
    public const int STATX_UID = 0x8;
    public const int STATX_INO = 0x100;
    public const int S_IFMT = 0xF000;
    public const int S_IFSOCK = 0xC000;

    public const int EPERM = 1;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int EINVAL = 22;
    public const int EMSGSIZE = 90;
    public const int EAFNOSUPPORT = 97;
    public const int ENODEV = 19;
    public const int EPROTONOSUPPORT = 93;
    public const int EOPNOTSUPP = 95;
    public const int EADDRINUSE = 98;
    public const int EADDRNOTAVAIL = 99;
    public const int ENETUNREACH = 101;
    public const int ENOBUFS = 105;
    public const int ENOSYS = 38;

    public const int MADV_DONTNEED = 4;
    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;
    public const int MAP_POPULATE = 0x8000;
    public const int SYS_io_uring_setup = 425;
    public const int SYS_io_uring_enter = 426;
    public const int IORING_OP_SENDMSG = 9;
    public const int IORING_ENTER_GETEVENTS = 1;
    public const int IORING_OFF_SQ_RING = 0;
    public const int IORING_OFF_CQ_RING = 0x8000000;
    public const int IORING_OFF_SQES = 0x10000000;

    public const ushort BPF_LD = 0x00;
    public const ushort BPF_LDX = 0x01;
    public const ushort BPF_ST = 0x02;
    public const ushort BPF_ALU = 0x04;
    public const ushort BPF_JMP = 0x05;
    public const ushort BPF_RET = 0x06;
    public const ushort BPF_MISC = 0x07;
    public const ushort BPF_W = 0x00;
    public const ushort BPF_H = 0x08;
    public const ushort BPF_B = 0x10;
    public const ushort BPF_IMM = 0x00;
    public const ushort BPF_ABS = 0x20;
    public const ushort BPF_IND = 0x40;
    public const ushort BPF_MEM = 0x60;
    public const ushort BPF_MSH = 0xa0;
    public const ushort BPF_ADD = 0x00;
    public const ushort BPF_MUL = 0x20;
    public const ushort BPF_RSH = 0x70;
    public const ushort BPF_MOD = 0x90;
    public const ushort BPF_XOR = 0xa0;
    public const ushort BPF_JEQ = 0x10;
    public const ushort BPF_JSET = 0x40;
    public const ushort BPF_K = 0x00;
    public const ushort BPF_X = 0x08;
    public const ushort BPF_A = 0x10;
    public const ushort BPF_TAX = 0x00;
    public const ushort BPF_TXA = 0x80;
    public const int SKF_NET_OFF = -0x100000;
}
