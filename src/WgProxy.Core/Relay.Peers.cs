using System.Runtime.CompilerServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core;

// Peers: clients whose public keys the operator has listed. The server's handshake messages tell for which of them they are made.
internal sealed partial class Relay
{
    private TokenBucket _searches;

    /// <summary>Whose tunnel the slot's mapping belongs to; the default if that is unknown, or no listed peer.</summary>
    public PeerId PeerOf(int slot) => _tunnels.PeerOf(_mappings[slot].Tunnel);

    /// <summary>Adds to what is counted for a route's peers what its mappings in some slots have carried, and counts those mappings.</summary>
    /// <param name="route">The route.</param>
    /// <param name="slot">The first slot; then <paramref name="end"/>.</param>
    /// <param name="end">The slot to stop before.</param>
    /// <param name="peers">The answer, by the positions of a list of the peers: their <see cref="PeerStatus.Mappings"/> are counted here.</param>
    /// <param name="list">That list.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void FoldPeers(RouteId route, ref int slot, int end, Span<PeerStatus> peers, PeerList list)
    {
        for (; slot < end; slot++)
        {
            ref readonly Mapping mapping = ref _mappings[slot];
            if (mapping.Proof != Proof.None && mapping.Port != 0 && _routes.IdAt(mapping.Route) == route)
            {
                _tunnels.Fold(slot);
                if (PeerOf(slot) is var peer && peer != default && list.PositionOf(peer) is >= 0 and int position)
                {
                    peers[position].Mappings++;
                }
            }
        }
    }

    /// <summary>Adds to what is counted for a slot's peer what its mapping has carried.</summary>
    /// <returns>The peer; the default if there is none.</returns>
    internal PeerId FoldPeer(int slot, out RouteId route)
    {
        ref readonly Mapping mapping = ref _mappings[slot];
        route = default;
        if (mapping.Proof == Proof.None || mapping.Port == 0)
        {
            return default;
        }

        route = _routes.IdAt(mapping.Route);
        _tunnels.Fold(slot);
        return PeerOf(slot);
    }

    /// <summary>What is counted for a peer of a route, without what its mappings have carried since it was last folded.</summary>
    internal PeerStatus OfPeer(RouteId route, PeerId peer) => _routes.Find(route)?.Peers[peer] ?? default;

    /// <summary>For which peer a handshake message of the server is made: the tunnel's, mostly, else a listed one. Asked only once all
    /// else is right about the message, because who forges the server's address can make it cost a look at all keys, and does so
    /// within a budget.</summary>
    /// <param name="slot">The slot to whose port it came.</param>
    /// <param name="message">The message.</param>
    /// <param name="now">The instant.</param>
    /// <param name="peer">The peer; the default for one who is not listed; null if no key was compared.</param>
    /// <returns>Why it is refused; null if it is not.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Verdict? RefusalOfPeer(int slot, ReadOnlySpan<byte> message, Tick now, out PeerId? peer)
    {
        RouteState route = _routes[_mappings[slot].Route];
        bool isClosed = route.Settings.PeersOnly;
        peer = null;
        if (route.Peers.IsEmpty)
        {
            return isClosed ? Verdict.NotAPeer : null;
        }

        PeerId last = PeerOf(slot);
        if (route.Peers.IsFor(last, message))
        {
            peer = last;
            return route.Settings.Denies(last) ? Verdict.NotAPeer : null;
        }

        int blocks = message.Length > WireGuard.ResponseSize ? 2 : 1;
        if (!_searches.TryTake(blocks * route.Peers.Steps, PeerStepsPerSecond, PeerStepsBurst, now))
        {
            return isClosed || route.Settings.DeniedPeers.Count > 0 ? Verdict.OverBudget : null;
        }

        PeerId found = route.Peers.Match(message);
        peer = found;
        return (isClosed && found == default) || route.Settings.Denies(found) ? Verdict.NotAPeer : null;
    }

    /// <summary>The server has made a handshake on the slot's port.</summary>
    private void NamePeer(int slot, uint server, PeerId? peer, Tick now)
    {
        if (peer is PeerId named)
        {
            _tunnels.Name(slot, server, named, now + _settings.IndexLifetime);
        }
    }

    /// <summary>The slot's client uses an index of the server's.</summary>
    private void ShowPeer(int slot, uint server, Tick now)
    {
        if (_tunnels[_mappings[slot].Tunnel].HasOtherPeers)
        {
            _tunnels.ShowPeer(slot, server, now);
        }
    }

    /// <summary>Whether the mapping must end because its route serves listed peers only, and its tunnel is no listed peer's. What
    /// has only asked is judged when it is answered.</summary>
    private bool IsUnlisted(int slot, Tick now) =>
        !_tunnels.IsListed(_mappings[slot].Tunnel, now)
        && _routes[_mappings[slot].Route].Settings.PeersOnly && _mappings[slot].Proof != Proof.Asked;
}
