using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>Ends another thread's wait (eventfd).</summary>
internal sealed unsafe class WakeUp : SafeHandleMinusOneIsInvalid
{
    private WakeUp(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The descriptor to watch.</summary>
    public int Descriptor => (int)handle;

    /// <summary>One that has not been rung; null if the system refused.</summary>
    public static WakeUp? Open(out int error)
    {
        int descriptor = Libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new WakeUp(descriptor);
    }

    /// <summary>Makes the descriptor readable. May be called from any thread, also after it was closed. False if it was.</summary>
    public bool Ring()
    {
        bool held = false;
        try
        {
            // Another thread may close it meanwhile, and the number be another file's.
            DangerousAddRef(ref held);
            ulong one = 1;
            return Libc.write(Descriptor, &one, sizeof(ulong)) > 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (held)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Resets it.</summary>
    public void Quiet()
    {
        ulong count;
        _ = Libc.read(Descriptor, &count, sizeof(ulong));
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.close(Descriptor) == 0;
}
