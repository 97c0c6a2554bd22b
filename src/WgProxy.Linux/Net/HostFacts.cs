using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>
/// What this process asks the kernel about its host. It uses system calls, because files of /proc may be missing
/// (<c>ProcSubset=pid</c>, a chroot). Each answer has a form for "unknown", and no question throws.
/// </summary>
internal static unsafe class HostFacts
{
    /// <summary>No limit at all.</summary>
    public const long Unlimited = long.MaxValue;

    private const int StandardErrorDescriptor = 2;
    private const int ReleaseText = 2;

    /// <summary>The kernel's release, such as <c>6.12.3-amd64</c>; empty if unknown.</summary>
    public static string KernelRelease
    {
        get
        {
            utsname name;
            if (Libc.uname(&name) != 0)
            {
                return string.Empty;
            }

            ReadOnlySpan<byte> release = new((byte*)&name + (ReleaseText * utsname.Text), utsname.Text);
            int end = release.IndexOf((byte)0);
            return Encoding.ASCII.GetString(end < 0 ? release : release[..end]);
        }
    }

    /// <summary>How many files this process may open, <see cref="Unlimited"/> if there is no limit; null if unknown.
    /// The soft limit is raised to the hard one before, as far as the system lets it.</summary>
    public static long? RaiseOpenFiles()
    {
        rlimit limit;
        if (Libc.getrlimit(RLIMIT_NOFILE, &limit) != 0)
        {
            return null;
        }

        rlimit raised = limit with { rlim_cur = limit.rlim_max };
        nuint granted = limit.rlim_cur < limit.rlim_max && Libc.setrlimit(RLIMIT_NOFILE, &raised) == 0
            ? limit.rlim_max
            : limit.rlim_cur;
        return granted > (nuint)nint.MaxValue ? Unlimited : (long)granted;
    }

    /// <summary>Has the kernel make its table of this process's files large enough for so many. It doubles the table when it is full, and a process
    /// with several threads then waits until no processor uses the former one (expand_fdtable, Linux 6.18): 10 to 80 ms for the thread that opens
    /// the 257th file, the 513th, and so on. May be called from any thread, beside others that open files.</summary>
    public static void MakeRoomForFiles(int files)
    {
        int last = Libc.fcntl(StandardErrorDescriptor, F_DUPFD_CLOEXEC, files - 1);
        if (last >= 0)
        {
            _ = Libc.close(last);
        }
    }

    /// <summary>Whether standard error is the stream that <c>JOURNAL_STREAM</c> names as <c>device:inode</c>, in decimal
    /// (systemd.exec(5)). Every child of a service inherits the variable, so its presence proves nothing. False if
    /// the kernel does not tell.</summary>
    public static bool IsStandardError(string? stream)
    {
        string[] parts = stream?.Split(':') ?? [];
        if (parts.Length != 2
            || !ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong device)
            || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
        {
            return false;
        }

        statx about = default;
        byte none = 0;
        try
        {
            return Libc.statx(StandardErrorDescriptor, &none, AT_EMPTY_PATH, STATX_INO, &about) == 0
                && about.stx_ino == inode
                && Device(about.stx_dev_major, about.stx_dev_minor) == device;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Whether something keeps the kernel's clock right, such as NTP; null if the kernel does not tell.</summary>
    public static bool? IsClockSynchronised
    {
        get
        {
            timex clock = default;
            return Libc.adjtimex(&clock) < 0 ? null : (clock.status & STA_UNSYNC) == 0;
        }
    }

    /// <summary>The number of the user by whose rights this process acts.</summary>
    public static uint EffectiveUser => Libc.geteuid();

    /// <summary>The number of the user who owns a file or directory, or what a symbolic link leads to; null if there is none, or the
    /// kernel does not tell.</summary>
    public static uint? OwnerOf(string path) =>
        TryAbout(path, flags: 0, STATX_UID, out statx about) ? about.stx_uid : null;

    /// <summary>Whether a path is that of a socket, and not of a link to one. False if there is nothing, or the kernel does not
    /// tell.</summary>
    public static bool IsSocket(string path) =>
        TryAbout(path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, out statx about) && (about.stx_mode & S_IFMT) == S_IFSOCK;

    /// <summary>Gives a file to a group. False if the kernel refuses: then why, in words.</summary>
    public static bool TryGiveToGroup(string path, uint group, out string refusal)
    {
        const uint SameOwner = uint.MaxValue;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            bool isGiven = Libc.chown(name, SameOwner, group) == 0;
            refusal = isGiven ? string.Empty : Refusal.Words(Marshal.GetLastPInvokeError());
            return isGiven;
        }
    }

    /// <summary>Fills a few bytes with unpredictable bits; false if the kernel, or a sandbox, lacks the call.</summary>
    public static bool TryFillRandom(Span<byte> bits)
    {
        // So few bytes come whole or not at all, and not before the kernel has gathered enough.
        nint filled;
        do
        {
            filled = Libc.getrandom(bits, (nuint)bits.Length, 0);
        }
        while (filled < 0 && Marshal.GetLastPInvokeError() == EINTR);

        return filled == bits.Length;
    }

    private static bool TryAbout(string path, int flags, int wanted, out statx about)
    {
        statx found = default;
        try
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
            {
                return Libc.statx(AT_FDCWD, name, flags, (uint)wanted, &found) == 0 && (found.stx_mask & wanted) == wanted;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
        finally
        {
            about = found;
        }
    }

    // makedev(3).
    private static ulong Device(ulong major, ulong minor) =>
        ((major & 0xFFFF_F000) << 32) | ((major & 0xFFF) << 8) | ((minor & 0xFFFF_FF00) << 12) | (minor & 0xFF);
}
