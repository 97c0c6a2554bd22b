using System.Net;
using WgProxy.Core.Admission;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// Roaming: indices of tunnels that the source has no part in yet.
internal sealed partial class ReferenceRelay
{
    /// <summary>Tunnels whose servers issued the index, and which the source may claim: it has no mapping on the route, or one that
    /// has proven nothing and does not explain the datagram itself. One with room goes first, then the first route's.</summary>
    private Claimable? ClaimableTunnel(ReadOnlyMemory<byte> datagram, uint receiver, Source source, Func<ReferenceMapping, bool> explains, Tick now) =>
        Served
            .Select(route => new { Tunnel = Owner(route, receiver, now), Mapping = On(source, route) })
            .Where(found => found.Tunnel is not null && Leads(datagram, receiver, found.Tunnel, now))
            .Where(found => found.Mapping is null || (MayJoin(found.Mapping) && found.Mapping.Tunnel != found.Tunnel && !explains(found.Mapping)))
            .OrderByDescending(found => MayClaim(found.Tunnel!) && rules.TunnelsWithRoomGoFirst)
            .Select(found => new Claimable(found.Tunnel!, found.Mapping))
            .FirstOrDefault();

    private bool Leads(ReadOnlyMemory<byte> datagram, uint receiver, ReferenceTunnel tunnel, Tick at) =>
        KindOf(datagram.Span) == Kind.Response ? routes[tunnel.Route].Mac1.Verify(datagram.Span) : tunnel.HasDataIndex(receiver, at);

    /// <summary>Null if the claim is refused, and the source has another that explains the datagram.</summary>
    private ReferenceDecision? Claim(
        ReadOnlyMemory<byte> datagram, uint receiver, Source source, Claimable claim, ReferenceMapping? instead, Tick now)
    {
        (ReferenceTunnel tunnel, ReferenceMapping? mapping, ReferenceTunnel? copyOf, IPEndPoint? server) = claim;
        if (RefusalOfClaim(source, claim, now) is Verdict refusal)
        {
            return instead is not null && Live.Contains(instead) ? null : Drop(Direction.Uplink, refusal, datagram, mapping, tunnel.Route);
        }

        Verdict verdict = mapping is null ? Verdict.Open : Verdict.Forward;
        if (mapping is null)
        {
            mapping = Add(source, tunnel, Proof.Claimed, now, server);
            Counters["event.Claimed"]++;
            CountFor(mapping.Route, "event.Claimed", 1);
        }
        else
        {
            Leave(mapping);
            mapping.Tunnel = tunnel;
            mapping.Joined = ++_order;
            mapping.AwaitsClient = false;
            Become(mapping, Proof.Claimed);
            Tell(RelayEventKind.Claimed, mapping);
        }

        if (copyOf is not null)
        {
            TakeOver(tunnel, copyOf, mapping, now);
        }

        if (KindOf(datagram.Span) == Kind.Response)
        {
            tunnel.AnsweredBy(receiver, Index(datagram, 4), now);
        }

        Uncounted[copyOf is null ? "shared.Claims" : "shared.Borrowed"] += instead is null ? 0 : 1;
        Use(mapping);
        mapping.Claim.Take(datagram.Length, 1 << 20, rules.ClaimBurst, now);
        Refresh(mapping, now);
        return Decide(Direction.Uplink, verdict, mapping, 1, datagram.Length);
    }

    private Verdict? RefusalOfClaim(Source source, Claimable claim, Tick now)
    {
        (ReferenceTunnel tunnel, ReferenceMapping? mapping, ReferenceTunnel? copyOf, IPEndPoint? server) = claim;
        if (mapping is null && (server ?? routes[tunnel.Route].Server) is null)
        {
            return Verdict.NoServer;
        }

        if (mapping is null && !IsServedAt(tunnel.Route, source))
        {
            return Verdict.NotServedHere;
        }

        if (mapping is null && IsDenied(source, tunnel.Route))
        {
            return Verdict.Denied;
        }

        if (SettingsOf(tunnel.Route).PeersOnly && !IsListed(tunnel, now))
        {
            return Verdict.NotAPeer;
        }

        if (IsOverShareOfClaims(tunnel))
        {
            Uncounted["charged.Others"] += SiteOf(source) == tunnel.Owner ? 0 : 1;
            return Verdict.OverShare;
        }

        return MayClaim(tunnel) && RoomForClaim(mapping) && (copyOf is not null || Members(tunnel).Any()) ? null : Verdict.ClaimRefused;
    }

    /// <summary>The server handshakes on the port of a mapping that came to the tunnel: with whom, nobody can tell. It goes on by
    /// itself, with a copy of what the tunnel knows.</summary>
    private void Part(ReferenceMapping mapping, Tick now)
    {
        bool isAlone = Members(mapping.Tunnel).Count() == 1 && !rules.LonelyClaimsPart;
        bool isTheTunnels = mapping.Tunnel.Founder == mapping || (mapping.InitiationPriority != Proof.Claimed && rules.OnlyClaimsPart);
        if (isTheTunnels || isAlone || !rules.ClaimsPart)
        {
            return;
        }

        ReferenceTunnel old = mapping.Tunnel;
        bool counts = mapping.Counts;
        Leave(mapping);
        mapping.Counts = counts;
        mapping.Tunnel = new ReferenceTunnel(mapping.Route, SiteOf(mapping.Source), mapping, rules);
        mapping.Joined = ++_order;
        if (mapping.InitiationPriority is Proof.Established or Proof.Confirmed)
        {
            TakePeer(mapping.Tunnel, old.Peer);
        }

        TakeOver(mapping.Tunnel, old, mapping, now, leads: false);
        Uncounted["parted.Claims"]++;
    }

    private bool MayJoin(ReferenceMapping mapping) =>
        mapping.Proof is Proof.Asked or Proof.Lingering || (mapping.Proof == Proof.Claimed && !mapping.IsOnProbation && rules.ClaimsMove);

    private bool MayClaim(ReferenceTunnel tunnel) =>
        Members(tunnel).Count() < rules.MembersPerTunnel
        && Members(tunnel).Count(member => member.Proof == Proof.Claimed) < rules.ClaimsPerTunnel;

    private bool RoomForClaim(ReferenceMapping? mapping)
    {
        if (mapping?.Proof != Proof.Claimed)
        {
            LimitTo(settings.MaxClaimed, Proof.Claimed);
        }

        return mapping is not null || MakeRoom(Proof.Lingering, Proof.Asked, Proof.Claimed);
    }

    /// <summary>An index that is known nowhere, admitted on probation if that is allowed.</summary>
    private ReferenceDecision Adopt(ReadOnlyMemory<byte> run, int stride, Source source, Tick now)
    {
        if (!settings.Adopt || Served.Count() != 1)
        {
            (int datagrams, int bytes) = Alike(run, stride);
            return Decide(Direction.Uplink, Verdict.NoMapping, mapping: null, datagrams, bytes);
        }

        ReadOnlyMemory<byte> datagram = Datagrams(run, stride).First();

        int route = Served.Single();
        if (routes[route].Server is null)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, datagram, route: route);
        }

        if (!IsServedAt(route, source))
        {
            return Drop(Direction.Uplink, Verdict.NotServedHere, datagram, route: route);
        }

        if (IsDenied(source, route))
        {
            return Drop(Direction.Uplink, Verdict.Denied, datagram, route: route);
        }

        if (SettingsOf(route).PeersOnly)
        {
            return Drop(Direction.Uplink, Verdict.NotAPeer, datagram, route: route);
        }

        bool hasRoom = !IsOverShare(source, IsUnshown)
            && Live.Count * 2 < settings.MaxMappings
            && Live.Count(mapping => mapping.IsOnProbation) < 256
            && Live.Count(mapping => mapping.Proof == Proof.Claimed) < settings.MaxClaimed
            && Live.Count + Closing.Count < slots;
        if (!hasRoom || !_probations.Take(1, 16, 64, now))
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram, route: route);
        }

        ReferenceMapping mapping = Found(source, route, Proof.Claimed, now);
        Counters["event.Claimed"]++;
        CountFor(route, "event.Claimed", 1);
        mapping.IsOnProbation = true;
        mapping.ProbationIndex = Index(datagram, 4);
        mapping.LastValid = now;
        mapping.Unknown.Take(datagram.Length, 64 << 10, rules.UnknownBurst, now);
        mapping.Expires = now + settings.ProbationTimeout;
        return Decide(Direction.Uplink, Verdict.Open, mapping, 1, datagram.Length);
    }

    /// <summary>A tunnel to be claimed by a mapping, or by a new one.</summary>
    /// <param name="Tunnel">The tunnel.</param>
    /// <param name="Mapping">The source's mapping on its route.</param>
    /// <param name="CopyOf">The neighbour's tunnel of which it is a copy, to be filled when it is claimed.</param>
    /// <param name="Server">Where it goes; null for where any new mapping goes.</param>
    private sealed record Claimable(ReferenceTunnel Tunnel, ReferenceMapping? Mapping, ReferenceTunnel? CopyOf = null, IPEndPoint? Server = null);
}
