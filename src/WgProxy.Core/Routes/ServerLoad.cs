using WgProxy.Core.Containers;

namespace WgProxy.Core.Routes;

/// <summary>The load of one server, as its cookies show it, and the tokens for initiations that it still judges. State of a route.</summary>
internal struct ServerLoad
{
    private TokenBucket _tokens;
    private Tick _loadedUntil;
    private Tick _loadedForTunnelsUntil;

    /// <summary>The server sent a cookie: it is under load for a while.</summary>
    /// <param name="isProven">Whether it came to a mapping that the server has accepted. Only then do tunnels believe it: on other
    /// mappings an attacker can draw a cookie, or forge one for its own initiation.</param>
    /// <param name="now">The instant.</param>
    public void SentCookie(bool isProven, Tick now)
    {
        _loadedUntil = now + Limits.ServerLoadedFor;
        _loadedForTunnelsUntil = isProven ? _loadedUntil : _loadedForTunnelsUntil;
    }

    /// <summary>Whether the server said lately that it is under load.</summary>
    public readonly bool IsLoaded(Tick now) => now < _loadedUntil;

    /// <summary>Whether it said so to a mapping that it had accepted.</summary>
    public readonly bool IsLoadedForTunnels(Tick now) => now < _loadedForTunnelsUntil;

    /// <summary>Takes one token, if at least one is there beyond those that are reserved.</summary>
    public bool TryTakeToken(int perSecond, int reserved, Tick now) =>
        _tokens.TryTake(1, perSecond, Specification.LoadedServerBurst - reserved, now);
}
