using WgProxy.Load.Native;

namespace WgProxy.Load;

/// <summary>A rate, kept by slices; a sender that has fallen behind by more than the limit forgives itself the rest,
/// instead of making it up by a flood.</summary>
internal sealed unsafe class Pace(int perSecond, int most)
{
    private const long SliceNanoseconds = 200_000;
    private const double MostBehind = 0.01;

    private long _forgiven;

    /// <summary>Datagrams to send now; as many as one likes if there is no rate.</summary>
    public long Due(TimeSpan elapsed, long sent)
    {
        if (perSecond == 0)
        {
            return long.MaxValue;
        }

        long due = (long)(elapsed.TotalSeconds * perSecond) - sent - _forgiven;
        _forgiven += Math.Max(0, due - Math.Max(most, (long)(MostBehind * perSecond)));
        return due;
    }

    /// <summary>Sleeps for a slice.</summary>
    public static void Rest()
    {
        TimeSpec slice = new() { Nanoseconds = (nint)SliceNanoseconds };
        _ = Libc.NanoSleep(&slice, null);
    }
}
