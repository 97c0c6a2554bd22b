using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Core.Tunnels;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// Roaming: packets with a live index from a source that has no business with it yet. The server is the oracle: the
// claim gets a port of its own, and what the server sends there proves it. Nothing of the tunnel moves before.
public sealed partial class Relay
{
    /// <summary>Data, or an answer to the server, whose index the source's own mapping cannot explain. Null if neither the
    /// roaming table nor a neighbour can.</summary>
    /// <param name="kind">Transport or response.</param>
    /// <param name="datagram">The datagram.</param>
    /// <param name="source">Who sent it.</param>
    /// <param name="now">The instant of the batch.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision? TryClaim(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, Tick now)
    {
        Decision? claim = ClaimKnown(kind, datagram, source, now);
        return claim is not null || _neighbours.Length == 0 ? claim : ClaimBorrowed(kind, datagram, source, now);
    }

    private Decision? ClaimKnown(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, Tick now)
    {
        uint receiver = Datagram.ReceiverIndex(kind, datagram);
        for (int route = 0; route < _routes.End; route++)
        {
            int tunnel = _routes.IsServed(route) ? _tunnels.Find(route, receiver, now) : -1;
            if (tunnel < 0 || !Leads(kind, datagram, receiver, tunnel, now))
            {
                continue;
            }

            int slot = FindOnRoute(source, route);
            if (slot < 0)
            {
                return OpenClaim(kind, datagram, source, tunnel, now);
            }

            // A client may come back to a source whose mapping lingers in, or still claims, a tunnel that it no longer uses.
            if (MayJoin(slot) && _mappings[slot].Tunnel != tunnel)
            {
                return JoinClaim(kind, datagram, slot, tunnel, now);
            }
        }

        return null;
    }

    /// <summary>Whether a datagram with an index that the tunnel's server issued may claim it. Data only by an index for
    /// data: one with which the server has asked carries none before it is answered.</summary>
    private bool Leads(DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int tunnel, Tick now) =>
        kind == DatagramKind.Response
            ? _routes[_tunnels[tunnel].Route].Mac1.Verify(datagram)
            : _tunnels.HasDataIndex(tunnel, receiver, now);

    private Decision OpenClaim(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, int tunnel, Tick now)
    {
        int route = _tunnels[tunnel].Route;
        if (_routes[route].Addresses.Best(now) is not IPEndPoint server)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, datagram, route: route);
        }

        bool isDenied = _admission.IsDenied(source, route);
        if (isDenied || _admission.IsOverShare(OwnerOf(tunnel), Share.Claimed))
        {
            return Drop(Direction.Uplink, isDenied ? Verdict.Denied : Verdict.OverShare, datagram, route: route);
        }

        // Whoever makes room may have been the tunnel's last member.
        if (!MayClaim(tunnel)
            || !_life.TryMakeRoomForClaim()
            || _tunnels.Find(route, Datagram.ReceiverIndex(kind, datagram), now) != tunnel)
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram, route: route);
        }

        int slot = AddMapping(source, route, server);
        _tunnels.Join(tunnel, slot);
        return Claim(kind, datagram, slot, Verdict.Open, now);
    }

    private Decision JoinClaim(DatagramKind kind, ReadOnlySpan<byte> datagram, int slot, int tunnel, Tick now)
    {
        if (_admission.IsOverShare(OwnerOf(tunnel), Share.Claimed))
        {
            return Drop(Direction.Uplink, Verdict.OverShare, datagram, slot);
        }

        if (!MayClaim(tunnel))
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram, slot);
        }

        if (_mappings[slot].Proof != Proof.Claimed)
        {
            _life.LimitTo(Proof.Claimed);
        }

        if (_tunnels.Find(_mappings[slot].Route, Datagram.ReceiverIndex(kind, datagram), now) != tunnel)
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram, slot);
        }

        _tunnels.Leave(slot);
        _tunnels.Join(tunnel, slot);
        return Claim(kind, datagram, slot, Verdict.Forward, now);
    }

    private Decision Claim(DatagramKind kind, ReadOnlySpan<byte> datagram, int slot, Verdict verdict, Tick now)
    {
        _life.BeginClaim(slot, now);
        if (kind == DatagramKind.Response)
        {
            _tunnels.Answer(slot, Datagram.ReceiverIndex(kind, datagram), Datagram.SenderIndex(datagram), now);
        }

        _mappings.ExtrasOf(slot).Claim.TryTake(datagram.Length, ClaimPerSecond, ClaimBurst, now);
        _mappings[slot].UplinkBytes += datagram.Length;
        Count(_mappings[slot].Route, Direction.Uplink, verdict, 1, datagram.Length);
        return new Decision(verdict, slot, datagram.Length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision Adopt(ReadOnlySpan<byte> run, int stride, in Source source, Tick now)
    {
        // Which route an unknown index belongs to, nobody can tell: with several, only an initiation can. What is unknown of
        // the first is unknown of all in the run that are like it: they are judged once.
        if (!_settings.Adopt || _routes.Only is not int route)
        {
            (int datagrams, int bytes) = Alike(run, stride, Datagram.ReceiverIndex(DatagramKind.Transport, run));
            return DropAll(Verdict.NoMapping, slot: -1, datagrams, bytes);
        }

        ReadOnlySpan<byte> datagram = First(run, stride);
        if (_routes[route].Addresses.Best(now) is not IPEndPoint server)
        {
            return Drop(Direction.Uplink, Verdict.NoServer, datagram, route: route);
        }

        if (_admission.IsDenied(source, route))
        {
            return Drop(Direction.Uplink, Verdict.Denied, datagram, route: route);
        }

        if (!_mappings.HasFree || !_admission.TryBeginProbation(source, now))
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram, route: route);
        }

        int slot = AddMapping(source, route, server);
        _mappings.ExtrasOf(slot).ProbationIndex = Datagram.ReceiverIndex(DatagramKind.Transport, datagram);
        _tunnels.Add(slot, route);
        _life.BeginProbation(slot, now);
        _mappings.ExtrasOf(slot).Unknown.TryTake(datagram.Length, UnknownPerSecond, UnknownBurst, now);
        _mappings[slot].UplinkBytes = datagram.Length;
        Count(route, Direction.Uplink, Verdict.Open, 1, datagram.Length);
        return new Decision(Verdict.Open, slot, datagram.Length);
    }

    /// <summary>The server sent data to a port on probation: both indices are known at once.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Accept(int slot, uint client, Tick now)
    {
        _life.EndProbation(slot);
        _tunnels.Learn(slot, _mappings.ExtrasOf(slot).ProbationIndex, client, now, now + _settings.IndexLifetime);
    }

    // A site's number, where prefixes of sources stand otherwise: the kind of share tells them apart.
    private Prefix OwnerOf(int tunnel) => new(_tunnels[tunnel].Owner, 0);

    /// <summary>Whether the slot's mapping, which has proven nothing where it is, may claim another tunnel.</summary>
    private bool MayJoin(int slot) =>
        _mappings[slot].Proof is Proof.Asked or Proof.Lingering || (_mappings[slot].Proof == Proof.Claimed && !_mappings[slot].IsOnProbation);

    private bool MayClaim(int tunnel)
    {
        int claims = 0;
        for (int slot = _tunnels[tunnel].FirstMember; slot >= 0; slot = _mappings[slot].NextOfTunnel)
        {
            claims += _mappings[slot].Proof == Proof.Claimed ? 1 : 0;
        }

        return claims < ClaimsPerTunnel && _tunnels[tunnel].Members < Tunnel.MaxMembers;
    }

    /// <summary>The server sends data on another of the tunnel's mappings than before: that is where its client is. An
    /// answer would not show it: a restarted server answers captured initiations. If the
    /// tunnel is full, the member that has been silent longest makes room for the next claim; never the one just left,
    /// nor a claim.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Move(int slot)
    {
        ref Tunnel tunnel = ref _tunnels[_mappings[slot].Tunnel];
        int left = tunnel.InUse;
        tunnel.InUse = slot;
        if (tunnel.Members < Tunnel.MaxMembers)
        {
            return;
        }

        int chosen = -1;
        for (int member = tunnel.FirstMember; member >= 0; member = _mappings[member].NextOfTunnel)
        {
            if (member != slot && member != left && _mappings[member].Proof is Proof.Lingering or >= Proof.Answered
                && (chosen < 0 || GoesBefore(_mappings[member], _mappings[chosen])))
            {
                chosen = member;
            }
        }

        if (chosen >= 0)
        {
            _life.Evict(chosen);
        }
    }

    private static bool GoesBefore(in Mapping left, in Mapping right) =>
        (left.Proof == Proof.Lingering) != (right.Proof == Proof.Lingering)
            ? left.Proof == Proof.Lingering
            : left.LastValid < right.LastValid;
}
