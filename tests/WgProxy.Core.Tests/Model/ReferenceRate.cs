namespace WgProxy.Core.Tests.Model;

/// <summary>What was carried of a rate, and drains away: in whole bytes, as they have flowed since the clock's zero.</summary>
internal sealed class ReferenceRate
{
    private long _carried;
    private Tick _at;

    /// <summary>What may still be carried.</summary>
    public long Room(long perSecond, long burst, Tick now)
    {
        _carried = Math.Max(0, _carried - (long)(Flowed(perSecond, now) - Flowed(perSecond, _at)));
        _at = now;
        return burst - _carried;
    }

    public void Take(long bytes) => _carried += bytes;

    private static decimal Flowed(long perSecond, Tick now) => decimal.Floor(now.Milliseconds * (decimal)perSecond / 1_000);
}
