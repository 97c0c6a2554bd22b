using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Routes;

namespace WgProxy.Core.Tunnels;

// Whose tunnels these are. The server's handshake names a peer; the client shows that it is that peer's by using what the server made.
internal sealed partial class TunnelTable
{
    private readonly TunnelPeers[] _peers;

    /// <summary>Whose tunnel it is; the default if that is unknown, or no listed peer.</summary>
    public PeerId PeerOf(int tunnel) =>
        _rows[tunnel].HasPeers && _peers[tunnel].Current is var peer && _routes[_rows[tunnel].Route].Peers.Has(peer) ? peer : default;

    /// <summary>The server made a handshake for a peer, with this index of its own, on the slot's port. A tunnel without a peer is
    /// that peer's at once, unless the server has accepted a client there. Else it is when a client uses the index.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="server">The server's index.</param>
    /// <param name="peer">The peer; the default for one who is not listed.</param>
    /// <param name="until">Until when the index is believed.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Name(int slot, uint server, PeerId peer, Tick until)
    {
        int tunnel = _mappings[slot].Tunnel;
        ref TunnelPeers peers = ref PeersOf(tunnel);
        Fold(slot, tunnel);
        PeerId current = PeerOf(tunnel);
        if (current == peer)
        {
            peers.Forget(server);
        }
        else if (current == default && !_mappings[slot].IsAccepted)
        {
            peers.Forget(server);
            Become(tunnel, peer);
        }
        else
        {
            peers.Remember(server, peer, until);
            _rows[tunnel].HasOtherPeers = true;
        }
    }

    /// <summary>The slot's client uses an index of the server's: if the server named it on the slot's port for another peer than the
    /// tunnel's, the tunnel is that peer's. Called where <see cref="Tunnel.HasOtherPeers"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void ShowPeer(int slot, uint server, Tick now)
    {
        int tunnel = _mappings[slot].Tunnel;
        if (_peers[tunnel].TryFind(server, now, out PeerId peer) && NamedOn(tunnel, slot, server, now))
        {
            _peers[tunnel].Forget(server);
            Become(tunnel, peer);
        }

        bool hasOthers = false;
        for (int position = 0; position < Tunnel.MaxPairs; position++)
        {
            hasOthers |= _peers[tunnel].TryGet(position, now, out _);
        }

        _rows[tunnel].HasOtherPeers = hasOthers;
    }

    /// <summary>Whether the tunnel is, and by the server's handshakes may become, a listed peer's only.</summary>
    public bool IsListed(int tunnel, Tick now)
    {
        PeerTable listed = _routes[_rows[tunnel].Route].Peers;
        bool isListed = PeerOf(tunnel) != default;
        for (int position = 0; _rows[tunnel].HasOtherPeers && position < Tunnel.MaxPairs; position++)
        {
            isListed &= !_peers[tunnel].TryGet(position, now, out PeerId other) || listed.Has(other);
        }

        return isListed;
    }

    /// <summary>Adds what the slot's mapping has carried, since this was done last, to what is counted for the tunnel's peer.</summary>
    public void Fold(int slot) => Fold(slot, _mappings[slot].Tunnel);

    private void Fold(int slot, int tunnel)
    {
        ref readonly Mapping mapping = ref _mappings[slot];
        PeerStatus traffic = _mappings.Traffic.Take(slot, mapping);
        if (PeerOf(tunnel) is var peer && peer != default)
        {
            _routes[mapping.Route].Peers.Add(peer, traffic);
        }
    }

    /// <summary>A peer that a neighbour, or a record, names. It is believed where none is known, and if it is listed here too.</summary>
    private void TakePeer(int tunnel, PeerId peer)
    {
        if (PeerOf(tunnel) == default && _routes[_rows[tunnel].Route].Peers.Has(peer))
        {
            Become(tunnel, peer);
        }
    }

    private void Become(int tunnel, PeerId peer)
    {
        for (int member = _rows[tunnel].FirstMember; member >= 0; member = _mappings[member].NextOfTunnel)
        {
            Fold(member, tunnel);
        }

        ref TunnelPeers peers = ref PeersOf(tunnel);
        BeginChange();
        (peers.Current, peers.Mark) = (peer, _routes[_rows[tunnel].Route].Peers.List.MarkOf(peer));
        EndChange();
        MarkMembers(tunnel);
    }

    /// <summary>Whose tunnel it is, emptied if it was another tunnel's before.</summary>
    private ref TunnelPeers PeersOf(int tunnel)
    {
        if (!_rows[tunnel].HasPeers)
        {
            BeginChange();
            _peers[tunnel] = default;
            _rows[tunnel].HasPeers = true;
            EndChange();
        }

        return ref _peers[tunnel];
    }
}
