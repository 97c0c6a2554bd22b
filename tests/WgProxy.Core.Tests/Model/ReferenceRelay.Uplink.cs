using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// What clients send.
internal sealed partial class ReferenceRelay
{
    private ReferenceDecision ClientAsks(ReadOnlyMemory<byte> datagram, Source source, Tick now)
    {
        if (Served.Where(route => routes[route].Mac1.Verify(datagram.Span)).Select(route => (int?)route).FirstOrDefault() is not int route)
        {
            return Drop(Direction.Uplink, Verdict.BadMac1, datagram);
        }

        if (!IsServedAt(route, source))
        {
            return Drop(Direction.Uplink, Verdict.NotServedHere, datagram, route: route);
        }

        ReferenceMapping? mapping = On(source, route);
        if (mapping is null)
        {
            return Admit(datagram, source, route, now);
        }

        if (IsReplay(datagram, now))
        {
            return Drop(Direction.Uplink, Verdict.Replayed, datagram, mapping);
        }

        bool showsServers = ShowsServerCookie(mapping, datagram, now);
        bool shown = ShowsCookie(datagram, source, now) || showsServers;
        mapping.HasShown |= shown;
        bool isOneOfACrowd = mapping.Proof == Proof.Asked && IsCrowded(rules.CrowdMustShow);
        bool isProven = mapping.Proof is Proof.Established or Proof.Confirmed;
        if (!shown && (isOneOfACrowd || (IsServerLoaded(route, isProven ? Rank.Live : Rank.Newcomer, now) && rules.OnlyShownTakePlaces)))
        {
            return Drop(Direction.Uplink, Verdict.Reply, datagram, mapping);
        }

        ReferenceBucket bucket = shown && rules.ShownHaveTheirOwn ? mapping.Shown : mapping.Initiations;
        if (!bucket.Take(1, rules.InitiationsPerSecond, rules.InitiationBurst, now))
        {
            return Drop(Direction.Uplink, shown ? Verdict.RateLimited : Verdict.Reply, datagram, mapping);
        }

        if (!TakesPlaceOrTurn(mapping, isProven ? Rank.Live : RankOf(source, now), showsServers, now))
        {
            return Drop(Direction.Uplink, Verdict.ServerLoaded, datagram, mapping);
        }

        RememberForwarded(Mac1Of(datagram));
        RememberAsked(mapping, Index(datagram, 4));
        if (shown || rules.UnshownLearnsCookie)
        {
            mapping.LastAsked = (Index(datagram, 4), Mac1Of(datagram));
        }

        if (mapping.Proof == Proof.Lingering)
        {
            // Nobody is revived by asking; but he is the last who makes room.
            Become(mapping, Proof.Lingering);
            if (rules.AskingRevives)
            {
                ReviveIfLingering(mapping, now);
            }
        }

        mapping.AwaitsClient &= !rules.AskingIsLife;
        if (mapping.Proof == Proof.Asked)
        {
            mapping.Expires = AskedDeadline(mapping, now);
        }
        else if (mapping.Proof == Proof.Claimed)
        {
            // As long for the answer as a stranger has, and as long in all.
            mapping.Expires = Tick.Max(mapping.Expires, Tick.Min(now + settings.AskedTimeout, ClaimLimit(mapping)));
        }

        InitiationPassed(mapping, now);
        return Decide(Direction.Uplink, Verdict.Forward, mapping, 1, datagram.Length);
    }

    private ReferenceDecision Admit(ReadOnlyMemory<byte> datagram, Source source, int route, Tick now)
    {
        if (routes[route].Server is null)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, datagram, route: route);
        }

        if (Refusal(datagram, source, route, now, out bool mustShow) is Verdict refusal)
        {
            return Drop(Direction.Uplink, refusal, datagram, route: route);
        }

        LimitTo(settings.MaxAsked, Proof.Asked);
        if (!MakeRoom(Proof.Lingering, Proof.Asked, Proof.Claimed, Proof.Answered))
        {
            return Drop(Direction.Uplink, Verdict.TableFull, datagram, route: route);
        }

        ReferenceMapping mapping = Found(source, route, Proof.Asked, now);
        (mapping.MustShow, mapping.HasShown) = (mustShow, mustShow);
        mapping.AskedSince = now;
        mapping.AskedInVain = 1;
        mapping.Initiations.Take(1, rules.InitiationsPerSecond, rules.InitiationBurst, now);
        RememberAsked(mapping, Index(datagram, 4));
        mapping.LastAsked = (Index(datagram, 4), Mac1Of(datagram));
        mapping.Expires = AskedDeadline(mapping, now);
        return Decide(Direction.Uplink, Verdict.Open, mapping, 1, datagram.Length);
    }

    /// <summary>Types 2 and 3: pass only with an index that this tunnel's server issued.</summary>
    private ReferenceDecision ClientAnswers(ReadOnlyMemory<byte> datagram, Source source, Tick now)
    {
        bool isResponse = KindOf(datagram.Span) == Kind.Response;
        uint receiver = Index(datagram, isResponse ? 8 : 4);
        ReferenceMapping? mapping = Explaining(source, IsExplained);
        if (isResponse && mapping is null)
        {
            ReferenceMapping? otherwise = Unexplaining(source, receiver, now);
            if (Claim(datagram, receiver, source, IsExplained, instead: null, now, out _) is ReferenceDecision claim)
            {
                return claim;
            }

            mapping = Explaining(source, IsExplained) ?? otherwise;
        }

        mapping ??= Unexplaining(source, receiver, now);
        if (mapping is null || !IsExplained(mapping))
        {
            if (isResponse)
            {
                Seek(receiver, source, now);
            }

            Verdict verdict = mapping is null ? Verdict.NoMapping : mapping.Tunnel.Issued(receiver, now) ? Verdict.BadMac1 : Verdict.UnknownIndex;
            return Drop(Direction.Uplink, verdict, datagram, mapping);
        }

        if (isResponse)
        {
            Use(mapping);
        }

        if (mapping.Proof == Proof.Claimed && !mapping.Claim.Take(datagram.Length, 1 << 20, rules.ClaimBurst, now))
        {
            return Drop(Direction.Uplink, Verdict.OverBudget, datagram, mapping);
        }

        if (isResponse || rules.CookiesAreLife)
        {
            HeardClient(mapping, now);
        }

        if (isResponse && mapping.Tunnel.AnsweredBy(receiver, Index(datagram, 4), now) == mapping)
        {
            ShowPeer(mapping, receiver, now);
            Earn(mapping, Proof.Established, now);
        }

        return Decide(Direction.Uplink, Verdict.Forward, mapping, 1, datagram.Length);

        bool IsExplained(ReferenceMapping mapping) =>
            mapping.Tunnel.Issued(receiver, now) && (!isResponse || routes[mapping.Route].Mac1.Verify(datagram.Span));
    }

    private ReferenceDecision ClientSends(ReadOnlyMemory<byte> run, int stride, Source source, Tick now)
    {
        uint receiver = Index(run, 4);
        ReadOnlyMemory<byte> datagram = Datagrams(run, stride).First();
        ReferenceMapping? mapping = Explaining(source, IsExplained);
        if (mapping is null || (mapping.Proof == Proof.Claimed && rules.ClaimsTakeTurns))
        {
            ReferenceMapping? otherwise = Unexplaining(source, receiver, now);
            if (Claim(datagram, receiver, source, IsExplained, instead: mapping, now, out ReferenceMapping? tookOver) is ReferenceDecision claim)
            {
                return claim;
            }

            mapping = tookOver is not null && IsExplained(tookOver) ? tookOver : Explaining(source, IsExplained) ?? otherwise;
        }

        if (mapping is null || !IsExplained(mapping))
        {
            Seek(receiver, source, now);
        }

        if (mapping is null)
        {
            return Adopt(run, stride, source, now);
        }

        if (IsExplained(mapping))
        {
            Use(mapping);
        }

        (int datagrams, int bytes) = Alike(run, stride);
        if (!mapping.Tunnel.HasDataIndex(receiver, now))
        {
            return Unexplained(mapping, run, stride, datagrams, bytes, receiver, now);
        }

        mapping.Tunnel.Use(receiver, now);
        bool knowsThePort = mapping.Tunnel.NamedOn(mapping, receiver, now) || !rules.OnlyOwnPortProves;
        if (mapping.Proof == Proof.Claimed && !knowsThePort && !mapping.Claim.Take(bytes, 1 << 20, rules.ClaimBurst, now))
        {
            return Decide(Direction.Uplink, Verdict.OverBudget, mapping, datagrams, bytes);
        }

        ShowPeer(mapping, receiver, now);
        HeardClient(mapping, now);
        if (knowsThePort)
        {
            Earn(mapping, Proof.Established, now);
        }

        (Verdict verdict, datagrams, bytes, bool isCongested) = Within(Direction.Uplink, mapping, run, stride, datagrams, now);
        if (verdict == Verdict.Forward)
        {
            DataPassed(mapping, datagrams, bytes, now);
        }

        return Decide(Direction.Uplink, verdict, mapping, datagrams, bytes) with { IsCongested = isCongested };

        bool IsExplained(ReferenceMapping mapping) => mapping.Tunnel.HasDataIndex(receiver, now);
    }

    /// <summary>Claims what the source may claim of the own tunnels, else of the neighbours'. Null if there is nothing, or if the claim
    /// is refused and another claim of the source explains the datagram.</summary>
    private ReferenceDecision? Claim(
        ReadOnlyMemory<byte> datagram, uint receiver, Source source, Func<ReferenceMapping, bool> explains, ReferenceMapping? instead, Tick now,
        out ReferenceMapping? tookOver)
    {
        tookOver = null;
        Claimable? claim = ClaimableTunnel(datagram, receiver, source, explains, now) ?? Borrow(datagram, receiver, source, explains, now, out tookOver);
        return claim is null ? null : Claim(datagram, receiver, source, claim, instead, now);
    }

    /// <summary>Data with an index that nobody issued here: passes within a budget, refreshes nothing.</summary>
    private ReferenceDecision Unexplained(
        ReferenceMapping mapping, ReadOnlyMemory<byte> run, int stride, int datagrams, int bytes, uint receiver, Tick now)
    {
        Verdict verdict = mapping.Proof switch
        {
            Proof.Lingering => Verdict.UnknownIndex,
            Proof.Asked => Verdict.NotProven,
            Proof.Claimed or Proof.Answered =>
                mapping.Unknown.Take(bytes, 64 << 10, rules.UnknownBurst, now) ? Verdict.Forward : Verdict.OverBudget,
            _ => mapping.Unknown.Take(bytes, 64 << 20, rules.UnknownProvenBurst, now) ? Verdict.Forward : Verdict.OverBudget,
        };
        if (verdict != Verdict.Forward)
        {
            return Decide(Direction.Uplink, verdict, mapping, datagrams, bytes);
        }

        if (mapping.IsOnProbation)
        {
            // On probation there is no other sign of life.
            mapping.ProbationIndex = receiver;
            mapping.Expires = now + settings.ProbationTimeout;
        }

        (verdict, datagrams, bytes, bool isCongested) = Within(Direction.Uplink, mapping, run, stride, datagrams, now, isKnown: false);
        Counters["tolerated.Uplink"] += verdict == Verdict.Forward ? datagrams : 0;
        return Decide(Direction.Uplink, verdict, mapping, datagrams, bytes) with { IsCongested = isCongested };
    }
}
