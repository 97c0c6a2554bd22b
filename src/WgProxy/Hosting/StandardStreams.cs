using Microsoft.Win32.SafeHandles;

namespace WgProxy.Hosting;

/// <summary>Descriptors 0, 1 and 2, which a program may be started without. The runtime of the framework form opens them; the
/// native form's does not, and ends the process at the first look at standard error. And a socket that got one of these numbers would be
/// sent what the runtime has to say.</summary>
internal static class StandardStreams
{
    private const string Nowhere = "/dev/null";
    private const int Last = 2;

    // Never closed: a collected handle would close them.
    private static readonly List<SafeFileHandle> Held = [];

    /// <summary>Opens those that are closed, to nowhere. Before anything else is opened: the system hands out the lowest number that is
    /// free.</summary>
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
            // A host without /dev/null: what is closed stays closed.
        }
    }

    /// <summary>Standard error; nowhere if there is none.</summary>
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
