using System.Net;
using System.Runtime.CompilerServices;
using WgProxy.Core.Protocol;
using WgProxy.Core.Tunnels;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// Claims: packets with a live index from a source that has not used it before. Only the server can judge them. So the
// claim gets a port of its own, and what the server sends there proves it. Nothing of the tunnel moves before.
internal sealed partial class Relay
{
    /// <summary>Data, or an answer to the server, from a source that may claim a tunnel by the index in it. Null if the claim is refused
    /// and another claim of the source explains the index.</summary>
    /// <param name="kind">Transport or response.</param>
    /// <param name="datagram">The datagram.</param>
    /// <param name="source">Its sender.</param>
    /// <param name="found">The tunnel, and the source's mapping on its route.</param>
    /// <param name="now">The instant of the batch.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision? TryClaim(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, Resolved found, Tick now)
    {
        int route = _roaming.RouteOf(found);
        IPEndPoint? server = _roaming.ServerOf(found) ?? _routes[route].Addresses.Best(now);
        if (RefusalOfClaim(source, found, route, server, now) is Verdict refusal)
        {
            bool hasOther = _roaming.Instead >= 0 && _mappings[_roaming.Instead].Proof != Proof.None;
            return hasOther ? null : Drop(Direction.Uplink, refusal, datagram, found.Slot, route);
        }

        int slot = found.Slot;
        if (slot < 0)
        {
            slot = AddMapping(source, route, server!);
        }
        else
        {
            _tunnels.Leave(slot);
        }

        _roaming.Join(found, slot, now);
        _life.BeginClaim(slot, now);
        if (kind == DatagramKind.Response)
        {
            _tunnels.Answer(slot, Datagram.ReceiverIndex(kind, datagram), Datagram.SenderIndex(datagram), now);
            Count(route, Direction.Uplink, HandshakeMessage.Response);
        }

        Verdict verdict = found.Slot < 0 ? Verdict.Open : Verdict.Forward;
        _mappings.ExtrasOf(slot).Claim.TryTake(datagram.Length, ClaimPerSecond, ClaimBurst, now);
        _life.Passed(Direction.Uplink, slot, 1, datagram.Length);
        Count(route, Direction.Uplink, verdict, 1, datagram.Length);
        return new Decision(verdict, slot, datagram.Length);
    }

    /// <summary>Why a claim is refused. If it is not, there is room for it now.</summary>
    private Verdict? RefusalOfClaim(in Source source, Resolved found, int route, IPEndPoint? server, Tick now)
    {
        bool isNew = found.Slot < 0;
        if (isNew && server is null)
        {
            return Verdict.NoServer;
        }

        if (isNew && !IsServedAt(route, source))
        {
            return Verdict.NotServedHere;
        }

        if (isNew && _admission.IsDenied(source, route))
        {
            return Verdict.Denied;
        }

        if (_routes[route].Settings.PeersOnly && !_roaming.IsListed(found, now))
        {
            return Verdict.NotAPeer;
        }

        if (_admission.IsOverShare(_roaming.OwnerOf(found), Share.Claimed))
        {
            return Verdict.OverShare;
        }

        return _roaming.HasRoom(found) && TryMakeRoomForClaim(found.Slot) && _roaming.Stands(found) ? null : Verdict.ClaimRefused;
    }

    private bool TryMakeRoomForClaim(int slot)
    {
        if (slot < 0)
        {
            return _life.TryMakeRoomForClaim();
        }

        if (_mappings[slot].Proof != Proof.Claimed)
        {
            _life.LimitTo(Proof.Claimed);
        }

        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Decision Adopt(ReadOnlySpan<byte> run, int stride, in Source source, Tick now)
    {
        // The route of an unknown index is unknown. With several routes, only an initiation shows it. All datagrams of the run with
        // the same index are judged once.
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

        if (!IsServedAt(route, source))
        {
            return Drop(Direction.Uplink, Verdict.NotServedHere, datagram, route: route);
        }

        if (_admission.IsDenied(source, route))
        {
            return Drop(Direction.Uplink, Verdict.Denied, datagram, route: route);
        }

        if (_routes[route].Settings.PeersOnly)
        {
            // Data name no peer.
            return Drop(Direction.Uplink, Verdict.NotAPeer, datagram, route: route);
        }

        if (!_mappings.HasFree || !_admission.TryBeginProbation(source, now))
        {
            return Drop(Direction.Uplink, Verdict.ClaimRefused, datagram, route: route);
        }

        int slot = AddMapping(source, route, server);
        _tunnels.Add(slot, route);
        _life.BeginProbation(slot, Datagram.ReceiverIndex(DatagramKind.Transport, datagram), now);
        _mappings.ExtrasOf(slot).Unknown.TryTake(datagram.Length, UnknownPerSecond, UnknownBurst, now);
        _life.Passed(Direction.Uplink, slot, 1, datagram.Length);
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
}
