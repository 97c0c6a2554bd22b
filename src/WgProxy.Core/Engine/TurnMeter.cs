namespace WgProxy.Core.Engine;

/// <summary>How long the turns of one owner of a relay take: what a datagram that comes meanwhile waits. Owned by that owner.</summary>
internal sealed class TurnMeter
{
    /// <summary>How long a window is. The longest turn is said of the window that runs and the one before: of the last one to two
    /// minutes, however often and by how many askers it is read.</summary>
    public const long Window = 60_000;

    private long _running;
    private long _before;
    private Tick _until = new(Window);

    /// <summary>How many turns there were.</summary>
    public long Turns { get; private set; }

    /// <summary>The longest turn since the start, in units of the clock that <see cref="Note"/> was given.</summary>
    public long LongestOfAll { get; private set; }

    /// <summary>A turn has ended.</summary>
    /// <param name="length">How long it took, in units of any clock.</param>
    /// <param name="now">The instant of the turn.</param>
    public void Note(long length, Tick now)
    {
        Turns++;
        if (now >= _until)
        {
            Roll(now);
        }

        if (length > _running)
        {
            _running = length;
            LongestOfAll = Math.Max(LongestOfAll, length);
        }
    }

    /// <summary>The longest turn of the last one to two minutes, in the same units.</summary>
    public long Longest(Tick now)
    {
        Roll(now);
        return Math.Max(_running, _before);
    }

    private void Roll(Tick now)
    {
        if (now >= _until)
        {
            // An idle owner comes later than the window ends. The next one does not begin with it, but where the last one ended.
            long passed = (now - _until) / Window;
            _before = passed == 0 ? _running : 0;
            _running = 0;
            _until += (passed + 1) * Window;
        }
    }
}
