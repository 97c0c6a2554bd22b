using System.Diagnostics;
using System.Globalization;
using WgProxy.Core.Journal;
using WgProxy.Hosting;

namespace WgProxy.State;

/// <summary>Says which instant it is, as records name instants.</summary>
internal static class HostInstant
{
    // Hidden by ProcSubset=pid, and absent on other systems: then UTC counts.
    private static readonly UInt128 Boot =
        UInt128.TryParse(
            ProcText.Read("/proc/sys/kernel/random/boot_id")?.Replace("-", string.Empty, StringComparison.Ordinal).Trim(),
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture,
            out UInt128 boot) ? boot : 0;

    /// <summary>Now. On Linux the monotonic clock counts from the boot.</summary>
    public static JournalInstant Now() => new(Boot, (long)Stopwatch.GetElapsedTime(0).TotalMilliseconds, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
}
