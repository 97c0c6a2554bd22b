using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Vocabulary;

/// <summary>Limits and times of a relay, already validated. The defaults are the ones that users get; <see cref="Limits"/> has their
/// reasons.</summary>
public sealed record RelaySettings
{
    /// <summary>How long a port rests that no server has sent to. Others rest for <see cref="LingerTimeout"/>.</summary>
    internal static TimeSpan UnusedPortRest { get; } = Limits.UnusedPortRest;

    /// <summary>Limits in proportion to the mappings that there may be.</summary>
    /// <param name="mappings">Mappings at once, one at least.</param>
    public static RelaySettings ForMappings(int mappings)
    {
        int asked = Math.Min(MostAsked, Math.Max(1, mappings / AskedPart));
        return new RelaySettings
        {
            MaxMappings = mappings,
            MaxAsked = asked,
            LoadedAsked = asked / LoadedPart,
            MaxClaimed = Math.Min(mappings, Math.Clamp(mappings / ClaimedPart, LeastClaims, MostClaims)),
            PrefixShare = Math.Clamp(asked / PrefixPart, 1, MostOfAPrefix),
        };
    }

    /// <summary>Mappings at once, lingering ones included: as many sockets there are.</summary>
    public int MaxMappings { get; internal init; } = DefaultMappings;

    /// <summary>Slots that can ever be named; tables by slot have this length.</summary>
    internal int Slots => MaxMappings + ClosingSlots;

    /// <summary>Asked mappings at most. One more displaces the oldest of them.</summary>
    internal int MaxAsked { get; init; } = MostAsked;

    /// <summary>The relay is under load if more mappings than this are Asked, or more than half of the room that proven mappings leave.
    /// Strangers must then show a cookie first.</summary>
    internal int LoadedAsked { get; init; } = MostAsked / LoadedPart;

    /// <summary>The share of one address prefix (IPv4 address, IPv6 /64) in each of three kinds: mappings that showed nothing, mappings
    /// that showed a cookie, and claims. It applies once a quarter of the slots is in use, or half of the mappings that may be Asked.</summary>
    internal int PrefixShare { get; init; } = MostOfAPrefix;

    /// <summary>Initiations per second that a loaded server is asked to judge. WireGuard judges 20 per second and address
    /// while it is under load, and all clients of a relay share one; 18 leaves room for two clocks to differ.</summary>
    internal int ServerTokensPerSecond { get; init; } = Limits.ServerTokensPerSecond;

    /// <summary>Indices that may be sought in a directory in a second.</summary>
    internal int SoughtPerSecond { get; init; } = Limits.SoughtPerSecond;

    /// <summary>The client addresses that may open mappings; empty means all.</summary>
    public AddressList Allow { get; init; } = AddressList.Empty;

    /// <summary>The client addresses that may not open mappings.</summary>
    public AddressList Deny { get; init; } = AddressList.Empty;

    /// <summary>Claimed mappings at most. One more displaces the oldest of them.</summary>
    internal int MaxClaimed { get; init; } = MostClaims;

    /// <summary>Whether data with an unknown index may open a mapping on probation, for relays that share an address but no
    /// state.</summary>
    public bool Adopt { get; init; }

    /// <summary>How long a proven mapping lives without a valid packet in either direction.</summary>
    public TimeSpan IdleTimeout { get; init; } = Limits.IdleTimeout;

    /// <summary>How long a mapping waits for an answer.</summary>
    internal TimeSpan AskedTimeout { get; init; } = Limits.AskedTimeout;

    /// <summary>How long a mapping may keep asking in all.</summary>
    internal TimeSpan AskedLimit { get; init; } = Limits.AskedLimit;

    /// <summary>How long a mapping lives after a cookie from the server.</summary>
    internal TimeSpan CookieTimeout { get; init; } = Limits.CookieTimeout;

    /// <summary>How long a claim lives after its last packet with a live index.</summary>
    internal TimeSpan ClaimedTimeout { get; init; } = Limits.ClaimedTimeout;

    /// <summary>How long a mapping on probation lives after its last packet.</summary>
    internal TimeSpan ProbationTimeout { get; init; } = Limits.ProbationTimeout;

    /// <summary>How long an answered client has to use the answer.</summary>
    internal TimeSpan AnsweredTimeout { get; init; } = Limits.AnsweredTimeout;

    /// <summary>How long the socket of an expired mapping stays open. The server may send to its port for as long as WireGuard
    /// accepts keys (REJECT_AFTER_TIME).</summary>
    internal TimeSpan LingerTimeout { get; init; } = Specification.RejectAfterTime;

    /// <summary>The time within which a revived mapping must hear both ends.</summary>
    internal TimeSpan RevivedTimeout { get; init; } = Limits.RevivedTimeout;

    /// <summary>How long a pair of indices is believed.</summary>
    internal TimeSpan IndexLifetime { get; init; } = Limits.IndexLifetime;

    /// <summary>Seed of the cookies' secrets: 128 random bits per process, or those of the process before.</summary>
    internal (ulong K0, ulong K1) CookieSeed { get; init; }

    /// <summary>What <see cref="Tick"/> zero is in milliseconds since 1970, if the seed outlives the process; else zero. The secrets of
    /// cookies are numbered by it: so they follow one another over a restart, and none of them comes again.</summary>
    internal long CookieZero { get; init; }

    /// <summary>Seed of the nonces of cookie replies: 128 random bits per process, and of each worker's own.</summary>
    internal (ulong K0, ulong K1) NonceSeed { get; init; }

    /// <summary>Seed of the keyed hash over attacker-chosen data: 128 random bits per process.</summary>
    internal (ulong K0, ulong K1) HashSeed { get; init; }
}
