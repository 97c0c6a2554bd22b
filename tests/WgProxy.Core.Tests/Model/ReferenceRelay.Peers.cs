using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests.Model;

// Peers: the server's handshakes tell for which listed client they are made.
internal sealed partial class ReferenceRelay
{
    private readonly Dictionary<(int Route, PeerId Peer), PeerStatus> _counted = [];

    /// <summary>Whose tunnel the mapping belongs to, if that is a listed peer's.</summary>
    public PeerId PeerOf(ReferenceMapping mapping) => Listed(mapping.Route, mapping.Tunnel.Peer);

    /// <summary>The peers of a route, as far as this relay was told.</summary>
    public PeerList PeersOf(int route) => SettingsOf(route).Peers;

    /// <summary>What is counted for a peer.</summary>
    public PeerStatus CountOf(int route, PeerId peer) => _counted.GetValueOrDefault((route, peer));

    /// <summary>Whether the mapping must end because only peers have tunnels, and it is none.</summary>
    public bool MustEndUnlisted(ReferenceMapping mapping, Tick now) =>
        rules.UnlistedEnd && _walked.Contains(mapping.Route) && SettingsOf(mapping.Route).PeersOnly && mapping.Proof != Proof.Asked
        && !IsListed(mapping.Tunnel, now);

    public void EndUnlisted(ReferenceMapping mapping) => End(mapping, RelayEventKind.Unlisted);

    /// <summary>Whether the mapping's tunnel is nobody's who may have one.</summary>
    public bool IsShutOut(ReferenceMapping mapping) =>
        SettingsOf(mapping.Route).PeersOnly && mapping.Proof != Proof.Asked && KnownAgain(mapping) == default;

    private PeerId KnownAgain(ReferenceMapping mapping) =>
        rules.RestartKeepsPeers && mapping.Tunnel.PeerKey is { } key ? PeersOf(mapping.Route).Find(key) : default;

    private bool IsListed(ReferenceTunnel tunnel, Tick now) =>
        Listed(tunnel.Route, tunnel.Peer) != default && !tunnel.Others.Any(other => other.Until > now && Listed(tunnel.Route, other.Peer) == default);

    private PeerId Listed(int route, PeerId peer) => PeersOf(route).KeyOf(peer) is null ? default : peer;

    /// <summary>The listed peer that a message of the server is made for; the default for none.</summary>
    private PeerId MadeFor(int route, ReadOnlyMemory<byte> message) =>
        PeersOf(route).Ids.FirstOrDefault(peer => ReferencePeers.Mac1Of(PeersOf(route).KeyOf(peer)!).Verify(message.Span));

    private bool IsRefused(ReferenceMapping mapping, ReadOnlyMemory<byte> message) =>
        SettingsOf(mapping.Route).PeersOnly && MadeFor(mapping.Route, message) == default;

    /// <summary>The server has made a handshake, with this index of its own, on the mapping's port. It names a tunnel that was nobody's; else
    /// it does when the client uses the index.</summary>
    private void Name(ReferenceMapping mapping, uint server, ReadOnlyMemory<byte> message, Tick now)
    {
        if (PeersOf(mapping.Route).Count == 0)
        {
            return;
        }

        mapping = rules.NamesAreTheMappings ? mapping : Own(mapping.Source)[0];
        PeerId peer = MadeFor(mapping.Route, message);
        ReferenceTunnel tunnel = mapping.Tunnel;
        int known = Array.FindIndex(tunnel.Others, other => other.Until > default(Tick) && other.Server == server);
        bool isProven = mapping.InitiationPriority is Proof.Established or Proof.Confirmed;
        if (PeerOf(mapping) == peer || (PeerOf(mapping) == default && !isProven) || !rules.NamesWaitForUse)
        {
            if (known >= 0)
            {
                tunnel.Others[known] = default;
            }

            Become(mapping, PeerOf(mapping) == peer ? tunnel.Peer : peer, isNew: PeerOf(mapping) != peer);
        }
        else
        {
            known = known >= 0 ? known : Array.FindIndex(tunnel.Others, other => other.Until == tunnel.Others.Min(each => each.Until));
            tunnel.Others[known] = (server, peer, now + settings.IndexLifetime);
        }
    }

    /// <summary>The client uses an index that the server named on the mapping's port.</summary>
    private void ShowPeer(ReferenceMapping mapping, uint server, Tick now)
    {
        int known = Array.FindIndex(mapping.Tunnel.Others, other => other.Until > now && other.Server == server);
        if (known >= 0 && mapping.Tunnel.NamedOn(mapping, server, now))
        {
            PeerId peer = mapping.Tunnel.Others[known].Peer;
            mapping.Tunnel.Others[known] = default;
            Become(mapping, peer, isNew: true);
            Uncounted["peers.Shown"]++;
        }
    }

    private void Become(ReferenceMapping mapping, PeerId peer, bool isNew)
    {
        if (isNew)
        {
            (mapping.Tunnel.Peer, mapping.Tunnel.PeerKey) = (peer, PeersOf(mapping.Route).KeyOf(peer));
            Uncounted["peers.Named"] += peer == default ? 0 : 1;
        }
    }

    /// <summary>What a neighbour knows of a tunnel's peer is believed where none is known, and if it is listed here.</summary>
    private void TakePeer(ReferenceTunnel tunnel, PeerId peer)
    {
        if (Listed(tunnel.Route, tunnel.Peer) == default && Listed(tunnel.Route, peer) != default)
        {
            (tunnel.Peer, tunnel.PeerKey) = (peer, PeersOf(tunnel.Route).KeyOf(peer));
        }
    }

    private void CountForPeer(ReferenceMapping mapping, Direction direction, int datagrams, int bytes)
    {
        if (mapping.Counts && PeerOf(mapping) is var peer && peer != default)
        {
            bool isUp = direction == Direction.Uplink;
            AddFor(mapping.Route, peer, new PeerStatus
            {
                UplinkDatagrams = isUp ? datagrams : 0,
                UplinkBytes = isUp ? bytes : 0,
                DownlinkDatagrams = isUp ? 0 : datagrams,
                DownlinkBytes = isUp ? 0 : bytes,
            });
        }
    }

    private void AddFor(int route, PeerId peer, PeerStatus more)
    {
        PeerStatus counted = CountOf(route, peer);
        counted.Add(more);
        _counted[(route, peer)] = counted;
    }
}
