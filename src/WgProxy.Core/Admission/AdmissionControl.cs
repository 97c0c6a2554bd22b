using System.Runtime.CompilerServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Admission;

/// <summary>
/// The tests of an initiation after mac1: lists, replay filter, cookies, shares and the server's own limit. Under load, a
/// source must show that it can be reached before it costs anything. Load means that many mappings are unanswered, or that the server
/// sends cookies. Admission reads the <see cref="Population"/> and never a mapping. The relay asks it on the slow path only.
/// </summary>
internal sealed class AdmissionControl
{
    private readonly RelaySettings _settings;
    private readonly Population _population;
    private readonly CookieGate _cookies;
    private readonly ServerBudget _budget;
    private readonly RouteTable _routes;
    private readonly RecentSources _known;
    private readonly RecentSources _knownNetworks;
    private readonly RecentSources _spared;
    private readonly ReplayFilter _forwarded;
    private TokenBucket _sparing;
    private TokenBucket _probations;

    /// <summary>Admission to these routes, by the numbers of this population.</summary>
    public AdmissionControl(RelaySettings settings, RouteTable routes, Population population)
    {
        _settings = settings;
        _population = population;
        _cookies = new CookieGate(settings);
        _budget = new ServerBudget(settings);
        _routes = routes;
        _known = new RecentSources(RememberedSources, settings.HashSeed);
        _knownNetworks = new RecentSources(RememberedNetworks, settings.HashSeed);
        _spared = new RecentSources(RememberedSites, settings.HashSeed);
        _forwarded = new ReplayFilter(RememberedReplays, Specification.CookieLifetime, settings.HashSeed);
    }

    /// <summary>The cookie reply made last.</summary>
    public ReadOnlySpan<byte> Reply => _cookies.Reply;

    /// <summary>Why a stranger's initiation is refused; null if it is admitted. The tests run in the order of their cost.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Verdict? Judge(ReadOnlySpan<byte> initiation, in Source source, int route, Tick now, out Share share)
    {
        share = Share.Unverified;
        if (IsDenied(source, route))
        {
            return Verdict.Denied;
        }

        if (IsReplay(initiation, now))
        {
            return Verdict.Replayed;
        }

        // Under load, a source that showed a cookie lately needs no new one. It may have lost it with a mapping that made room. A loaded
        // server's few tokens need a cookie in the initiation itself, because an attacker may forge the address of such a source.
        bool isServerLoaded = _routes[route].Load.IsLoaded(now);
        bool isOverShare = IsOverShare(source.Prefix, Share.Unverified);
        if (isServerLoaded || IsCrowded() || isOverShare)
        {
            bool isShown = _cookies.HasCookie(initiation, source, now) || (!isServerLoaded && _cookies.WasVerified(source, now));
            if (!isShown && (isServerLoaded || isOverShare || IsPressed() || !TrySpare(source, now)))
            {
                return Verdict.Reply;
            }

            share = isShown ? Share.Verified : Share.Unverified;
            if (isShown && IsOverShare(source.Prefix, Share.Verified))
            {
                return Verdict.OverShare;
            }
        }

        return _budget.TryTakeToken(ref _routes[route].Load, PriorityOf(source, now), source, now) ? null : Verdict.ServerLoaded;
    }

    /// <summary>Whether an initiation of a mapping with this proof must show a cookie. While the server is loaded, all must: tokens
    /// are few, and forged addresses are many. Under the relay's own load, unanswered mappings must.
    /// Otherwise the first thousand mappings of a flood would go on asking the server 1,000 times a second.</summary>
    public bool MustShow(int route, Proof proof, Tick now) =>
        ServerBudget.IsLoaded(_routes[route].Load, proof >= Proof.Established ? InitiationPriority.Live : InitiationPriority.Newcomer, now)
        || (proof == Proof.Asked && IsCrowded());

    /// <summary>Whether the initiation was forwarded lately.</summary>
    public bool IsReplay(ReadOnlySpan<byte> initiation, Tick now) =>
        _forwarded.Contains(initiation.Slice(WireGuard.InitiationMac1Offset, WireGuard.MacSize), now);

    /// <summary>The initiation of this mac1 is being forwarded.</summary>
    public void Forwarded(ReadOnlySpan<byte> mac1, Tick now) => _forwarded.Add(mac1, now);

    /// <summary>Whether the initiation carries a cookie of this relay; if so, the source is verified.</summary>
    public bool HasCookie(ReadOnlySpan<byte> initiation, in Source source, Tick now) => _cookies.HasCookie(initiation, source, now);

    /// <summary>Makes the cookie reply to an initiation.</summary>
    public void MakeReply(int route, ReadOnlySpan<byte> initiation, in Source source, Tick now) =>
        _cookies.MakeReply(_routes[route].Sealer, initiation, source, now);

    /// <summary>The priority of an initiation of a source that has no mapping, or one that the server has not accepted.</summary>
    public InitiationPriority PriorityOf(in Source source, Tick now) =>
        _known.Contains(source, now, KnownFor) ? InitiationPriority.Known
        : _cookies.WasVerified(source, now) ? InitiationPriority.Verified
        : InitiationPriority.Newcomer;

    /// <summary>Whether the server is loaded as far as initiations of this priority are concerned.</summary>
    public bool IsServerLoaded(int route, InitiationPriority priority, Tick now) => ServerBudget.IsLoaded(_routes[route].Load, priority, now);

    /// <summary>Whether the server may be given one more initiation of this priority.</summary>
    public bool TryTakeToken(int route, InitiationPriority priority, in Source source, Tick now) =>
        _budget.TryTakeToken(ref _routes[route].Load, priority, source, now);

    /// <summary>Whether a loaded server may be given one more initiation of a tunnel.</summary>
    public bool TryTakeTunnelToken(int route, ref TokenWait wait, in Source source, bool showsServers, Tick now) =>
        _budget.TryTakeTunnelToken(ref _routes[route].Load, ref wait, source, showsServers, now);

    /// <summary>The server sent a cookie: it is under load. That says nothing about the source, whose address may be forged and which
    /// may never see the cookie.</summary>
    public void ServerSentCookie(int route, bool isProven, Tick now) => _routes[route].Load.SentCookie(isProven, now);

    /// <summary>Reads the server's cookie in its reply to the initiation of this mac1.</summary>
    public bool TryOpen(int route, ReadOnlySpan<byte> reply, ReadOnlySpan<byte> mac1, Span<byte> cookie) =>
        _routes[route].Sealer.TryOpen(reply, mac1, cookie);

    /// <summary>The server has accepted this source.</summary>
    public void Accepted(in Source source, Tick now)
    {
        _known.Add(source, now);
        _knownNetworks.Add(source.Network, now);
    }

    /// <summary>Whether the relay's lists, or the route's, keep the source out.</summary>
    public bool IsDenied(in Source source, int route) =>
        (!_settings.Allow.IsEmpty && !_settings.Allow.Contains(source)) || _settings.Deny.Contains(source)
        || _routes[route].Settings.Denies(source);

    /// <summary>Whether the prefix holds its share of unproven mappings of this kind. Shares apply only under pressure, which begins
    /// long before askers, or claims, displace each other. Claims are limited only when half of all claims are taken, not because the
    /// table is filling: those that are charged to a site may be strangers'.</summary>
    public bool IsOverShare(Prefix prefix, Share share) =>
        (share == Share.Claimed
            ? _population.Claimed * 2 >= _settings.MaxClaimed
            : _population.Live * 4 >= _settings.MaxMappings || _population.Asked * 2 >= _settings.MaxAsked)
        && _population.Charged(prefix, share) >= _settings.PrefixShare;

    /// <summary>Whether one more source may be put on probation.</summary>
    public bool TryBeginProbation(in Source source, Tick now) =>
        _population.Live * 2 < _settings.MaxMappings && !IsOverShare(source.Prefix, Share.Unverified)
        && _population.OnProbation < MaxOnProbation && _population.Claimed < _settings.MaxClaimed
        && _probations.TryTake(1, ProbationsPerSecond, ProbationBurst, now);

    /// <summary>Whether so many mappings are unanswered that newcomers must show a cookie: more than is usual, or half of the room that proven
    /// mappings leave. So a flood cannot displace honest newcomers faster than the server answers them.</summary>
    private bool IsCrowded()
    {
        int asked = _population.Asked;
        return asked > _settings.LoadedAsked || asked * 2 > _settings.MaxMappings - _population.Proven;
    }

    /// <summary>Whether so many mappings are unanswered that sources without a cookie would displace honest ones.</summary>
    private bool IsPressed()
    {
        int asked = _population.Asked;
        return asked * 2 >= _settings.MaxAsked || asked * 2 > _settings.MaxMappings - _population.Proven;
    }

    /// <summary>Whether a stranger needs no cookie under load: its address (IPv6: its /64) is one at which the server accepted
    /// a source within ten minutes. So a client whose port has changed need not wait. An attacker may forge such an address.
    /// So it is one per second and address, and few in all.</summary>
    private bool TrySpare(in Source source, Tick now)
    {
        Source network = source.Network;
        if (!_knownNetworks.Contains(network, now, KnownFor) || _spared.Contains(network, now, BetweenSparedOfANetwork)
            || !_sparing.TryTake(1, SparedPerSecond, SparedBurst, now))
        {
            return false;
        }

        _spared.Add(network, now);
        return true;
    }
}
