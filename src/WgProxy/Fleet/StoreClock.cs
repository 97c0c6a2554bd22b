using WgProxy.State;

namespace WgProxy.Fleet;

/// <summary>What the store's clock says, by the last answer to TIME and this host's clock since. Records carry the store's time, so that clocks of relays need not agree.</summary>
internal sealed class StoreClock
{
    private const long Unknown = long.MinValue;

    private long _ahead = Unknown;

    /// <summary>How many milliseconds the store's clock is ahead of this host's; null if the store has not said.</summary>
    public long? Ahead => Volatile.Read(ref _ahead) is long ahead and not Unknown ? ahead : null;

    /// <summary>Now, by the store's clock; by this host's until the store has said.</summary>
    public long Now => HostInstant.Now().Utc + (Ahead ?? 0);

    /// <summary>The store was asked, and answered.</summary>
    /// <param name="asked">When it was asked, by this host's clock.</param>
    /// <param name="answered">When it had answered.</param>
    /// <param name="store">What it said.</param>
    public void Heard(long asked, long answered, long store) => Volatile.Write(ref _ahead, store - (asked + ((answered - asked) / 2)));
}
