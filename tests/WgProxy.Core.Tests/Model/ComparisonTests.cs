using WgProxy.Core.Engine.Batching;

namespace WgProxy.Core.Tests.Model;

/// <summary>The comparison itself: a model with one wrong rule is found out, by a sequence short enough to read.</summary>
public sealed partial class ComparisonTests(ITestOutputHelper output)
{
    private const int Seeds = 5_000;

    public static TheoryData<string> WrongRules => [.. Wrong.Keys, .. WrongAnswers.Keys];

    private static Dictionary<string, ReferenceRules> Wrong { get; } = new(StringComparer.Ordinal)
    {
        ["silence is a sign early"] = new() { AnsweredWithin = 10_000 },
        ["silence is a sign late"] = new() { AnsweredWithin = 12_000 },
        ["signs come more often"] = new() { BetweenSigns = 4_000 },
        ["a keepalive is owed an answer"] = new() { KeepalivesAreAnswered = true },
        ["asking twice is no sign"] = new() { AskingTwiceIsASign = false },
        ["whoever is answered follows a name at once"] = new() { AnsweredStay = false },
        ["a mapping that goes unanswered stays where it is"] = new() { UnansweredStay = true },
        ["a removed route admits until it is empty"] = new() { RemovedRoutesAdmit = true },
        ["mappings outlive their route"] = new() { MappingsOutliveRoutes = true },
        ["a route's lists keep nobody out"] = new() { RoutesHaveLists = false },
        ["a route has no timeout of its own"] = new() { RoutesHaveTimeouts = false },
        ["a route's settings hold before the relay is told"] = new() { SettingsWaitToBeTold = false },
        ["a route is served at every address"] = new() { RoutesHaveAddresses = false },
        ["who is no longer served at an address stays"] = new() { WhoIsNotServedEnds = false },
        ["who is no longer listed stays"] = new() { UnlistedEnd = false },
        ["the server's questions pass where only peers have tunnels"] = new() { ServersQuestionsAreForPeers = false },
        ["an answer to no question names a tunnel"] = new() { UnaskedAnswersName = true },
        ["a name goes to another mapping of the source"] = new() { NamesAreTheMappings = false },
        ["an answer renames a tunnel before it is used"] = new() { NamesWaitForUse = false },
        ["a restart forgets whose tunnels there are"] = new() { RestartKeepsPeers = false },
        ["three claims per tunnel"] = new() { ClaimsPerTunnel = 3 },
        ["five claims per tunnel"] = new() { ClaimsPerTunnel = 5 },
        ["four members per tunnel"] = new() { MembersPerTunnel = 4 },
        ["seven pairs"] = new() { Pairs = 7 },
        ["nine pairs"] = new() { Pairs = 9 },
        ["seven questions of the server"] = new() { ServerAsks = 7 },
        ["nine questions of the server"] = new() { ServerAsks = 9 },
        ["seven questions of the client"] = new() { ClientAsks = 7 },
        ["nine questions of the client"] = new() { ClientAsks = 9 },
        ["four initiations at once"] = new() { InitiationBurst = 4 },
        ["two initiations each second"] = new() { InitiationsPerSecond = 2 },
        ["an answer to what is not remembered passes"] = new() { LateAnswersPass = true },
        ["a larger budget for unknown data"] = new() { UnknownBurst = 300 << 10 },
        ["a larger budget for unknown data of the proven"] = new() { UnknownProvenBurst = 70 << 20 },
        ["a larger budget for claims"] = new() { ClaimBurst = 5 << 20 },
        ["a larger burst"] = new() { RateBurstTenths = 11 },
        ["keepalives count for a rate"] = new() { KeepalivesAreCharged = true },
        ["unknown data have a rate"] = new() { UnknownIsLimited = true },
        ["claims have their tunnel's rate"] = new() { ClaimsAreLimited = true },
        ["each relay has a server's rate for itself"] = new() { RatesArePerRelay = true },
        ["peers have no rates"] = new() { PeersHaveRates = false },
        ["each tunnel has its peer's rate for itself"] = new() { PeerRatesArePerTunnel = true },
        ["each relay has a peer's rate for itself"] = new() { PeerRatesArePerRelay = true },
        ["the last owner takes an index"] = new() { FirstOwnerKeepsIndex = false },
        ["any index of the tunnel proves"] = new() { OnlyOwnPortProves = false },
        ["the member just left makes room"] = new() { LeftMemberStays = false },
        ["the unproven are sent anything"] = new() { NeverMoreThanSent = false },
        ["port 0 is a port like others"] = new() { PortsAreNeeded = false },
        ["a verified source is forgotten early"] = new() { VerifiedSeconds = 120 },
        ["a verified source is forgotten late"] = new() { VerifiedSeconds = 240 },
        ["an accepted source is forgotten early"] = new() { KnownSeconds = 550 },
        ["an accepted source is forgotten late"] = new() { KnownSeconds = 650 },
        ["a server recovers early"] = new() { ServerLoadedSeconds = 1 },
        ["a server recovers late"] = new() { ServerLoadedSeconds = 3 },
        ["a stranger's cookie counts for tunnels"] = new() { StrangersCookiesCountForTunnels = true },
        ["a tunnel passes a loaded server sooner"] = new() { BetweenUnjudged = 3_000 },
        ["a tunnel passes a loaded server later"] = new() { BetweenUnjudged = 5_000 },
        ["a tunnel is put off once"] = new() { PutOff = 1 },
        ["a tunnel is put off for ever"] = new() { PutOff = int.MaxValue },
        ["a site's turns come sooner"] = new() { BetweenTurns = 500 },
        ["a crowd spares nobody"] = new() { KnownAddressesAreSpared = false },
        ["a crowd spares more of an address"] = new() { BetweenSpared = 500 },
        ["a crowd under pressure spares"] = new() { ThePressedSpareNobody = false },
        ["replays are forgotten early"] = new() { ReplaySeconds = 100 },
        ["replays are forgotten late"] = new() { ReplaySeconds = 140 },
        ["cookies are good for longer"] = new() { CookiePeriodSeconds = 180 },
        ["cookies are good for less"] = new() { CookiePeriodSeconds = 60 },
        ["more places each second"] = new() { PlacesPerSecond = 20 },
        ["a site's tokens come sooner"] = new() { BetweenTokensOfASite = 400 },
        ["newcomers of a site wait for its tunnels"] = new() { NewcomersAreApart = false },
        ["newcomers take a known source's place"] = new() { Places = [2, 4, 4, 5] },
        ["known sources take a live tunnel's place"] = new() { Places = [2, 3, 5, 5] },
        ["a place less for live tunnels"] = new() { Places = [2, 3, 4, 4] },
        ["load begins with one asker less"] = new() { MoreAsked = 0 },
        ["askers may take all the room"] = new() { AskersOfRoom = 1 },
        ["half the slots are free of shares"] = new() { FreeQuarters = 2 },
        ["askers displace each other before shares count"] = new() { FreeOfAskers = 2 },
        ["one bucket for all initiations"] = new() { ShownHaveTheirOwn = false },
        ["claims have no share"] = new() { ClaimsAreShared = false },
        ["a cookie of the server's shows nothing"] = new() { ServerCookieShows = false },
        ["a cookie of the server's is good for ever"] = new() { ServerCookieEnds = false },
        ["who showed no cookie has not the server's"] = new() { UnshownLearnsCookie = false },
        ["whoever has a mapping is put to a loaded server"] = new() { OnlyShownTakePlaces = false },
        ["a crowd asks again without cookies"] = new() { CrowdMustShow = false },
        ["an earlier cookie is good for a loaded server"] = new() { LoadedServerWantsFreshCookie = false },
        ["claims displace each other before shares count"] = new() { FreeOfClaims = 2 },
        ["a served site leaves less"] = new() { LeftToOtherSites = 2 },
        ["pairs in use make room like others"] = new() { UsedPairsStay = false },
        ["a lonely claim handshakes in the tunnel"] = new() { LonelyClaimsPart = false },
        ["only claims leave for a handshake"] = new() { OnlyClaimsPart = true },
        ["claims stay where they are"] = new() { ClaimsMove = false },
        ["the mapping heard last gets another route's data"] = new() { RoutesAreKnown = false },
        ["the first route wins the index"] = new() { IndicesAreTheirRoutes = false },
        ["a stranger claims the first route only"] = new() { ClaimsTakeTurns = false },
        ["a full tunnel hides another route's"] = new() { TunnelsWithRoomGoFirst = false },
        ["unknown data go where something was heard last"] = new() { UnknownGoesWhereUsedLast = false },
        ["a cookie reply of the client's is a sign of life"] = new() { CookiesAreLife = true },
        ["one end prolongs what lingers"] = new() { HalfALifeProlongs = true },
        ["a claim outlives what lingered"] = new() { ClaimsEndAsLingering = false },
        ["answers keep what lingered"] = new() { AnswersEndAsLingering = false },
        ["answers keep a proven mapping alive"] = new() { AnswersKeepAlive = true },
        ["asking is a sign of life"] = new() { AskingIsLife = true },
        ["cookies prolong for ever"] = new() { CookiesAreBounded = false },
        ["asking revives"] = new() { AskingRevives = true },
        ["claims handshake within the tunnel"] = new() { ClaimsPart = false },
        ["a cookie of the server's for another initiation is believed"] = new() { CookiesAreBound = false },
        ["neighbours are not asked"] = new() { NeighboursAreAsked = false },
        ["only the first neighbour is asked"] = new() { AllNeighboursAreAsked = false },
        ["a neighbour's expired keys are borrowed"] = new() { NeighboursForget = false },
        ["a neighbour's keys mix with any tunnel"] = new() { OnlyOneSessionMixes = false },
        ["a neighbour's keys prove a mapping"] = new() { BorrowedKeysProve = true },
        ["answers to known questions stay with the neighbour"] = new() { AnswersAreTakenOver = false },
        ["a restart forgets what was asked"] = new() { RestartKeepsInitiations = false },
        ["a restart forgets which port an index was named on"] = new() { RestartKeepsPorts = false },
        ["a restart forgets whom a tunnel was made for"] = new() { RestartKeepsFounders = false },
        ["a restart forgets which pairs are in use"] = new() { RestartKeepsUse = false },
        ["a restart keeps what was sent from budgets"] = new() { RestartRefillsBudgets = false },
        ["a restart lets linger anew"] = new() { RestartCountsLingering = false },
        ["a cookie of the server verifies its source"] = new() { ServerCookieVerifies = true },
    };

    [Theory]
    [MemberData(nameof(WrongRules))]
    public void A_wrong_rule_is_found_by_a_short_sequence(string name)
    {
        ReferenceRules wrong = Wrong.GetValueOrDefault(name) ?? WrongAnswers[name];
        for (int seed = 1; seed <= Seeds; seed++)
        {
            if (Explorer.Explore(seed, coverage: null, wrong) is (Sequence failing, _))
            {
                (Sequence shorter, string text) = Explorer.Shorten(seed, failing, wrong);
                output.WriteLine($"{name}: {failing.Steps.Count} steps became {shorter.Steps.Count}\n{text}");
                Assert.InRange(shorter.Steps.Count, 1, 40);
                Assert.NotNull(Lockstep.Run(Sequence.Parse(text), wrong));
                Assert.Null(Lockstep.Run(shorter));
                return;
            }
        }

        Assert.Fail($"{Seeds} sequences did not tell the wrong rule from the right one");
    }
}
