using System.Net;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// Proof, deadlines, room, claims.
internal sealed partial class ReferenceRelay
{
    public IEnumerable<ReferenceMapping> Members(ReferenceTunnel tunnel) => Live.Where(mapping => mapping.Tunnel == tunnel);

    /// <summary>The tunnel to which the index leads a newcomer.</summary>
    public ReferenceTunnel? Owner(int route, uint index, Tick now) =>
        _firstOwners.TryGetValue((route, index), out ReferenceTunnel? owner) && Members(owner).Any() && owner.Issued(index, now)
            ? owner : null;

    private ReferenceMapping? On(Source source, int route) =>
        Live.SingleOrDefault(mapping => mapping.Source == source && mapping.Route == route);

    /// <summary>The source's mappings, the one that it used last first; those that it never used come in the order in which they came.
    /// </summary>
    private ReferenceMapping[] Own(Source source) =>
        [.. Live.Where(mapping => mapping.Source == source).OrderByDescending(mapping => mapping.Used).ThenBy(mapping => mapping.Id)];

    /// <summary>The source's mapping whose server issued the index. Of several, one that has proven something before those that only
    /// claim, which take turns.</summary>
    private ReferenceMapping? Explaining(Source source, Func<ReferenceMapping, bool> explains)
    {
        ReferenceMapping[] own = [.. Own(source).Where(explains)];
        return own.FirstOrDefault(mapping => mapping.Proof != Proof.Claimed) ?? own.LastOrDefault();
    }

    /// <summary>Where data go that no mapping of the source explains: to the first route whose server issued the index to others, else
    /// to the route that the source used last.</summary>
    private ReferenceMapping? Unexplaining(Source source, uint receiver, Tick now)
    {
        ReferenceMapping[] own = Own(source);
        return own.Where(mapping => rules.RoutesAreKnown && Owner(mapping.Route, receiver, now) is not null).MinBy(mapping => routes.IdOf(mapping.Route).Index)
            ?? (rules.UnknownGoesWhereUsedLast ? own.FirstOrDefault() : own.MaxBy(mapping => mapping.LastValid));
    }

    /// <summary>The source sent something with an index that the mapping's server issued.</summary>
    private void Use(ReferenceMapping mapping) => mapping.Used = ++_order;

    private ReferenceMapping Add(Source source, ReferenceTunnel tunnel, Proof proof, Tick now, IPEndPoint? server = null)
    {
        ReferenceMapping mapping = new(_ids++, source, tunnel.Route)
        {
            Tunnel = tunnel,
            Joined = ++_order,
            Server = server ?? Best(tunnel.Route, now)!,
            IsOnTrial = !_answering.ContainsKey(tunnel.Route) || rules.NewcomersAreOnTrial,
        };
        mapping.IsElsewhere = IsElsewhere(mapping);
        Live.Add(mapping);
        Become(mapping, proof);
        return mapping;
    }

    /// <summary>Adds a mapping with a tunnel of its own.</summary>
    private ReferenceMapping Found(Source source, int route, Proof proof, Tick now)
    {
        ReferenceTunnel tunnel = new(route, SiteOf(source), founder: null, rules);
        return tunnel.Founder = Add(source, tunnel, proof, now);
    }

    private void RememberAsked(ReferenceMapping mapping, uint index)
    {
        if (!mapping.Asked.Contains(index))
        {
            mapping.Asked.Add(index);
            mapping.Asked.RemoveRange(0, Math.Max(0, mapping.Asked.Count - rules.ClientAsks));
        }
    }

    private Tick AskedDeadline(ReferenceMapping mapping, Tick now) => Tick.Max(
        Tick.Min(now + settings.AskedTimeout, mapping.AskedSince + settings.AskedLimit),
        mapping.CookieUntil);

    private void HeardClient(ReferenceMapping mapping, Tick now)
    {
        ReviveIfLingering(mapping, now);
        mapping.AwaitsClient = false;
        Refresh(mapping, now);
    }

    private void HeardServer(ReferenceMapping mapping, Tick now)
    {
        ReviveIfLingering(mapping, now);
        mapping.AwaitsServer = false;
        Refresh(mapping, now);
    }

    /// <summary>As long as a stranger asks, after the last packet with an index; and no longer than it would have lingered, if it
    /// did when somebody claimed a tunnel under its address.</summary>
    private Tick ClaimLimit(ReferenceMapping mapping)
    {
        Tick inAll = mapping.LastValid + settings.ClaimedTimeout + settings.AskedLimit;
        return mapping.HasLingered && rules.ClaimsEndAsLingering ? Tick.Min(inAll, LingerLimit(mapping)) : inAll;
    }

    private Tick LingerLimit(ReferenceMapping mapping) =>
        Tick.Max(mapping.LingersUntil, Tick.Min(mapping.CookieUntil, mapping.LingersUntil + settings.CookieTimeout));

    /// <summary>The server sent data: that is where it believes its client to be.</summary>
    private void Move(ReferenceMapping mapping)
    {
        ReferenceMapping? left = mapping.Tunnel.InUse;
        mapping.Tunnel.InUse = mapping;
        if (left == mapping || Members(mapping.Tunnel).Count() < rules.MembersPerTunnel)
        {
            return;
        }

        ReferenceMapping? first = Members(mapping.Tunnel)
            .Where(member => member != mapping && (member != left || !rules.LeftMemberStays))
            .Where(member => member.Proof is Proof.Lingering or Proof.Answered or Proof.Established or Proof.Confirmed)
            .OrderByDescending(member => member.Proof == Proof.Lingering)
            .ThenBy(member => member.LastValid)
            .ThenByDescending(member => member.Joined)
            .FirstOrDefault();
        if (first is not null)
        {
            End(first, RelayEventKind.Evicted);
        }
    }

    /// <summary>A valid packet passed.</summary>
    private void Refresh(ReferenceMapping mapping, Tick now)
    {
        mapping.LastValid = now;
        if (mapping.Proof == Proof.Claimed)
        {
            mapping.Expires = Tick.Min(Tick.Max(now + settings.ClaimedTimeout, mapping.CookieUntil), ClaimLimit(mapping));
        }
        else if (mapping.Proof is Proof.Established or Proof.Confirmed && !mapping.AwaitsClient && !mapping.AwaitsServer)
        {
            mapping.HasLingered = false;
            mapping.Expires = now + IdleTimeoutOf(mapping.Route);
        }
    }

    private void Earn(ReferenceMapping mapping, Proof proof, Tick now)
    {
        bool rises = proof > mapping.Proof;
        if (rises)
        {
            Become(mapping, proof);
            mapping.WasAnswered = true;
            mapping.IsOnProbation = false;
            Tell(Enum.Parse<RelayEventKind>(proof.ToString()), mapping);
            if (proof is Proof.Established or Proof.Confirmed)
            {
                mapping.Counts = true;
                Accepted(mapping.Source, now);
            }

            Refresh(mapping, now);
        }

        if (mapping.Proof == Proof.Answered && proof == Proof.Answered)
        {
            mapping.AwaitsClient = mapping.AwaitsServer = false;
            Tick limit = mapping.HasLingered && rules.AnswersEndAsLingering ? LingerLimit(mapping) + settings.RevivedTimeout : Tick.Never;
            mapping.Expires = Tick.Min(now + settings.AnsweredTimeout, limit);
        }
        else if (rises && (mapping.AwaitsClient || mapping.AwaitsServer))
        {
            mapping.Expires = Tick.Min(mapping.Expires, now + settings.RevivedTimeout);
        }
    }

    private void ReviveIfLingering(ReferenceMapping mapping, Tick now)
    {
        if (mapping.Proof != Proof.Lingering)
        {
            return;
        }

        LimitTo(settings.MaxAsked, Proof.Asked, mapping.Former);
        LimitTo(settings.MaxClaimed, Proof.Claimed, mapping.Former);
        Become(mapping, mapping.Former);
        mapping.AwaitsClient = mapping.AwaitsServer = true;
        mapping.AskedSince = now;
        mapping.Expires = now + settings.RevivedTimeout;
        Tell(RelayEventKind.Revived, mapping);
    }

    private void End(ReferenceMapping mapping, RelayEventKind how)
    {
        Live.Remove(mapping);
        Closing.Add(mapping);
        Leave(mapping);
        Tell(how, mapping);
    }

    private static void Leave(ReferenceMapping mapping)
    {
        mapping.Tunnel.Forget(mapping);
        mapping.Counts = false;
    }

    private void LimitTo(int limit, Proof proof, Proof newcomer)
    {
        if (proof == newcomer)
        {
            LimitTo(limit, proof);
        }
    }

    private void LimitTo(int limit, Proof proof)
    {
        if (Live.Count(mapping => mapping.Proof == proof) >= limit)
        {
            End(Live.Where(mapping => mapping.Proof == proof).MinBy(mapping => mapping.Entered)!, RelayEventKind.Evicted);
        }
    }

    private bool MakeRoom(params IEnumerable<Proof> displaceable)
    {
        ReferenceMapping? first = displaceable
            .Select(proof => Live.Where(mapping => mapping.Proof == proof).MinBy(mapping => mapping.Entered))
            .FirstOrDefault(mapping => mapping is not null);
        if (Live.Count >= settings.MaxMappings && first is not null)
        {
            End(first, RelayEventKind.Evicted);
        }

        return Live.Count < settings.MaxMappings && Live.Count + Closing.Count < slots;
    }

    private void Learn(ReferenceMapping mapping, uint server, uint client, Tick now)
    {
        Own(mapping.Tunnel, server, now);
        mapping.Tunnel.Learn(server, client, mapping, now, now + settings.IndexLifetime);
    }

    /// <summary>Whoever was taught an index first keeps it for the roaming table as long as he stands by it.</summary>
    private void Own(ReferenceTunnel tunnel, uint server, Tick now, bool leads = true)
    {
        if (!leads)
        {
            return;
        }

        if (!rules.IndicesAreTheirRoutes && Enumerable.Range(0, tunnel.Route).Any(route => Owner(route, server, now) is not null))
        {
            return;
        }

        ReferenceTunnel? owner = Owner(tunnel.Route, server, now);
        if (owner is null || owner == tunnel || !rules.FirstOwnerKeepsIndex)
        {
            _firstOwners[(tunnel.Route, server)] = tunnel;
        }
        else
        {
            Counters["index.Conflicts"]++;
        }
    }
}
