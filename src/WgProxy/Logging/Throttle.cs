namespace WgProxy.Logging;

/// <summary>Lets a repeating line through once per period, and counts the others. One thread at a time.</summary>
internal sealed class Throttle(TimeProvider time, TimeSpan period)
{
    private long? _last;
    private long _withheld;

    /// <summary>Whether the line may be logged now; if so, also how many were withheld before it.</summary>
    public bool TryPass(out long withheld)
    {
        withheld = _withheld;
        if (_last is long last && time.GetElapsedTime(last) < period)
        {
            _withheld++;
            return false;
        }

        _last = time.GetTimestamp();
        _withheld = 0;
        return true;
    }

    /// <summary>The number of withheld lines as the end of a line; empty for zero.</summary>
    public static string Words(long withheld) => withheld == 0 ? string.Empty : $" ({withheld} more since last said)";
}
