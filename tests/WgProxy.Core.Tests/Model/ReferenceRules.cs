namespace WgProxy.Core.Tests.Model;

/// <summary>The numbers of the rules that are no settings. A test that wants to know whether a comparison would notice
/// gives the model one that is wrong.</summary>
internal sealed partial record ReferenceRules
{
    /// <summary>How long data go unanswered before that is a sign.</summary>
    public int AnsweredWithin { get; init; } = 11_000;

    public int BetweenSigns { get; init; } = 5_000;

    /// <summary>Whether a keepalive is owed an answer.</summary>
    public bool KeepalivesAreAnswered { get; init; }

    /// <summary>Whether a second initiation, the first unanswered, is a sign.</summary>
    public bool AskingTwiceIsASign { get; init; } = true;

    /// <summary>Whether a mapping stays at an address that its server no longer has while it is answered there.</summary>
    public bool AnsweredStay { get; init; } = true;

    /// <summary>Whether a mapping that goes unanswered stays where it is.</summary>
    public bool UnansweredStay { get; init; }

    /// <summary>How long data of a client that is answered promptly go unanswered where the server is said to be elsewhere.</summary>
    public int ElsewhereWithin { get; init; } = 3_000;

    /// <summary>The same where there is no path to the server.</summary>
    public int UnreachableWithin { get; init; } = 1_000;

    public int Promptly { get; init; } = 2_000;

    /// <summary>When a newcomer who asks again does so at another address.</summary>
    public int AskedElsewhereAfter { get; init; } = 4_000;

    /// <summary>How many initiations alone move a proven mapping, and in what time at least, and at most.</summary>
    public int AskedBeforeMoved { get; init; } = 3;

    public int AskedBeforeMovedFor { get; init; } = 10_000;

    public int AskedTogether { get; init; } = 20_000;

    /// <summary>How long an address that could not be reached is left out.</summary>
    public int FailedFor { get; init; } = 10_000;

    public bool FailuresGiveWay { get; init; } = true;

    /// <summary>Whether the address that is known to answer goes before the list's order.</summary>
    public bool AnsweringGoesFirst { get; init; } = true;

    /// <summary>Whether only data for keys that the client has used show where the server is.</summary>
    public bool TrialsTakeUsedKeys { get; init; } = true;

    /// <summary>Whether a newcomer's answer shows where the server is, though another address is known to answer.</summary>
    public bool NewcomersAreOnTrial { get; init; }

    /// <summary>Whether a mapping is on trial only where its socket is connected.</summary>
    public bool OnlyArrivedAreOnTrial { get; init; } = true;

    /// <summary>Whether a route that was removed admits newcomers until its last mapping has ended.</summary>
    public bool RemovedRoutesAdmit { get; init; }

    /// <summary>Whether the mappings of a route that was removed live on.</summary>
    public bool MappingsOutliveRoutes { get; init; }

    /// <summary>Whether a route's own lists keep clients out.</summary>
    public bool RoutesHaveLists { get; init; } = true;

    /// <summary>Whether a route's own idle timeout goes before the relay's.</summary>
    public bool RoutesHaveTimeouts { get; init; } = true;

    /// <summary>Whether settings hold from when the relay is told of them, and not from when they are published.</summary>
    public bool SettingsWaitToBeTold { get; init; } = true;

    public int ClaimsPerTunnel { get; init; } = 4;

    public int MembersPerTunnel { get; init; } = 5;

    public int Pairs { get; init; } = 8;

    public int ServerAsks { get; init; } = 8;

    public int ClientAsks { get; init; } = 8;

    public int InitiationBurst { get; init; } = 3;

    public int InitiationsPerSecond { get; init; } = 1;

    /// <summary>Whether an answer passes that is to none of the initiations remembered.</summary>
    public bool LateAnswersPass { get; init; }

    public long UnknownBurst { get; init; } = 256 << 10;

    public long UnknownProvenBurst { get; init; } = 64 << 20;

    public long ClaimBurst { get; init; } = 4 << 20;

    /// <summary>Whether a second tunnel's claim on an index yields to the first.</summary>
    public bool FirstOwnerKeepsIndex { get; init; } = true;

    /// <summary>Whether data raises a mapping only by an index that the server named on that mapping's port.</summary>
    public bool OnlyOwnPortProves { get; init; } = true;

    /// <summary>Whether the member that the server used until now is spared when another makes room.</summary>
    public bool LeftMemberStays { get; init; } = true;

    /// <summary>Whether who has not been answered is sent no more than he sent.</summary>
    public bool NeverMoreThanSent { get; init; } = true;

    /// <summary>Whether a datagram from port 0 is dropped before all else.</summary>
    public bool PortsAreNeeded { get; init; } = true;

    public int VerifiedSeconds { get; init; } = 180;

    public int KnownSeconds { get; init; } = 600;

    public int ServerLoadedSeconds { get; init; } = 2;

    /// <summary>Whether cookies that come to mappings that are not proven are believed by tunnels too.</summary>
    public bool StrangersCookiesCountForTunnels { get; init; }

    /// <summary>Milliseconds between a tunnel's initiations that pass to a loaded server without a place.</summary>
    public int BetweenUnjudged { get; init; } = 4_000;

    /// <summary>How often a tunnel is put off before it takes a turn.</summary>
    public int PutOff { get; init; } = 2;

    /// <summary>Milliseconds between the turns of a site.</summary>
    public int BetweenTurns { get; init; } = 1_000;

    /// <summary>Whether a crowd spares who comes from an address that the server accepted somebody at.</summary>
    public bool KnownAddressesAreSpared { get; init; } = true;

    /// <summary>Milliseconds between those of an address whom a crowd spares.</summary>
    public int BetweenSpared { get; init; } = 1_000;

    /// <summary>Whether a crowd spares nobody once its members displace each other.</summary>
    public bool ThePressedSpareNobody { get; init; } = true;

    public int ReplaySeconds { get; init; } = 120;

    public int CookiePeriodSeconds { get; init; } = 120;

    public int PlacesPerSecond { get; init; } = 18;

    /// <summary>Places at a loaded server that newcomers may take at once, those for who showed a cookie, for known sources, those for live tunnels.</summary>
    public IReadOnlyList<int> Places { get; init; } = [2, 3, 4, 5];

    /// <summary>Milliseconds for which a site that had a token of a loaded server leaves some to other sites.</summary>
    public int BetweenTokensOfASite { get; init; } = 500;

    /// <summary>Whether newcomers of a site leave no tokens because of its tunnels, and the other way round.</summary>
    public bool NewcomersAreApart { get; init; } = true;

    /// <summary>How many more askers than the setting says mean load.</summary>
    public int MoreAsked { get; init; } = 1;

    /// <summary>The part of the room that askers may take before that means load.</summary>
    public double AskersOfRoom { get; init; } = 0.5;

    /// <summary>How much of the slots, in quarters, may be used before shares count.</summary>
    public int FreeQuarters { get; init; } = 1;

    /// <summary>How much of those who may ask may do so before shares count.</summary>
    public double FreeOfAskers { get; init; } = 0.5;

    /// <summary>How much of the claims there may be at all before their shares count.</summary>
    public double FreeOfClaims { get; init; } = 0.5;

    /// <summary>How many tokens of a loaded server a site leaves to others that has just had one.</summary>
    public int LeftToOtherSites { get; init; } = 3;

    /// <summary>Whether pairs of indices that a client has used make room last.</summary>
    public bool UsedPairsStay { get; init; } = true;

    /// <summary>Whether a claim leaves a tunnel that was borrowed, or whose own mapping has gone.</summary>
    public bool LonelyClaimsPart { get; init; } = true;

    /// <summary>Whether one who came to a tunnel and was proven there handshakes within it.</summary>
    public bool OnlyClaimsPart { get; init; }

    /// <summary>Whether a claim may claim another tunnel.</summary>
    public bool ClaimsMove { get; init; } = true;

    /// <summary>Whether a source with two mappings sends what it knows to be for one route's servers on that one.</summary>
    public bool RoutesAreKnown { get; init; } = true;

    /// <summary>Whether an index leads to a tunnel of each route whose server chose it.</summary>
    public bool IndicesAreTheirRoutes { get; init; } = true;

    /// <summary>Whether a source whose claim is not proven claims the other routes' tunnels with the same index too.</summary>
    public bool ClaimsTakeTurns { get; init; } = true;

    /// <summary>Whether, of tunnels of several routes with one index, those that take a claim go first.</summary>
    public bool TunnelsWithRoomGoFirst { get; init; } = true;

    /// <summary>Whether unknown data of a source with several mappings go to the one that it used last, whatever servers sent.</summary>
    public bool UnknownGoesWhereUsedLast { get; init; } = true;

    /// <summary>Whether a client's cookie reply is a sign of life.</summary>
    public bool CookiesAreLife { get; init; }

    /// <summary>Whether a mapping that has lingered lingers as long again after a sign of one end.</summary>
    public bool HalfALifeProlongs { get; init; }

    /// <summary>Whether a claim under the address of a mapping that lingers ends when that would have.</summary>
    public bool ClaimsEndAsLingering { get; init; } = true;

    /// <summary>Whether answers to a mapping that lingered keep it only for as long as it would have, and a little.</summary>
    public bool AnswersEndAsLingering { get; init; } = true;

    /// <summary>Whether the server's answers keep a proven mapping alive by themselves.</summary>
    public bool AnswersKeepAlive { get; init; }

    /// <summary>Whether an initiation is a sign of life of the client's.</summary>
    public bool AskingIsLife { get; init; }

    /// <summary>Whether cookies of the server prolong claims, and what lingers, once only.</summary>
    public bool CookiesAreBounded { get; init; } = true;

    /// <summary>Whether initiations that show a cookie have a bucket of their own.</summary>
    public bool ShownHaveTheirOwn { get; init; } = true;

    /// <summary>Whether claims count for their prefix.</summary>
    public bool ClaimsAreShared { get; init; } = true;

    /// <summary>Whether a cookie of the server, shown on the mapping that it was sent to, counts as shown.</summary>
    public bool ServerCookieShows { get; init; } = true;

    /// <summary>Whether that ends when the mapping is no longer kept for the cookie.</summary>
    public bool ServerCookieEnds { get; init; } = true;

    /// <summary>Whether who asked without a cookie has the server's next, if the server sends one.</summary>
    public bool UnshownLearnsCookie { get; init; } = true;

    /// <summary>Whether a loaded server is asked only for those of its clients who show a cookie.</summary>
    public bool OnlyShownTakePlaces { get; init; } = true;

    /// <summary>Whether in a crowd those who are unanswered must show a cookie to ask again.</summary>
    public bool CrowdMustShow { get; init; } = true;

    /// <summary>Whether a stranger at a loaded server must show a cookie even if he showed one lately.</summary>
    public bool LoadedServerWantsFreshCookie { get; init; } = true;

    /// <summary>Whether a lingering mapping comes back by nothing but an initiation.</summary>
    public bool AskingRevives { get; init; }

    /// <summary>Whether a claim on whose port the server handshakes leaves the others.</summary>
    public bool ClaimsPart { get; init; } = true;

    /// <summary>Whether the server's cookie must be sealed for the initiation that showed one.</summary>
    public bool CookiesAreBound { get; init; } = true;

    /// <summary>Whether an index that is unknown here is looked for at the neighbours.</summary>
    public bool NeighboursAreAsked { get; init; } = true;

    /// <summary>Whether the next neighbour is asked if what the one before knows is of no use.</summary>
    public bool AllNeighboursAreAsked { get; init; } = true;

    /// <summary>Whether a question of the server that is known here is answered here when it was answered elsewhere.</summary>
    public bool AnswersAreTakenOver { get; init; } = true;

    /// <summary>Whether a neighbour's expired keys are worth nothing.</summary>
    public bool NeighboursForget { get; init; } = true;

    /// <summary>Whether a mapping takes over a neighbour's keys only if both know a pair.</summary>
    public bool OnlyOneSessionMixes { get; init; } = true;

    /// <summary>Whether keys from a neighbour prove the mapping that brought them here.</summary>
    public bool BorrowedKeysProve { get; init; }

    /// <summary>Whether a cookie of the server verifies its source: it was sent to an address that may be forged.</summary>
    public bool ServerCookieVerifies { get; init; }

    /// <summary>Whether a restarted relay remembers what its clients asked.</summary>
    public bool RestartKeepsInitiations { get; init; } = true;

    /// <summary>Whether it remembers on which ports servers named indices.</summary>
    public bool RestartKeepsPorts { get; init; } = true;

    /// <summary>Whether it remembers which mapping a tunnel was made for.</summary>
    public bool RestartKeepsFounders { get; init; } = true;

    /// <summary>Whether it remembers which pairs clients have used.</summary>
    public bool RestartKeepsUse { get; init; } = true;

    /// <summary>Whether its clients may send at once what they may at the beginning.</summary>
    public bool RestartRefillsBudgets { get; init; } = true;

    /// <summary>Whether what expired during a restart has lingered since then.</summary>
    public bool RestartCountsLingering { get; init; } = true;
}
