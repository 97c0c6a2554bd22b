namespace WgProxy.Logging;

/// <summary>Lets so many lines through at once and so many per second after that, and counts the others. One thread at a
/// time.</summary>
internal sealed class LineBudget(TimeProvider time, int burst, int perSecond)
{
    private double _left = burst;
    private long _last = time.GetTimestamp();
    private long _withheld;

    /// <summary>Whether a line may be logged now; if so, also how many were withheld before it.</summary>
    public bool TryPass(out long withheld)
    {
        long now = time.GetTimestamp();
        _left = Math.Min(burst, _left + (time.GetElapsedTime(_last, now).TotalSeconds * perSecond));
        _last = now;
        withheld = _withheld;
        if (_left < 1)
        {
            _withheld++;
            return false;
        }

        _left--;
        _withheld = 0;
        return true;
    }
}
