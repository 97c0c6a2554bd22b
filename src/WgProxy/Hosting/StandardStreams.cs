using Microsoft.Win32.SafeHandles;

namespace WgProxy.Hosting;

/// <summary>Descriptors 0, 1 and 2, which may be closed when a program starts. The runtime of the framework form opens them. The
/// native form's does not, and ends the process at the first use of standard error. A socket with one of these numbers would also
/// receive the runtime's messages.</summary>
internal static class StandardStreams
{
    private const string Nowhere = "/dev/null";
    private const int Last = 2;

    // Never closed: a collected handle would close them.
    private static readonly List<SafeFileHandle> Held = [];

    /// <summary>Opens the closed ones to /dev/null. Call it before anything else is opened, because the system hands out the lowest free
    /// number.</summary>
    public static void OpenClosed()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            while (true)
            {
                SafeFileHandle handle = File.OpenHandle(Nowhere, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
                if (handle.DangerousGetHandle() > Last)
                {
                    handle.Dispose();
                    return;
                }

                Held.Add(handle);
            }
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            // A host without /dev/null: closed streams stay closed.
        }
    }

    /// <summary>Standard error, or a writer that discards everything if there is none.</summary>
    public static Stream OpenError()
    {
        try
        {
            return Console.OpenStandardError();
        }
        catch (Exception refusal) when (refusal is IOException or UnauthorizedAccessException)
        {
            return Stream.Null;
        }
    }
}
