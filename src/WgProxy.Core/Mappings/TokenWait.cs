namespace WgProxy.Core.Mappings;

/// <summary>How long one tunnel's initiations have waited for a token of its loaded server.</summary>
internal struct TokenWait
{
    private Tick _unjudgedAgain;
    private byte _putOff;

    /// <summary>Whether the tunnel was put off so often that it may take a turn beyond the tokens.</summary>
    public readonly bool MayTakeTurn => _putOff == Limits.MostPutOff;

    /// <summary>Whether an initiation that a loaded server will not judge, because it does not show the server's own cookie, may pass
    /// without a token: once in <see cref="Limits.BetweenUnjudged"/>.</summary>
    public bool TryPassUnjudged(Tick now)
    {
        if (now < _unjudgedAgain)
        {
            return false;
        }

        _unjudgedAgain = now + Limits.BetweenUnjudged;
        return true;
    }

    /// <summary>An initiation passed with a token or a turn, or was put off.</summary>
    public void Count(bool passes) => _putOff = (byte)(passes ? 0 : Math.Min(_putOff + 1, Limits.MostPutOff));
}
