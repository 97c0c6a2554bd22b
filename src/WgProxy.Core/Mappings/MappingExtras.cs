using WgProxy.Core.Containers;

namespace WgProxy.Core.Mappings;

/// <summary>What a mapping needs in unusual cases only: it claims a tunnel, shows a cookie, or carries an
/// unknown index. Kept apart, so that other mappings need no memory for it.</summary>
internal struct MappingExtras
{
    /// <summary>Limits initiations that show a cookie.</summary>
    public TokenBucket Shown;

    /// <summary>Limits bytes with an unknown index.</summary>
    public TokenBucket Unknown;

    /// <summary>Limits the uplink of a claim.</summary>
    public TokenBucket Claim;

    /// <summary>The server index by which a mapping on probation was admitted.</summary>
    public uint ProbationIndex;

    /// <summary>The site to which a claim is charged.</summary>
    public ulong Charged;

    /// <summary>Until when the mapping lingers. It is fixed until both ends are heard, however often one of them sends.
    /// </summary>
    public Tick LingersUntil;

    /// <summary>Until when the engine gets no further sign that the client is unanswered.</summary>
    public Tick NoSignUntil;

    /// <summary>Until when a cookie from the server binds the client to this port.</summary>
    public Tick CookieUntil;

    /// <summary>How long its initiations have waited for a token of a loaded server.</summary>
    public TokenWait TokenWait;

    /// <summary>The trial of the mapping is due once the engine has connected its socket to the new address, which has failed so far.
    /// </summary>
    public bool OwesTrial;

    /// <summary>The cookie with which the server answered the client; good while <see cref="CookieUntil"/> lasts.</summary>
    public UInt128 ServerCookie;
}
