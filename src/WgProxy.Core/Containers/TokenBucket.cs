namespace WgProxy.Core.Containers;

/// <summary>A token bucket: a burst at once, then a rate. A default bucket is full. Callers may use different bursts: one with a
/// smaller burst leaves the last tokens to the others.</summary>
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
        // At most the time that replaces the missing tokens, so that nothing overflows after a long silence. The burst cannot serve
        // as the limit, because the next caller's may be smaller than the last one's.
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
