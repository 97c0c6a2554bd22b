using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgProxy.Linux.Native;

namespace WgProxy.Linux.Tests.Rig;

/// <summary>A kernel that refuses segmented sends to one port, as some devices and filters make it do, or says of what came to
/// one port that something was cut off, or lets a stranger's datagram come just before a socket is connected: between the engine and its system calls stand functions in C. They pass everything
/// else on, and are compiled with the tests.</summary>
internal static unsafe class StubbornKernel
{
    private const string Program = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdarg.h>
        #include <stdatomic.h>
        #include <string.h>
        #include <sys/epoll.h>
        #include <sys/socket.h>
        #include <sys/syscall.h>
        #include <linux/filter.h>
        #include <netinet/in.h>
        #include <unistd.h>

        static atomic_int refused_port, refused_error, refusals, ring_error, new_ring_error, cut_port, cut_flags;

        void refuse(int port, int error) { refusals = 0; refused_error = error; refused_port = port; }
        int refused(void) { return refusals; }
        void refuse_rings(int error) { ring_error = error; }
        void refuse_new_rings(int error) { new_ring_error = error; }
        void cut(int port, int flags) { cut_flags = flags; cut_port = port; }
        static atomic_int refused_option, option_error, filters, filter_error;
        void refuse_option(int option, int error) { option_error = error; refused_option = option; }
        int filtered(void) { return filters; }
        void refuse_filters(int error) { filter_error = error; }

        int setsockopt(int fd, int level, int option, const void *value, socklen_t length)
        {
            if (level == SOL_SOCKET && option == SO_ATTACH_FILTER)
                filters++;
            if (level == SOL_SOCKET && option == SO_ATTACH_FILTER && filter_error) {
                errno = filter_error;
                return -1;
            }
            /* One operation drops everything: there is always room for that. */
            int is_smallest = option == SO_ATTACH_FILTER && ((const struct sock_fprog *)value)->len == 1;
            if (level == SOL_SOCKET && option == refused_option && !is_smallest) {
                errno = option_error;
                return -1;
            }
            return syscall(SYS_setsockopt, fd, level, option, value, length);
        }

        static atomic_int disconnect_error, failing_port, failures, watch_refusals, notice_error, notices;
        void refuse_disconnects(int error) { disconnect_error = error; }
        void fail_receives(int port, int count) { failures = count; failing_port = port; }
        int failing(void) { return failures; }
        void refuse_watches(int count) { watch_refusals = count; }
        int refusing_watches(void) { return watch_refusals; }
        void refuse_notices(int error) { notice_error = error; }
        int noticed(void) { return notices; }

        int epoll_ctl(int poller, int operation, int fd, struct epoll_event *event)
        {
            if (operation == EPOLL_CTL_ADD && watch_refusals) {
                watch_refusals--;
                errno = ENOSPC;
                return -1;
            }
            return syscall(SYS_epoll_ctl, poller, operation, fd, event);
        }

        ssize_t recvfrom(int fd, void *buffer, size_t length, int flags, struct sockaddr *from, socklen_t *size)
        {
            struct sockaddr_in6 at = { 0 };
            socklen_t at_size = sizeof(at);
            int is_netlink = !getsockname(fd, (struct sockaddr *)&at, &at_size) && at.sin6_family == AF_NETLINK;
            if (is_netlink && notice_error) {
                errno = notice_error;
                return -1;
            }
            ssize_t received = syscall(SYS_recvfrom, fd, buffer, length, flags, from, size);
            notices += is_netlink && received > 0;
            return received;
        }

        static char intruder[256];
        static atomic_int intruder_length, intrusions, disconnects;

        void intrude(const void *bytes, int length) { memcpy(intruder, bytes, length); intrusions = 0; intruder_length = length; }
        int intruded(void) { return intrusions; }
        int disconnected(void) { return disconnects; }

        int connect(int fd, const struct sockaddr *to, socklen_t length)
        {
            struct sockaddr_in6 at = { 0 };
            socklen_t size = sizeof(at);
            if (to->sa_family == AF_UNSPEC) {
                /* Counted when it is over, with whatever came before it. */
                int result = disconnect_error ? -1 : syscall(SYS_connect, fd, to, length);
                if (disconnect_error)
                    errno = disconnect_error;
                disconnects++;
                return result;
            }
            if (intruder_length && !getsockname(fd, (struct sockaddr *)&at, &size) && at.sin6_port) {
                int stranger = socket(at.sin6_family, SOCK_DGRAM, 0);
                if (at.sin6_family == AF_INET6)
                    at.sin6_addr = in6addr_loopback;
                else
                    ((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
                intrusions += sendto(stranger, intruder, intruder_length, 0, (struct sockaddr *)&at, size) == intruder_length;
                close(stranger);
            }
            return syscall(SYS_connect, fd, to, length);
        }

        static int is_refused(int fd, struct msghdr *message)
        {
            struct sockaddr_in6 to = { 0 };
            socklen_t length = sizeof(to);
            if (message->msg_name)
                to = *(struct sockaddr_in6 *)message->msg_name;
            else if (getpeername(fd, (struct sockaddr *)&to, &length))
                return 0;
            if (ntohs(to.sin6_port) != refused_port)
                return 0;
            for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control))
                if (control->cmsg_level == 17 && control->cmsg_type == 103)
                    return 1;
            return 0;
        }

        int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
        {
            unsigned taken = 0;
            while (taken < count && !(refused_port && is_refused(fd, &messages[taken].msg_hdr)))
                taken++;
            if (taken == 0 && count > 0) {
                refusals++;
                errno = refused_error;
                return -1;
            }
            return syscall(SYS_sendmmsg, fd, messages, taken, flags);
        }

        int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
        {
            struct sockaddr_in6 at = { 0 };
            socklen_t length = sizeof(at);
            if (failures && !getsockname(fd, (struct sockaddr *)&at, &length) && ntohs(at.sin6_port) == failing_port) {
                failures--;
                errno = EIO;
                return -1;
            }
            length = sizeof(at);
            int received = syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
            if (received > 0 && cut_port && !getsockname(fd, (struct sockaddr *)&at, &length) && ntohs(at.sin6_port) == cut_port)
                for (int i = 0; i < received; i++)
                    messages[i].msg_hdr.msg_flags |= cut_flags;
            return received;
        }

        long syscall(long number, ...)
        {
            static long (*next)(long, ...);
            long a[6];
            va_list rest;
            va_start(rest, number);
            for (int i = 0; i < 6; i++)
                a[i] = va_arg(rest, long);
            va_end(rest);
            if (number == SYS_io_uring_enter && ring_error) {
                errno = ring_error;
                return -1;
            }
            if (number == SYS_io_uring_setup && new_ring_error) {
                errno = new_ring_error;
                return -1;
            }
            if (!next)
                next = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
            return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        }
        """;

    private static nint s_library;

    /// <summary>Why it cannot be used; empty if it can.</summary>
    public static string Missing { get; private set; } = string.Empty;

    /// <summary>How many sends it has refused since <see cref="Refuse"/>.</summary>
    public static int Refused => ((delegate* unmanaged<int>)NativeLibrary.GetExport(s_library, "refused"))();

    /// <summary>From here on, refuses trains to this port with this error. 0 ends it.</summary>
    public static void Refuse(int port, int error) =>
        ((delegate* unmanaged<int, int, void>)NativeLibrary.GetExport(s_library, "refuse"))(port, error);

    /// <summary>From here on, refuses to take sends together, with this error. 0 ends it.</summary>
    public static void RefuseRings(int error) =>
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(s_library, "refuse_rings"))(error);

    /// <summary>From here on, refuses to make what sends go together by, with this error. 0 ends it.</summary>
    public static void RefuseNewRings(int error) =>
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(s_library, "refuse_new_rings"))(error);

    /// <summary>From here on, refuses an option of SOL_SOCKET with this error. 0 ends it.</summary>
    public static void RefuseOption(int option, int error) =>
        ((delegate* unmanaged<int, int, void>)NativeLibrary.GetExport(s_library, "refuse_option"))(option, error);

    /// <summary>How often anybody in this process has set a filter.</summary>
    public static int Filtered => ((delegate* unmanaged<int>)NativeLibrary.GetExport(s_library, "filtered"))();

    /// <summary>From here on, refuses every filter with this error, also the smallest. 0 ends it.</summary>
    public static void RefuseFilters(int error) =>
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(s_library, "refuse_filters"))(error);

    /// <summary>How many failures of <see cref="FailReceives"/> are left.</summary>
    public static int Failing => ((delegate* unmanaged<int>)NativeLibrary.GetExport(s_library, "failing"))();

    /// <summary>How many refusals of <see cref="RefuseWatches"/> are left.</summary>
    public static int RefusingWatches => ((delegate* unmanaged<int>)NativeLibrary.GetExport(s_library, "refusing_watches"))();

    /// <summary>How many notices of netlink were received.</summary>
    public static int Noticed => ((delegate* unmanaged<int>)NativeLibrary.GetExport(s_library, "noticed"))();

    /// <summary>From here on, refuses to disconnect sockets, with this error. 0 ends it.</summary>
    public static void RefuseDisconnects(int error) =>
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(s_library, "refuse_disconnects"))(error);

    /// <summary>Fails the next receives by this port, with EIO.</summary>
    public static void FailReceives(int port, int count) =>
        ((delegate* unmanaged<int, int, void>)NativeLibrary.GetExport(s_library, "fail_receives"))(port, count);

    /// <summary>Refuses to watch descriptors so many times, with ENOSPC.</summary>
    public static void RefuseWatches(int count) =>
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(s_library, "refuse_watches"))(count);

    /// <summary>From here on, refuses to hand over notices of netlink, with this error. 0 ends it.</summary>
    public static void RefuseNotices(int error) =>
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(s_library, "refuse_notices"))(error);

    /// <summary>From here on, says of whatever comes to this port that it was cut off. 0 ends it.</summary>
    /// <param name="port">A port of this host.</param>
    /// <param name="flags">MSG_TRUNC or MSG_CTRUNC.</param>
    public static void Cut(int port, int flags) =>
        ((delegate* unmanaged<int, int, void>)NativeLibrary.GetExport(s_library, "cut"))(port, flags);

    /// <summary>How many strangers' datagrams were sent since <see cref="Intrude"/>.</summary>
    public static int Intruded => ((delegate* unmanaged<int>)NativeLibrary.GetExport(s_library, "intruded"))();

    /// <summary>How often a socket was disconnected, by anybody in this process: the end of each look for a path.</summary>
    public static int Disconnected => ((delegate* unmanaged<int>)NativeLibrary.GetExport(s_library, "disconnected"))();

    /// <summary>From here on, a stranger on loopback sends this to each bound socket just before it is connected. Nothing ends it.
    /// </summary>
    public static void Intrude(ReadOnlySpan<byte> datagram)
    {
        fixed (byte* start = datagram)
        {
            ((delegate* unmanaged<byte*, int, void>)NativeLibrary.GetExport(s_library, "intrude"))(start, datagram.Length);
        }
    }

    // The engine's declarations are bound at their first call, so this must come before.
    [ModuleInitializer]
    internal static void Install()
    {
        string source = Path.Combine(Path.GetTempPath(), $"wgproxy-stubborn-{Environment.ProcessId}.c");
        string library = Path.ChangeExtension(source, ".so");
        try
        {
            File.WriteAllText(source, Program);
            using Process gcc = Process.Start("gcc", ["-shared", "-fPIC", "-O1", "-o", library, source]);
            gcc.WaitForExit();
            s_library = NativeLibrary.Load(library);
            NativeLibrary.SetDllImportResolver(typeof(LinuxEngine).Assembly, Resolve);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Missing = "no gcc on this machine: no kernel to refuse was made (./test installs it)";
        }
        finally
        {
            File.Delete(source);
            File.Delete(library);
        }
    }

    // What it does not define itself is found in the C library that it depends on.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => string.Equals(name, "libc", StringComparison.Ordinal) ? s_library : 0;
}
