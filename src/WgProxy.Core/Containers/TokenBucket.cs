namespace WgProxy.Core.Containers;

/// <summary>A token bucket: a burst at once, then a rate. A default bucket is full. Takers may differ in what they are
/// allowed: one with a smaller burst leaves the rest to others.</summary>
internal struct TokenBucket
{
    // In thousandths of a token, so that a rate per second is exact per millisecond. Counted down from full: the
    // default value needs no initialisation.
    private long _missing;
    private Tick _at;

    /// <summary>Takes <paramref name="cost"/> tokens if the bucket holds them.</summary>
    /// <param name="cost">Tokens wanted.</param>
    /// <param name="perSecond">Tokens that flow in each second.</param>
    /// <param name="burst">Tokens that the bucket holds when full.</param>
    /// <param name="now">The instant of the attempt.</param>
    public bool TryTake(long cost, long perSecond, long burst, Tick now)
    {
        // No longer than it takes to replace what is missing, so that nothing overflows, however long the silence. By the
        // burst it could not be reckoned: who takes next may be allowed less than who took before.
        long elapsed = Math.Min(now - _at, (_missing / perSecond) + 1);
        _missing = Math.Max(0, _missing - (elapsed * perSecond));
        _at = now;
        if (_missing + (cost * 1000) > burst * 1000)
        {
            return false;
        }

        _missing += cost * 1000;
        return true;
    }
}
