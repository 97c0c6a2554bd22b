using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>Ends a wait at a deadline (timerfd). A timeout of the wait itself would set and cancel the kernel's timer in every
/// turn, and on a virtual machine each change of the next timer may be an exit to the host. Deadlines mostly move later. So
/// this timer keeps its setting and is set again after it has fired.</summary>
internal sealed unsafe class DeadlineTimer : SafeHandleMinusOneIsInvalid
{
    private Tick _due = Tick.Never;

    private DeadlineTimer(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>The descriptor to watch.</summary>
    public int Descriptor => (int)handle;

    /// <summary>A timer that is not set; null if the system refused.</summary>
    public static DeadlineTimer? Open(out int error)
    {
        int descriptor = Libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new DeadlineTimer(descriptor);
    }

    /// <summary>Fires in this number of milliseconds (at least one) or before. False if the system refused: the caller must then limit
    /// its own wait.</summary>
    public bool TrySetWithin(long milliseconds, Tick now)
    {
        if (_due <= now + milliseconds)
        {
            return true;
        }

        _due = now + milliseconds;
        itimerspec time = default;
        time.it_value.tv_sec = (nint)(milliseconds / 1_000);
        time.it_value.tv_nsec = (nint)(milliseconds % 1_000 * 1_000_000);
        if (Libc.timerfd_settime(Descriptor, 0, &time, null) == 0)
        {
            return true;
        }

        _due = Tick.Never;
        return false;
    }

    /// <summary>Resets it after it has fired.</summary>
    public void Quiet()
    {
        ulong count;
        _ = Libc.read(Descriptor, &count, sizeof(ulong));
        _due = Tick.Never;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.close(Descriptor) == 0;
}
