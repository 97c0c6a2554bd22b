using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace WgProxy.Tests;

/// <summary>A network that only one test has: a namespace with nothing but loopback. Its thread is in it, as are the threads and the
/// processes that this begins; with the last of them it is gone.</summary>
internal static class OwnNetwork
{
    private const int CLONE_NEWNET = 0x40000000;

    /// <summary>Runs the test there. Skips it where this process may make no namespace.</summary>
    public static void Run(Action test)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "network namespaces are Linux's");
        ExceptionDispatchInfo? thrown = null;
        Thread thread = new(() =>
        {
            try
            {
                Assert.SkipUnless(Unshare(CLONE_NEWNET) == 0, $"needs root for a network namespace ({new Win32Exception(Marshal.GetLastPInvokeError()).Message})");
                Ip("link set lo up");
                test();
            }
            catch (Exception exception)
            {
                thrown = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        thrown?.Throw();
    }

    /// <summary>Runs the command <c>ip</c> in the network of the calling thread.</summary>
    public static void Ip(string arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        string said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"ip {arguments}: {said}");
    }

#pragma warning disable SYSLIB1054 // What the generator writes instead is unsafe code, for a call without memory.
    [DllImport("libc", EntryPoint = "unshare", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unshare(int flags);
#pragma warning restore SYSLIB1054
}
