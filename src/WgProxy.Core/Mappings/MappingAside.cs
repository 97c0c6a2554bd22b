namespace WgProxy.Core.Mappings;

/// <summary>What a mapping needs only when something unusual happens to it: it claims a tunnel, shows a cookie, carries an
/// index that nobody issued here, is answered late. Kept apart, so that it costs no memory where nothing does.</summary>
internal struct MappingAside
{
    /// <summary>Limits initiations that show a cookie.</summary>
    public Bucket Shown;

    /// <summary>Limits bytes with an index that nobody issued here.</summary>
    public Bucket Unknown;

    /// <summary>Limits what a mapping may send while it only claims.</summary>
    public Bucket Claim;

    /// <summary>The sender index of the client's last initiation that passed.</summary>
    public uint AskedIndex;

    /// <summary>The server index of an answer that matched no remembered initiation.</summary>
    public uint UnmatchedServer;

    /// <summary>The client index of that answer.</summary>
    public uint UnmatchedClient;

    /// <summary>The server index by which a mapping on probation was admitted.</summary>
    public uint AdoptedIndex;

    /// <summary>That initiation's mac1, into which an answering cookie of the server is bound.</summary>
    public UInt128 AskedMac1;

    /// <summary>The cookie with which the server answered it; good while <see cref="Mapping.CookieUntil"/> lasts.</summary>
    public UInt128 ServerCookie;
}
