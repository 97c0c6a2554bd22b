#pragma warning disable RS0030 // Interlocked: relays share the rates of a server and of its peers. Nothing waits for it.
namespace WgProxy.Core.Containers;

/// <summary>A token bucket of bytes that grants as many equal datagrams as fit. A default bucket is full.</summary>
/// <remarks>
/// One number: the amount that must have flowed in since the clock's zero before the bucket is full again. The amount that has flowed in
/// until an instant is a whole number of bytes, so no rounding adds up, and one compare-and-swap can share a bucket among threads.
/// </remarks>
internal struct ByteBucket
{
    private long _fullAt;

    /// <summary>How many datagrams fit now. Takes nothing.</summary>
    /// <param name="datagrams">Datagrams wanted.</param>
    /// <param name="size">Bytes of each.</param>
    /// <param name="perSecond">Bytes that flow in each second.</param>
    /// <param name="burst">Bytes that the bucket holds when full; not less than a datagram.</param>
    /// <param name="now">The instant.</param>
    public readonly int Fit(int datagrams, int size, long perSecond, long burst, Tick now) =>
        Fit(datagrams, size, burst - Owed(_fullAt, Flowed(perSecond, now), perSecond, burst));

    /// <summary>Takes bytes that fit. Says how many are left.</summary>
    public long Take(long bytes, long perSecond, long burst, Tick now)
    {
        long flowed = Flowed(perSecond, now);
        long owed = Owed(_fullAt, flowed, perSecond, burst) + bytes;
        _fullAt = flowed + owed;
        return burst - owed;
    }

    /// <summary>Takes as many datagrams as fit, while other threads may do the same.</summary>
    /// <param name="datagrams">Datagrams wanted.</param>
    /// <param name="size">Bytes of each.</param>
    /// <param name="perSecond">Bytes that flow in each second.</param>
    /// <param name="burst">Bytes that the bucket holds when full; not less than a datagram.</param>
    /// <param name="now">The instant. Threads may differ by less than a second.</param>
    /// <param name="left">How many bytes are left.</param>
    /// <returns>How many datagrams the bucket held.</returns>
    public int TakeShared(int datagrams, int size, long perSecond, long burst, Tick now, out long left)
    {
        long flowed = Flowed(perSecond, now);
        while (true)
        {
            long before = Volatile.Read(ref _fullAt);
            long owed = Owed(before, flowed, perSecond, burst);
            int granted = Fit(datagrams, size, burst - owed);
            left = burst - owed - ((long)granted * size);
            if (granted == 0 || Interlocked.CompareExchange(ref _fullAt, flowed + burst - left, before) == before)
            {
                return granted;
            }
        }
    }

    /// <summary>Gives back what was taken a moment ago and not used, while other threads may take.</summary>
    public void Return(long bytes) => Interlocked.Add(ref _fullAt, -bytes);

    private static int Fit(int datagrams, int size, long room) => (int)Math.Min(datagrams, Math.Max(0, room) / size);

    /// <summary>The amount that has flowed in since the clock's zero, in whole bytes: whole seconds and the rest apart, so that it stays
    /// within 63 bits for years at any rate there is.</summary>
    private static long Flowed(long perSecond, Tick now)
    {
        (long seconds, long rest) = Math.DivRem(now.Milliseconds, 1_000);
        return (seconds * perSecond) + (rest * perSecond / 1_000);
    }

    // More than a burst and a second is owed only by another rate: the bucket begins anew, as it does after a restart.
    private static long Owed(long fullAt, long flowed, long perSecond, long burst)
    {
        long owed = fullAt - flowed;
        return owed < 0 || owed > burst + perSecond ? 0 : owed;
    }
}
