using WgProxy.Core.Containers;

namespace WgProxy.Core.Mappings;

/// <summary>What a mapping needs only when something unusual happens to it: it claims a tunnel, shows a cookie, or carries an
/// index that nobody issued here. Kept apart, so that it costs no memory where nothing does.</summary>
internal struct MappingExtras
{
    /// <summary>Limits initiations that show a cookie.</summary>
    public TokenBucket Shown;

    /// <summary>Limits bytes with an index that nobody issued here.</summary>
    public TokenBucket Unknown;

    /// <summary>Limits what a mapping may send while it only claims.</summary>
    public TokenBucket Claim;

    /// <summary>The server index by which a mapping on probation was admitted.</summary>
    public uint ProbationIndex;

    /// <summary>The site whose share a claim counts for.</summary>
    public ulong Charged;

    /// <summary>Until when the mapping lingers: from when it was last heard by both ends, however often one of them calls.
    /// </summary>
    public Tick LingersUntil;

    /// <summary>Until when the engine is given no further sign that the client goes unanswered.</summary>
    public Tick NoSignUntil;

    /// <summary>Until when a cookie of the server binds the client to this port.</summary>
    public Tick CookieUntil;

    /// <summary>How long its initiations have waited for a token of a loaded server.</summary>
    public TokenWait TokenWait;

    /// <summary>The mapping is on trial as soon as the engine has connected its socket where it was ordered to: so far it could not.
    /// </summary>
    public bool OwesTrial;

    /// <summary>The cookie with which the server answered the client; good while <see cref="CookieUntil"/> lasts.</summary>
    public UInt128 ServerCookie;
}
