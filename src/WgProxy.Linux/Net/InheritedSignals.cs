using WgProxy.Linux.Native;

namespace WgProxy.Linux.Net;

/// <summary>Signals that this process was started to ignore.</summary>
internal static class InheritedSignals
{
    /// <summary>Ends the ignoring. Until a handler is registered, the signal has the system's default effect, so that one follows at once: the
    /// runtime registers none for a signal that is ignored.</summary>
    /// <param name="signal">Its number.</param>
    public static void Heed(int signal)
    {
        const nint byDefault = 0; // SIG_DFL
        _ = Libc.signal(signal, byDefault);
    }
}
