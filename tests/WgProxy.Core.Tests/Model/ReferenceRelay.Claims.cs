using WgProxy.Core.Admission;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;

namespace WgProxy.Core.Tests.Model;

// Roaming: indices of tunnels that the source has no part in yet.
internal sealed partial class ReferenceRelay
{
    /// <summary>Data or an answer whose index another tunnel's server issued. Null if none did, or if the source has
    /// a mapping there that is beyond asking.</summary>
    private ReferenceDecision? Claim(ReadOnlyMemory<byte> datagram, Source source, Tick now)
    {
        bool isResponse = KindOf(datagram.Span) == Kind.Response;
        uint receiver = Index(datagram, isResponse ? 8 : 4);
        for (int route = 0; route < routes.Count; route++)
        {
            ReferenceTunnel? tunnel = Owner(route, receiver, now);
            bool leads = tunnel is not null
                && (isResponse ? routes[route].Mac1.Verify(datagram.Span) : tunnel.HasDataIndex(receiver, now));
            ReferenceMapping? mapping = On(source, route);
            if (leads && (mapping is null || (MayJoin(mapping) && mapping.Tunnel != tunnel)))
            {
                return Claim(datagram, isResponse, receiver, source, tunnel!, mapping, now);
            }
        }

        return null;
    }

    private ReferenceDecision Claim(
        ReadOnlyMemory<byte> datagram, bool isResponse, uint receiver, Source source, ReferenceTunnel tunnel, ReferenceMapping? mapping, Tick now,
        bool isBorrowed = false)
    {
        if (mapping is null && routes[tunnel.Route].Server is null)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, datagram);
        }

        if (mapping is null && IsDenied(source))
        {
            return Drop(Direction.Uplink, Verdict.Denied, datagram);
        }

        if (IsOverShareOfClaims(tunnel))
        {
            Uncounted["charged.Others"] += SiteOf(source) == tunnel.Owner ? 0 : 1;
            return Drop(Direction.Uplink, Verdict.OverShare, datagram, mapping);
        }

        if (!MayClaim(tunnel) || !RoomForClaim(mapping) || !(isBorrowed || Members(tunnel).Any()))
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram, mapping);
        }

        Verdict verdict = mapping is null ? Verdict.Open : Verdict.Forward;
        if (mapping is null)
        {
            mapping = Add(source, tunnel, Proof.Claimed, now);
            Counters["event.Claimed"]++;
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

        if (isResponse)
        {
            tunnel.AnsweredBy(receiver, Index(datagram, 4), now);
        }

        mapping.Claim.Take(datagram.Length, 1 << 20, rules.ClaimBurst, now);
        Refresh(mapping, now);
        return Decide(Direction.Uplink, verdict, mapping, 1, datagram.Length);
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
        Leave(mapping);
        mapping.Tunnel = new ReferenceTunnel(mapping.Route, SiteOf(mapping.Source), mapping, rules);
        mapping.Joined = ++_order;
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
        if (!settings.Adopt || routes.Count > 1)
        {
            (int datagrams, int bytes) = Alike(run, stride);
            return Decide(Direction.Uplink, Verdict.NoMapping, mapping: null, datagrams, bytes);
        }

        ReadOnlyMemory<byte> datagram = Datagrams(run, stride).First();

        if (routes[0].Server is null)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, datagram);
        }

        if (IsDenied(source))
        {
            return Drop(Direction.Uplink, Verdict.Denied, datagram);
        }

        bool hasRoom = !IsOverShare(source, IsUnshown)
            && Live.Count * 2 < settings.MaxMappings
            && Live.Count(mapping => mapping.IsOnProbation) < 256
            && Live.Count(mapping => mapping.Proof == Proof.Claimed) < settings.MaxClaimed
            && Live.Count + Closing.Count < slots;
        if (!hasRoom || !_probations.Take(1, 16, 64, now))
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram);
        }

        ReferenceMapping mapping = Found(source, 0, Proof.Claimed, now);
        Counters["event.Claimed"]++;
        mapping.IsOnProbation = true;
        mapping.ProbationIndex = Index(datagram, 4);
        mapping.LastValid = now;
        mapping.Unknown.Take(datagram.Length, 64 << 10, rules.UnknownBurst, now);
        mapping.Expires = now + settings.ProbationTimeout;
        return Decide(Direction.Uplink, Verdict.Open, mapping, 1, datagram.Length);
    }
}
