using System.Net;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// What an initiation must pass beside mac1.
internal sealed partial class ReferenceRelay
{
    private readonly List<(Source Source, byte[] Cookie, Tick At)> _cookies = [];
    private readonly List<(byte[] Reply, byte[] Mac1, byte[] Cookie)> _sealed = [];
    private readonly Dictionary<Source, Tick> _verified = [];
    private readonly Dictionary<Source, Tick> _known = [];
    private readonly Dictionary<int, Tick> _serverLoadedUntil = [];
    private readonly Dictionary<int, Tick> _loadedForTunnelsUntil = [];
    private readonly List<(IPNetwork Site, Tick At)> _turns = [];
    private readonly Dictionary<IPNetwork, Tick> _knownNetworks = [];
    private readonly Dictionary<IPNetwork, Tick> _spared = [];
    private ReferenceBucket _sparing = new();
    private readonly Dictionary<int, ReferenceBucket> _places = [];
    private readonly List<(IPNetwork Site, bool IsNewcomer, Tick At)> _served = [];
    private List<byte[]> _forwarded = [];
    private List<byte[]> _forwardedBefore = [];
    private Tick _turnedAt;

    private enum Rank
    {
        Newcomer,
        Verified,
        Known,
        Live,
    }

    /// <summary>The relay sent this cookie to a source: what it is made from is its own business, but it must recognise
    /// it, from this source, in this period of two minutes and the next.</summary>
    public void CookieSent(Source source, byte[] cookie, Tick now) => _cookies.Add((source, cookie, now));

    private Verdict? Refusal(ReadOnlyMemory<byte> initiation, Source source, int route, Tick now, out bool mustShow)
    {
        mustShow = false;
        if (IsDenied(source, route))
        {
            return Verdict.Denied;
        }

        if (IsReplay(initiation, now))
        {
            return Verdict.Replayed;
        }

        bool isLoaded = IsServerLoaded(route, Rank.Newcomer, now);
        bool isOverShare = IsOverShare(source, IsUnshown);
        mustShow = IsCrowded(matters: true) || isLoaded || isOverShare;
        bool mustShowNow = isLoaded && rules.LoadedServerWantsFreshCookie;
        if (mustShow && !ShowsCookie(initiation, source, now) && (mustShowNow || !IsWithin(_verified, source, rules.VerifiedSeconds, now)))
        {
            if (isLoaded || isOverShare || IsPressed() || !IsSpared(source, now))
            {
                return Verdict.Reply;
            }

            Uncounted["spared"]++;
            mustShow = false;
        }

        if (mustShow && IsOverShare(source, mapping => mapping.Proof == Proof.Asked && mapping.MustShow == true))
        {
            return Verdict.OverShare;
        }

        return TakesPlace(route, RankOf(source, now), source, now) ? null : Verdict.ServerLoaded;
    }

    private bool IsCrowded(bool matters)
    {
        int asked = Live.Count(mapping => mapping.Proof == Proof.Asked);
        int room = settings.MaxMappings - Live.Count(mapping => mapping.Proof is Proof.Established or Proof.Confirmed);
        return matters && (asked >= settings.LoadedAsked + rules.MoreAsked || asked > room * rules.AskersOfRoom);
    }

    private bool IsPressed()
    {
        int asked = Live.Count(mapping => mapping.Proof == Proof.Asked);
        int room = settings.MaxMappings - Live.Count(mapping => mapping.Proof is Proof.Established or Proof.Confirmed);
        return rules.ThePressedSpareNobody && (asked * 2 >= settings.MaxAsked || asked * 2 > room);
    }

    /// <summary>The server accepted somebody at this address lately, and of it nobody was spared in this second.</summary>
    private bool IsSpared(Source source, Tick now)
    {
        IPNetwork network = PrefixOf(source);
        if (!_knownNetworks.TryGetValue(network, out Tick known) || now - known >= rules.KnownSeconds * 1_000
            || (_spared.TryGetValue(network, out Tick spared) && now - spared < rules.BetweenSpared) || !_sparing.Take(1, 16, 32, now))
        {
            return false;
        }

        _spared[network] = now;
        return true;
    }

    private void Accepted(Source source, Tick now)
    {
        _known[source] = now;
        if (rules.KnownAddressesAreSpared)
        {
            _knownNetworks[PrefixOf(source)] = now;
        }
    }

    private bool IsDenied(Source source, int route)
    {
        bool isAllowed = settings.Allow.IsEmpty || Sequence.AllowedPrefix.Contains(source.Address);
        return !isAllowed || (!settings.Deny.IsEmpty && Sequence.DeniedPrefix.Contains(source.Address)) || IsDeniedByRoute(source, route);
    }

    /// <summary>Two sets take turns, at a look and not before: each remembers for two minutes, and then is remembered for
    /// two more.</summary>
    private bool IsReplay(ReadOnlyMemory<byte> initiation, Tick now)
    {
        if (now - _turnedAt >= rules.ReplaySeconds * 1_000)
        {
            _forwardedBefore = now - _turnedAt < rules.ReplaySeconds * 2_000 ? _forwarded : [];
            _forwarded = [];
            _turnedAt = now;
        }

        return _forwarded.Concat(_forwardedBefore).Any(old => old.AsSpan().SequenceEqual(initiation.Span.Slice(116, 16)));
    }

    private void RememberForwarded(byte[] mac1) => _forwarded.Add(mac1);

    private bool ShowsCookie(ReadOnlyMemory<byte> initiation, Source source, Tick now)
    {
        byte[] expected = new byte[16];
        foreach ((_, byte[] cookie, Tick at) in _cookies.Where(sent => sent.Source == source))
        {
            Blake2s.Mac(cookie, initiation.Span[..132], expected);
            if (initiation.Span[132..].SequenceEqual(expected) && Period(now) - Period(at) <= 1)
            {
                _verified[source] = now;
                return true;
            }
        }

        return false;
    }

    private long Period(Tick at) => at.Milliseconds / (rules.CookiePeriodSeconds * 1_000);

    private static bool IsWithin(Dictionary<Source, Tick> list, Source source, int seconds, Tick now) =>
        list.TryGetValue(source, out Tick at) && now - at < seconds * 1_000;

    private bool IsOverShare(Source source, Func<ReferenceMapping, bool> kind) =>
        (Live.Count * 4 >= settings.MaxMappings * rules.FreeQuarters
            || Live.Count(mapping => mapping.Proof == Proof.Asked) >= settings.MaxAsked * rules.FreeOfAskers)
        && Live.Count(mapping => PrefixOf(mapping.Source) == PrefixOf(source) && kind(mapping)) >= settings.PrefixShare;

    /// <summary>Whose tunnels are claimed is charged for it: where claimants say they are, they may have forged.</summary>
    private bool IsOverShareOfClaims(ReferenceTunnel tunnel) =>
        Live.Count(mapping => mapping.Proof == Proof.Claimed) >= settings.MaxClaimed * rules.FreeOfClaims
        && Live.Count(mapping => mapping.Proof == Proof.Claimed && !mapping.IsOnProbation && mapping.Charged == tunnel.Owner && rules.ClaimsAreShared)
            >= settings.PrefixShare;

    /// <summary>Whether a mapping got in by nothing but the public key, or by less.</summary>
    private static bool IsUnshown(ReferenceMapping mapping) =>
        (mapping.Proof == Proof.Asked && mapping.MustShow == false) || (mapping.Proof == Proof.Claimed && mapping.IsOnProbation);

    private static IPNetwork PrefixOf(Source source) => NetworkOf(source, 8);

    private static IPNetwork SiteOf(Source source) => NetworkOf(source, 6);

    /// <summary>An IPv4 address, or the first so many bytes of an IPv6 one.</summary>
    private static IPNetwork NetworkOf(Source source, int most)
    {
        byte[] bytes = source.Address.GetAddressBytes();
        int length = bytes.Length == 4 ? 4 : most;
        Array.Clear(bytes, length, bytes.Length - length);
        return new IPNetwork(new IPAddress(bytes), length * 8);
    }

    /// <summary>The server sealed this cookie for the initiation of this mac1: whoever knows both public key and mac1 can
    /// read it, and the relay must.</summary>
    public void ServerSealed(byte[] reply, byte[] mac1, byte[] cookie) => _sealed.Add((reply, mac1, cookie));

    /// <summary>A client that asked is sent a cookie by the server, which takes the place of the relay's.</summary>
    private void LearnServerCookie(ReferenceMapping mapping, ReadOnlyMemory<byte> reply)
    {
        (_, byte[]? mac1, byte[]? cookie) = _sealed.LastOrDefault(made => made.Reply.AsSpan(8).SequenceEqual(reply.Span[8..]));
        if (mapping.LastAsked is (uint sender, byte[] shown) && mac1 is not null
            && ((sender == Index(reply, 4) && shown.AsSpan().SequenceEqual(mac1)) || !rules.CookiesAreBound))
        {
            mapping.ServerCookie = cookie;
        }
    }

    private bool ShowsServerCookie(ReferenceMapping mapping, ReadOnlyMemory<byte> initiation, Tick now)
    {
        if (mapping.ServerCookie is null || !rules.ServerCookieShows || (now >= mapping.CookieUntil && rules.ServerCookieEnds))
        {
            return false;
        }

        byte[] expected = new byte[16];
        Blake2s.Mac(mapping.ServerCookie, initiation.Span[..132], expected);
        bool shows = initiation.Span[132..].SequenceEqual(expected);
        Uncounted["shown.Theirs"] += shows ? 1 : 0;
        return shows;
    }

    private static byte[] Mac1Of(ReadOnlyMemory<byte> initiation) => initiation.Slice(116, 16).ToArray();

    private Rank RankOf(Source source, Tick now) =>
        IsWithin(_known, source, rules.KnownSeconds, now) ? Rank.Known
        : IsWithin(_verified, source, rules.VerifiedSeconds, now) ? Rank.Verified
        : Rank.Newcomer;

    /// <summary>A loaded server looks at few initiations: the last places are for those who have most to lose.</summary>
    private bool TakesPlace(int route, Rank rank, Source source, Tick now)
    {
        if (!IsServerLoaded(route, rank, now))
        {
            return true;
        }

        ReferenceBucket places = _places.TryGetValue(route, out ReferenceBucket? known) ? known : _places[route] = new ReferenceBucket();
        bool isNewcomer = rank is Rank.Newcomer or Rank.Verified;
        bool isServed = _served.Any(other => other.Site == SiteOf(source) && now - other.At < rules.BetweenTokensOfASite
            && (other.IsNewcomer == isNewcomer || !rules.NewcomersAreApart));
        bool taken = places.Take(1, rules.PlacesPerSecond, rules.Places[(int)rank] - (isServed ? rules.LeftToOtherSites : 0), now);
        if (taken)
        {
            _served.Add((SiteOf(source), isNewcomer, now));
        }

        return taken;
    }

    /// <summary>A tunnel's initiation: with the relay's cookie it passes once in four seconds, for a loaded server does not judge
    /// it; otherwise it takes a place, or, put off twice, a turn of its site's.</summary>
    private bool TakesPlaceOrTurn(ReferenceMapping mapping, Rank rank, bool showsServers, Tick now)
    {
        if (rank != Rank.Live || !IsServerLoaded(mapping.Route, rank, now))
        {
            return TakesPlace(mapping.Route, rank, mapping.Source, now);
        }

        if (!showsServers && (mapping.UnjudgedAt is not Tick at || now - at >= rules.BetweenUnjudged))
        {
            mapping.UnjudgedAt = now;
            return true;
        }

        if (TakesPlace(mapping.Route, rank, mapping.Source, now))
        {
            mapping.PutOff = 0;
            return true;
        }

        IPNetwork site = SiteOf(mapping.Source);
        if (mapping.PutOff >= rules.PutOff && !_turns.Any(other => other.Site == site && now - other.At < rules.BetweenTurns))
        {
            _turns.Add((site, now));
            mapping.PutOff = 0;
            Uncounted["turns"]++;
            return true;
        }

        mapping.PutOff++;
        return false;
    }

    private bool IsServerLoaded(int route, Rank rank, Tick now) =>
        now < (rank == Rank.Live ? _loadedForTunnelsUntil : _serverLoadedUntil).GetValueOrDefault(route);

    private void ServerIsLoaded(ReferenceMapping mapping, Tick now)
    {
        _serverLoadedUntil[mapping.Route] = now + (rules.ServerLoadedSeconds * 1_000);
        if (mapping.Proof is Proof.Established or Proof.Confirmed || rules.StrangersCookiesCountForTunnels)
        {
            _loadedForTunnelsUntil[mapping.Route] = _serverLoadedUntil[mapping.Route];
        }

        if (rules.ServerCookieVerifies)
        {
            _verified[mapping.Source] = now;
        }
    }
}
