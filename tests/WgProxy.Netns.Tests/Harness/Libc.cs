using System.ComponentModel;
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
