using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>One thread of a process stands still while the others go on: a thread here traces it until the process ends.</summary>
internal static partial class StuckThread
{
    private const int PTRACE_SEIZE = 0x4206;
    private const int PTRACE_INTERRUPT = 0x4207;
    private const int __WALL = 0x4000_0000;
    private const int WIFSTOPPED = 0x7F;

    /// <summary>Stops the thread of this name. It has stopped when this ends.</summary>
    public static async Task StopAsync(int process, string name)
    {
        string folder = Directory.EnumerateDirectories($"/proc/{process}/task")
            .Single(task => string.Equals(File.ReadAllText($"{task}/comm").Trim(), name, StringComparison.Ordinal));
        int thread = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Trace(thread, stopped)) { IsBackground = true, Name = "tracer" }.Start();
        await stopped.Task;
    }

    // Only the thread that began may go on, and somebody must wait for the end of what is traced: else its process never ends.
    private static void Trace(int thread, TaskCompletionSource stopped)
    {
        if (PTrace(PTRACE_SEIZE, thread, 0, 0) != 0 || PTrace(PTRACE_INTERRUPT, thread, 0, 0) != 0)
        {
            stopped.SetException(new Win32Exception(Marshal.GetLastPInvokeError(), "ptrace"));
            return;
        }

        while (WaitPid(thread, out int status, __WALL) == thread && (status & 0xFF) == WIFSTOPPED)
        {
            stopped.TrySetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint PTrace(int request, int process, nint address, nint data);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int WaitPid(int process, out int status, int options);
}
