namespace WgProxy.Core.Tests.Model;

/// <summary>What was taken, and drains away.</summary>
internal sealed class ReferenceBucket
{
    private decimal _taken;
    private Tick? _at;

    public bool Take(long cost, long perSecond, long burst, Tick now)
    {
        decimal seconds = _at is Tick at ? (now - at) / 1000m : 0;
        _taken = Math.Max(0, _taken - (seconds * perSecond));
        _at = now;
        if (_taken + cost > burst)
        {
            return false;
        }

        _taken += cost;
        return true;
    }
}
