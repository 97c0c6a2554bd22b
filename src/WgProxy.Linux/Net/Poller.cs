using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WgProxy.Linux.Native;
using static WgProxy.Linux.Native.Constants;

namespace WgProxy.Linux.Net;

/// <summary>Waits until a socket has something to read (epoll). It is level-triggered: what a budget leaves unread is reported
/// again, behind the others. A closed socket leaves by itself.</summary>
internal sealed unsafe class Poller : SafeHandleMinusOneIsInvalid
{
    /// <summary>Sockets reported by one wait.</summary>
    public const int Capacity = 64;

    // The kernel packs the struct on x86-64 and nowhere else.
    private static readonly bool Packed = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private readonly byte* _events = (byte*)NativeMemory.AlignedAlloc((nuint)(Capacity * sizeof(epoll_event)), 64);

    private Poller(int descriptor)
        : base(ownsHandle: true) => SetHandle(descriptor);

    /// <summary>A poller without sockets; null if the system refused.</summary>
    public static Poller? Open(out int error)
    {
        int descriptor = Libc.epoll_create1(EPOLL_CLOEXEC);
        error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        return descriptor < 0 ? null : new Poller(descriptor);
    }

    /// <summary>Watches a descriptor. The error's number, 0 if it worked.</summary>
    public int Watch(int descriptor, ulong token)
    {
        epoll_event plain = new() { events = EPOLLIN, data = token };
        epoll_event_packed packed = new() { events = EPOLLIN, data = token };
        int result = Libc.epoll_ctl((int)handle, EPOLL_CTL_ADD, descriptor, Packed ? &packed : &plain);
        return result == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>Stops watching a descriptor that stays open.</summary>
    public void Unwatch(int descriptor)
    {
        epoll_event none = default;
        _ = Libc.epoll_ctl((int)handle, EPOLL_CTL_DEL, descriptor, &none);
    }

    /// <summary>Whether the system lets this process wait at all. The error's number, 0 if it does.</summary>
    public int TryWait()
    {
        int error = Libc.epoll_wait((int)handle, _events, Capacity, 0) < 0 ? Marshal.GetLastPInvokeError() : 0;
        return error == EINTR ? 0 : error;
    }

    /// <summary>Waits for something to read.</summary>
    /// <param name="milliseconds">How long if there is nothing; -1 for ever.</param>
    /// <returns>The number of readable descriptors; 0 after a timeout or a signal.</returns>
    public int Wait(int milliseconds)
    {
        int count = Libc.epoll_wait((int)handle, _events, Capacity, milliseconds);
        return Math.Max(count, 0);
    }

    /// <summary>The token of a descriptor that has something to read.</summary>
    public ulong Token(int i) => Packed
        ? ((epoll_event_packed*)_events)[i].data
        : ((epoll_event*)_events)[i].data;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree(_events);
        return Libc.close((int)handle) == 0;
    }
}
