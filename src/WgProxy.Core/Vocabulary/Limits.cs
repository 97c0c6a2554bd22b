namespace WgProxy.Core.Vocabulary;

/// <summary>What WireGuard's protocol fixes (whitepaper, section 6.1). The relay cannot choose these; its own limits follow from them.
/// </summary>
internal static class Specification
{
    /// <summary>REKEY_TIMEOUT: a client repeats an unanswered initiation after this time, plus up to a third of a second.</summary>
    public static readonly TimeSpan RekeyTimeout = TimeSpan.FromSeconds(5);

    /// <summary>REKEY_ATTEMPT_TIME: a client gives up asking after this time, until it has data again.</summary>
    public static readonly TimeSpan RekeyAttemptTime = TimeSpan.FromSeconds(90);

    /// <summary>REJECT_AFTER_TIME: neither end accepts data under keys older than this.</summary>
    public static readonly TimeSpan RejectAfterTime = TimeSpan.FromSeconds(180);

    /// <summary>KEEPALIVE_TIMEOUT: an end that has received data and has none to send answers with a keepalive after this time.</summary>
    public static readonly TimeSpan KeepaliveTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The lifetime of a cookie, and of the secret it is made from.</summary>
    public static readonly TimeSpan CookieLifetime = TimeSpan.FromSeconds(120);

    /// <summary>Initiations per second and source address that a loaded Linux or Go server judges (ratelimiter: 20 packets per second).
    /// </summary>
    public const int LoadedServerJudgesPerSecond = 20;

    /// <summary>As many of them at once (ratelimiter: a burst of 5).</summary>
    public const int LoadedServerBurst = 5;
}

/// <summary>
/// The relay's own limits, each with its reason: one page to read, and to change. Limits that depend on the host or on a setting are in
/// <see cref="RelaySettings"/>, whose defaults come from here. Times without a type are in milliseconds.
/// </summary>
internal static class Limits
{
    // How many mappings there are.

    /// <summary>Mappings at once, unless the operator says otherwise.</summary>
    public const int DefaultMappings = 16_384;

    /// <summary>Slots whose sockets may still be closing while others are opened in the same batch.</summary>
    public const int ClosingSlots = 64;

    /// <summary>Asked mappings at most. Each holds a socket only. 4,096 in 15 s are 273 newcomers a second.</summary>
    public const int MostAsked = 4_096;

    /// <summary>One mapping in four may be Asked. So strangers who know the public key cannot fill the table.</summary>
    public const int AskedPart = 4;

    /// <summary>Load begins at a quarter of the mappings that may be Asked. Below that, strangers need no cookie.</summary>
    public const int LoadedPart = 4;

    /// <summary>Claims at most.</summary>
    public const int MostClaims = 1_024;

    /// <summary>Claims that even the smallest table allows: a small relay's clients roam too.</summary>
    public const int LeastClaims = 64;

    /// <summary>Of all mappings, one in sixteen may be a claim, between <see cref="LeastClaims"/> and <see cref="MostClaims"/>.</summary>
    public const int ClaimedPart = 16;

    /// <summary>Unproven mappings of one address prefix at most, once shares count.</summary>
    public const int MostOfAPrefix = 64;

    /// <summary>Of the mappings that may be Asked, a prefix holds at most one in eight.</summary>
    public const int PrefixPart = 8;

    /// <summary>Claims of one tunnel at once.</summary>
    public const int ClaimsPerTunnel = 4;

    /// <summary>Mappings on probation at once (probation is off by default): random indices fill a corner, not the table.</summary>
    public const int MaxOnProbation = 256;

    /// <summary>New mappings on probation per second.</summary>
    public const int ProbationsPerSecond = 16;

    /// <summary>New mappings on probation at once.</summary>
    public const int ProbationBurst = 64;

    // How long a mapping lives. These are defaults: the operator, or a test, may choose others.

    /// <summary>A proven mapping without a valid packet in either direction. Both ends of a tunnel in use speak every 120 s.</summary>
    public static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(300);

    /// <summary>A mapping that waits for an answer: two of WireGuard's retries (<see cref="Specification.RekeyTimeout"/>) and slack.</summary>
    public static readonly TimeSpan AskedTimeout = TimeSpan.FromSeconds(15);

    /// <summary>A mapping that keeps asking, in all: WireGuard gives up after <see cref="Specification.RekeyAttemptTime"/>.</summary>
    public static readonly TimeSpan AskedLimit = TimeSpan.FromSeconds(100);

    /// <summary>A mapping that the server sent a cookie. Cookies are bound to the relay's port, so it must outlive
    /// <see cref="Specification.CookieLifetime"/>.</summary>
    public static readonly TimeSpan CookieTimeout = TimeSpan.FromSeconds(130);

    /// <summary>A claim without a packet that has a live index. The server answers a keepalive with nothing and data after 10 s at the latest,
    /// so this outlives several keepalives of 25 s.</summary>
    public static readonly TimeSpan ClaimedTimeout = TimeSpan.FromSeconds(120);

    /// <summary>A mapping on probation without a packet: longer than a keepalive of 25 s.</summary>
    public static readonly TimeSpan ProbationTimeout = TimeSpan.FromSeconds(30);

    /// <summary>An answered client that has not used the answer. WireGuard uses it at once.</summary>
    public static readonly TimeSpan AnsweredTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A revived mapping that has not heard both ends.</summary>
    public static readonly TimeSpan RevivedTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A pair of indices: WireGuard rejects keys after <see cref="Specification.RejectAfterTime"/>.</summary>
    public static readonly TimeSpan IndexLifetime = TimeSpan.FromSeconds(190);

    /// <summary>How long a port rests that no server has sent to. A late answer may still come, and nothing else.</summary>
    public static readonly TimeSpan UnusedPortRest = TimeSpan.FromSeconds(15);

    // What is remembered of a tunnel, of its mappings and its server.

    /// <summary>Pairs of indices of one tunnel that are believed at once: boringtun keeps as many sessions.</summary>
    public const int PairsPerTunnel = 8;

    /// <summary>Mappings of one tunnel at once: the one in use, and four that claim or were in use.</summary>
    public const int MembersPerTunnel = 5;

    /// <summary>Initiations of one end. An attacker that forges the client's address can add some too. Within the 5 s for which a client
    /// believes an answer, seven others pass at most (<see cref="InitiationsPerSecond"/>).</summary>
    public const int InitiationsPerEnd = 8;

    /// <summary>Addresses of one server that could not be reached lately: as many as a resolver publishes.</summary>
    public const int FailuresPerServer = 8;

    // What a mapping may send.

    /// <summary>Initiations per second of one mapping. WireGuard sends one per 5 s, and believes an answer until it sends
    /// the next. If a sender forges the client's address, at most seven others pass in that time: the client's own is still among the eight
    /// that the relay remembers.</summary>
    public const int InitiationsPerSecond = 1;

    /// <summary>Initiations of one mapping at once.</summary>
    public const int InitiationBurst = 3;

    /// <summary>Bytes per second with an index that no server issued here, from a mapping that is not proven. Legitimate after a restart
    /// of the relay, until the next handshake.</summary>
    public const long UnknownPerSecond = 64 << 10;

    /// <summary>As many of them at once: a client in mid-handshake has little to send.</summary>
    public const long UnknownBurst = 256 << 10;

    /// <summary>The same from a proven mapping, which may be at full speed.</summary>
    public const long UnknownProvenPerSecond = 64 << 20;

    /// <summary>As many of them at once.</summary>
    public const long UnknownProvenBurst = 64 << 20;

    /// <summary>Bytes per second that a claim may send until the server uses its port.</summary>
    public const long ClaimPerSecond = 1 << 20;

    /// <summary>Bytes that a claim may send at once. A client that roams in mid-upload is answered within a round trip, long before 4 MiB
    /// are gone.</summary>
    public const long ClaimBurst = 4 << 20;

    /// <summary>The least burst of a rate, in bytes: a run of 64 KiB, as the kernel joins them, and as much again behind it.</summary>
    public const long LeastRateBurst = 128 << 10;

    /// <summary>What passes at once after a silence, in bytes, by this rate per second: what it lets pass in a second. TCP that lost much waits
    /// for 200 ms and longer (RFC 6298), and the rate of that time is not to be lost: with 100 ms, a flow over 1 ms got 55 % of 10 Mbit/s.</summary>
    public static long RateBurst(long perSecond) => Math.Max(LeastRateBurst, perSecond);

    // How long a mapping waits for its server before it says so, or tries another address.

    /// <summary>A proven client's data count as unanswered after <see cref="Specification.KeepaliveTimeout"/> and a second for the path.</summary>
    public const long AnsweredWithin = 11_000;

    /// <summary>The least time between two signs that a client is unanswered.</summary>
    public const long BetweenSigns = 5_000;

    /// <summary>The same as <see cref="AnsweredWithin"/>, if the name now lists the server elsewhere and the client used to be answered
    /// promptly. TCP acknowledges within a round trip. A client that only sends has the whole keepalive timeout.</summary>
    public const long AnsweredElsewhereWithin = 3_000;

    /// <summary>An answer within this time is prompt.</summary>
    public const long Promptly = 2_000;

    /// <summary>The same as <see cref="AnsweredWithin"/> where this host has no path to the address: the data have not left.</summary>
    public const long AnsweredUnreachableWithin = 1_000;

    /// <summary>A second initiation after this time is the client's next attempt (<see cref="Specification.RekeyTimeout"/>).</summary>
    public const long AskedElsewhereAfter = 4_000;

    /// <summary>An attacker can forge a client's initiations. Without other signs, initiations move a mapping only after this many…</summary>
    public const int AskedBeforeMoved = 3;

    /// <summary>…over at least this time, without any packet from the server.</summary>
    public const long AskedBeforeMovedFor = 10_000;

    /// <summary>Initiations further apart than this belong to different attempts.</summary>
    public const long AskedTogether = 20_000;

    /// <summary>An address that could not be reached is tried last for this long. A route may be away for a second.</summary>
    public const long FailedFor = 10_000;

    // What a stranger's initiation must pass.

    /// <summary>Initiations per second that the relay sends to a loaded server, of the <see cref="Specification.LoadedServerJudgesPerSecond"/>
    /// that it judges. All clients of a relay share one address there, and two clocks differ.</summary>
    public const int ServerTokensPerSecond = 18;

    /// <summary>How long one cookie from the server counts as load. Clients ask every 5 s, so a loaded server sends another.</summary>
    public static readonly TimeSpan ServerLoadedFor = TimeSpan.FromSeconds(2);

    /// <summary>How long a source that showed a cookie counts as reachable.</summary>
    public static readonly TimeSpan VerifiedFor = TimeSpan.FromSeconds(180);

    /// <summary>How long a source that the server accepted counts as known.</summary>
    public static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(600);

    /// <summary>Known sources that need no cookie under load, per second: some 270 in 15 s, of 4,096 Asked mappings.</summary>
    public const int SparedPerSecond = 16;

    /// <summary>As many of them at once.</summary>
    public const int SparedBurst = 32;

    /// <summary>The least time between two of them from one network.</summary>
    public static readonly TimeSpan BetweenSparedOfANetwork = TimeSpan.FromSeconds(1);

    /// <summary>With the relay's cookie, a tunnel's initiation passes once in this time without a token. A loaded server answers it with
    /// a cookie of its own and judges nothing. WireGuard asks again after 5 s.</summary>
    public static readonly TimeSpan BetweenUnjudged = TimeSpan.FromSeconds(4);

    /// <summary>A tunnel that was put off this often takes a turn beyond the tokens.</summary>
    public const int MostPutOff = 2;

    /// <summary>A site that had a token within the time of so many leaves <see cref="LeftToOtherSites"/> to others. So a peer with many
    /// mappings cannot take all tokens of tunnels. Newcomers have no more than three: of one site, they get a ninth of all at most. It is the
    /// time of nine, whatever part of the tokens the worker has.</summary>
    public const int TokensOfASite = 9;

    /// <summary>The last tokens of the burst, which a site that had one lately leaves to others.</summary>
    public const int LeftToOtherSites = 3;

    /// <summary>A site has one turn beyond the tokens within the time of so many.</summary>
    public const int TokensOfTurns = 18;

    /// <summary>Sources that showed a cookie, and sources that the server accepted, of each as many: twice the mappings that there are
    /// by default. Forgetting one early costs its client a cookie.</summary>
    public const int RememberedSources = 1 << 15;

    /// <summary>Networks at which the server accepted a source.</summary>
    public const int RememberedNetworks = 1 << 14;

    /// <summary>Sites that had a token or a turn, and networks that were spared, of each as many: some 18 a second come in.</summary>
    public const int RememberedSites = 1 << 10;

    /// <summary>Sources whose initiations were refused lately: evidence for the operator, which decides nothing.</summary>
    public const int RememberedStrangers = 1 << 8;

    /// <summary>Bytes of UDP payload that every path carries (IPv6: 1,280 less its headers). A larger datagram shows that large data pass: a
    /// tunnel of the least MTU (1,280) sends up to 1,312.</summary>
    public const int LargeDatagram = 1_232;

    /// <summary>Forwarded initiations in each of the replay filter's two sets: 136 a second for <see cref="Specification.CookieLifetime"/>.
    /// </summary>
    public const int RememberedReplays = 1 << 14;

    /// <summary>Routes that one list has room for by default. What a relay keeps for each is made when the route comes.</summary>
    public const int MostRoutes = 1_024;

    /// <summary>Of a source's mappings, those used last that its data are tried against one by one. Of the others, the roaming table names
    /// those whose server issued the index.</summary>
    public const int OwnMappingsTried = 16;

    /// <summary>Of the routes of a source's mappings, those whose keys an initiation of the source is tried against before all keys
    /// together: beyond these, all together cost less.</summary>
    public const int KnownRoutesTried = 4;

    /// <summary>Steps in which a relay compares the mac1 of servers' handshake messages with all keys of peers, per second: a step compares
    /// eight keys with a response in some 0.2 µs, so this is a twentieth of the time. With an initiation it takes twice as long, and counts twice. A tunnel whose peer is known takes none.</summary>
    public const long PeerStepsPerSecond = 250_000;

    /// <summary>As many of them at once: with 1,000 peers 2,000 clients that come at once are named, eight keys a step.</summary>
    public const long PeerStepsBurst = 250_000;

    /// <summary>Steps in which a relay compares an initiation with the keys of servers that are not served where it arrived, per second. Only what it
    /// is called depends on that: of those beyond this, some 0.5 ms of each second, it is said that they match no key.</summary>
    public const long ElsewhereStepsPerSecond = 1_024;

    /// <summary>As many of them at once: <see cref="MostRoutes"/> servers, each served at addresses of its own, take so many for one initiation.
    /// </summary>
    public const long ElsewhereStepsBurst = 1_024;

    // What is written down for others.

    /// <summary>A live mapping's record is written anew at least this often, in milliseconds. A reader that forgets what is older than
    /// 120 s then forgets nothing that lives, even if one record is lost.</summary>
    public const long RecordedWithin = 45_000;

    /// <summary>After how many milliseconds an engine tries again to leave a record that there was no room for. A full journal costs ten
    /// looks a second.</summary>
    public const long NoRoomForRecords = 100;

    /// <summary>Records that an engine writes in one turn.</summary>
    public const int RecordsPerTurn = 64;

    /// <summary>Records that an engine looks at in one turn to restore those that are its own. Most may be another worker's.</summary>
    public const int RestoresLookedAtPerTurn = 256;

    /// <summary>Mappings that an engine restores, or refuses to, in one turn.</summary>
    public const int RestoredPerTurn = 64;

    // What is sought in a directory of other relays' tunnels. With a million live indices there, one random guess in 4,295 finds a tunnel. So a site that guesses finds one each
    // 8 s, and a flood from forged addresses that takes all there is finds six a second. A claim needs the same index twice, and one that the server does not answer ends after 120 s.

    /// <summary>Indices that may be sought for one source in a second. A client needs one for each handshake, and again while the record is on its way.</summary>
    public const int SoughtPerSource = 8;

    /// <summary>Indices that may be sought for one site in a second: a site of a thousand clients is back in two.</summary>
    public const int SoughtPerSite = 512;

    /// <summary>Indices that an engine may seek in a second. More than a flood of 20,000 datagrams brings, so that it delays no client that moves; a store answers ten times as many.
    /// </summary>
    public const int SoughtPerSecond = 24_576;

    /// <summary>Cells that the budgets of sources share: with 20,000 forged sources a second there is one in three.</summary>
    public const int SeekingSources = 1 << 16;

    /// <summary>Cells that the budgets of sites share.</summary>
    public const int SeekingSites = 1 << 14;

    /// <summary>Indices that are remembered to have been sought: as many as may be sought in a second.</summary>
    public const int RememberedSought = 1 << 15;

    /// <summary>Indices that wait to be taken. An engine takes them once a turn.</summary>
    public const int SoughtWaiting = 1 << 12;

    /// <summary>Indices that an engine takes in one turn.</summary>
    public const int SoughtPerTurn = 256;

    /// <summary>After how many milliseconds an index is sought again for the first time. A relay's records are with the store within 50 ms.</summary>
    public const long SoughtShortest = 64;

    /// <summary>After how many milliseconds it is sought again at last, and how long an answer is expected.</summary>
    public const long SoughtLongest = 1_024;

    /// <summary>An index that was not sought for so many milliseconds is sought as if for the first time.</summary>
    public const long SoughtForgotten = 10_000;

    /// <summary>Found tunnels that a relay keeps at most: half a KiB each.</summary>
    public const int MostFound = 16_384;

    /// <summary>How long a found tunnel waits for the next packet of its client: WireGuard's keepalives come each 25 s.</summary>
    public static readonly TimeSpan FoundFor = TimeSpan.FromSeconds(30);

    /// <summary>Found tunnels that wait to be taken by one owner of a relay.</summary>
    public const int AnswersWaiting = 1 << 14;

    /// <summary>Found tunnels that an engine takes in one turn.</summary>
    public const int AnswersPerTurn = 64;

    // How much one call may do, so that many changes at once do not delay datagrams.

    /// <summary>Mappings that one call of the relay ends.</summary>
    public const int ExpiriesPerCall = 64;

    /// <summary>Slots that a query visits in a turn: some 10 µs.</summary>
    public const int QueriedPerTurn = 256;

    /// <summary>Mappings of changed routes that one call looks at.</summary>
    public const int WalkedPerCall = 1_024;

    /// <summary>Mappings of changed routes that one call redirects or ends.</summary>
    public const int OrdersPerCall = 64;
}
