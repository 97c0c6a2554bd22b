using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>The calls that .NET has no word for.</summary>
internal static partial class Libc
{
    public const int SIGINT = 2;
    public const int SIGKILL = 9;
    public const int SIGHUP = 1;
    public const int SIGUSR1 = 10;
    public const int SIGTERM = 15;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;

    private const int SOL_SOCKET = 1;
    private const int SO_RCVBUFFORCE = 33;
    private const int CLONE_NEWNET = 0x40000000;

    /// <summary>Moves the calling thread, and no other, into a network namespace.</summary>
    public static void EnterNamespace(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
        if (SetNs((int)file.DangerousGetHandle(), CLONE_NEWNET) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"setns {path}");
        }
    }

    /// <summary>Sends a signal; false if there is no such process any more.</summary>
    public static bool Signal(int pid, int signal) => Kill(pid, signal) == 0;

    /// <summary>Has this process ignore a signal, or not; and with it the programs that it starts.</summary>
    public static void Ignore(int signal, bool isIgnored) => _ = SetHandler(signal, isIgnored ? 1 : 0); // SIG_IGN, SIG_DFL

    /// <summary>Gives another process's socket a larger buffer for what it receives, whatever its own process may ask for.</summary>
    /// <returns>Whether the file is an IP socket.</returns>
    public static bool WidenReceiveBuffer(int pid, int file, int bytes)
    {
        const int openProcess = 434; // SYS_pidfd_open
        const int takeFile = 438; // SYS_pidfd_getfd
        using SafeSocketHandle process = new((nint)SystemCall(openProcess, pid, 0, 0), ownsHandle: true);
        using SafeSocketHandle socket = new((nint)SystemCall(takeFile, process.DangerousGetHandle(), file, 0), ownsHandle: true);
        return !socket.IsInvalid && SetSocketOption((int)socket.DangerousGetHandle(), SOL_SOCKET, SO_RCVBUFFORCE, bytes, sizeof(int)) == 0;
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial long SystemCall(long number, long first, long second, long third);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetSocketOption(int socket, int level, int option, in int value, int length);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint SetHandler(int signum, nint handler);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetNs(int fd, int type);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int pid, int signal);
}
