using System.Runtime.CompilerServices;
using WgProxy.Core.Mappings;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Tunnels;

/// <summary>
/// Answers whose datagram a client's is, once, before anything is decided: the source's own mapping decides first, then the tunnels
/// that the roaming table finds, then those of neighbours. The server is the oracle of roaming: a claim gets a port of its own, and
/// what the server sends there proves it. Nothing of the tunnel moves before.
/// </summary>
/// <remarks>Servers choose indices independently, so one index may belong to tunnels of several routes. Data do not show which of
/// them is meant. A stranger claims the first; while none of its claims is proven, each further packet claims the next, and then they
/// take turns, until a server answers on one.</remarks>
internal sealed partial class Roaming
{
    private readonly RouteTable _routes;
    private readonly MappingTable _mappings;
    private readonly TunnelTable _tunnels;

    /// <summary>Resolves among these mappings and tunnels.</summary>
    public Roaming(RouteTable routes, MappingTable mappings, TunnelTable tunnels) =>
        (_routes, _mappings, _tunnels) = (routes, mappings, tunnels);

    /// <summary>Where data go if the claim that was resolved last is refused: to the source's claim on another route, whose server
    /// issued the same index. -1 if there is none.</summary>
    public int Instead { get; private set; } = -1;

    /// <summary>Whose data these are. Looks up the index once at the most. If an own mapping explains them, its keys are in use, and it
    /// is from now on the one that the source used last.</summary>
    /// <param name="data">A datagram of type 4, or a run that begins with one.</param>
    /// <param name="receiver">Its receiver index.</param>
    /// <param name="bucket">The bucket of the source that sent it.</param>
    /// <param name="now">The instant of the batch.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public Resolved ResolveData(ReadOnlySpan<byte> data, uint receiver, int bucket, Tick now)
    {
        int first = _mappings.FirstIn(bucket);
        int claim = -1;
        int slot = first;
        for (int tries = 0; slot >= 0 && tries < OwnMappingsTried; tries++, slot = _mappings.NextOfSource(slot))
        {
            ref Mapping mapping = ref _mappings[slot];
            if (mapping.Proof == Proof.Claimed)
            {
                // The last one in the chain is the one used longest ago.
                claim = _tunnels.HasDataIndex(mapping.Tunnel, receiver, now) ? slot : claim;
            }
            else if (_tunnels.UseDataIndex(mapping.Tunnel, receiver, now))
            {
                _mappings.BringToFront(slot, bucket);
                return Resolved.Explained(slot);
            }
        }

        return claim >= 0 && _routes.Limit == 1
            ? Use(DatagramKind.Transport, claim, receiver, now)
            : ByIndex(DatagramKind.Transport, data, receiver, first, claim, hasMore: slot >= 0, now);
    }

    /// <summary>Whose response or cookie reply this is. Looks up the index once at the most. If an own mapping explains a response, it is
    /// from now on the one that the source used last.</summary>
    public Resolved ResolveAnswer(DatagramKind kind, ReadOnlySpan<byte> datagram, in Source source, Tick now)
    {
        uint receiver = Datagram.ReceiverIndex(kind, datagram);
        int first = _mappings.Find(source);
        int explained = -1;
        int slot = first;
        for (int tries = 0; slot >= 0 && tries < OwnMappingsTried && (explained < 0 || _mappings[explained].Proof == Proof.Claimed); tries++)
        {
            explained = Explains(kind, datagram, receiver, slot, now) ? slot : explained;
            slot = _mappings.NextOfSource(slot);
        }

        if (explained < 0)
        {
            return ByIndex(kind, datagram, receiver, first, claim: -1, hasMore: slot >= 0, now);
        }

        if (kind == DatagramKind.Response)
        {
            _mappings.BringToFront(explained);
        }

        return Resolved.Explained(explained);
    }

    /// <summary>The route of the tunnel to be claimed.</summary>
    public int RouteOf(Resolved found) => found.Tunnel == Resolved.Lent ? _lent.Row.Route : _tunnels[found.Tunnel].Route;

    /// <summary>The site to which the claim would be charged.</summary>
    public Prefix OwnerOf(Resolved found) =>
        new(found.Tunnel == Resolved.Lent ? _lent.Row.Owner : _tunnels[found.Tunnel].Owner, 0);

    /// <summary>Whether the tunnel that would be claimed is a listed peer's, and may become no other's.</summary>
    public bool IsListed(Resolved found, Tick now) =>
        found.Tunnel == Resolved.Lent ? _routes[_lent.Row.Route].Peers.Has(_lent.Peer) : _tunnels.IsListed(found.Tunnel, now);

    /// <summary>Whether the tunnel takes one more claim.</summary>
    public bool HasRoom(Resolved found) => found.Tunnel == Resolved.Lent || HasRoom(found.Tunnel);

    /// <summary>Whether the tunnel is still there: whichever mapping made room for the claim may have been its last member.</summary>
    public bool Stands(Resolved found) => found.Tunnel == Resolved.Lent || _tunnels[found.Tunnel].Members > 0;

    /// <summary>Makes the slot's mapping, which belongs to no tunnel, a member of the tunnel found. A neighbour's is borrowed now.
    /// </summary>
    public void Join(Resolved found, int slot, Tick now)
    {
        _tunnels.Join(found.Tunnel == Resolved.Lent ? _tunnels.Borrow(_lent, now) : found.Tunnel, slot);
        _mappings.BringToFront(slot);
    }

    /// <summary>A claim is refused: the data go to the source's other claim that explains them.</summary>
    public Resolved UseInstead(uint receiver, Tick now) => Use(DatagramKind.Transport, Instead, receiver, now);

    /// <summary>The server sends data on another of the tunnel's mappings than before: that is where its client is. An answer would not
    /// show it: a restarted server answers captured initiations. If the tunnel is full, the member that has been silent longest is to
    /// make room for the next claim; never the one just left, nor a claim.</summary>
    /// <returns>The member that is to end; -1 if all stay.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public int Move(int slot)
    {
        ref Tunnel tunnel = ref _tunnels[_mappings[slot].Tunnel];
        int left = tunnel.InUse;
        tunnel.InUse = slot;
        _tunnels.MarkMembers(_mappings[slot].Tunnel);
        int chosen = -1;
        for (int member = tunnel.Members < Tunnel.MaxMembers ? -1 : tunnel.FirstMember; member >= 0; member = _mappings[member].NextOfTunnel)
        {
            if (member != slot && member != left && _mappings[member].Proof is Proof.Lingering or >= Proof.Answered
                && (chosen < 0 || GoesBefore(_mappings[member], _mappings[chosen])))
            {
                chosen = member;
            }
        }

        return chosen;
    }

    /// <summary>What the roaming table, and then the neighbours, know of an index that no mapping of the source explains, or nothing but
    /// a claim; or one of those mappings that were not tried, if there are more.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Resolved ByIndex(DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int first, int claim, bool hasMore, Tick now)
    {
        int entries = _tunnels.LookUp(receiver);
        int chosen = -1;
        int led = -1;
        int own = -1;
        for (int entry = entries; entry >= 0; entry = _tunnels.Next(receiver, entry))
        {
            int tunnel = _tunnels.TunnelAt(entry);
            int route = _tunnels[tunnel].Route;
            int slot = _mappings.OnRoute(first, route);
            if (hasMore && Explains(kind, datagram, receiver, slot, now))
            {
                bool claims = _mappings[slot].Proof == Proof.Claimed;
                (own, claim) = claims ? (own, claim < 0 ? slot : claim) : (slot, claim);
            }

            if (!_tunnels.HasIssued(tunnel, receiver, now))
            {
                continue;
            }

            if (_routes.IsServed(route) && MayClaim(slot, tunnel)
                && Leads(kind, datagram, receiver, tunnel, now) && !Explains(kind, datagram, receiver, slot, now))
            {
                chosen = chosen < 0 || GoesBefore(tunnel, chosen) ? tunnel : chosen;
            }

            led = slot >= 0 && (led < 0 || route < _mappings[led].Route) ? slot : led;
        }

        Instead = claim;
        if (own >= 0)
        {
            return kind == DatagramKind.CookieReply ? Resolved.Explained(own) : Use(kind, own, receiver, now);
        }

        Resolved found = chosen >= 0
            ? new Resolved(_mappings.OnRoute(first, _tunnels[chosen].Route), chosen)
            : FromNeighbours(kind, datagram, receiver, first, entries, now);
        return found.IsClaim ? found
            : found.IsExplained ? Use(kind, found.Slot, receiver, now)
            : claim >= 0 ? Use(kind, claim, receiver, now)
            : Resolved.Unexplained(led >= 0 ? led : first);
    }

    /// <summary>The source uses this mapping. Only data put a pair in use: they show that a client has its keys.</summary>
    private Resolved Use(DatagramKind kind, int slot, uint receiver, Tick now)
    {
        if (kind == DatagramKind.Transport)
        {
            _tunnels.UseDataIndex(_mappings[slot].Tunnel, receiver, now);
        }

        _mappings.BringToFront(slot);
        return Resolved.Explained(slot);
    }

    /// <summary>Whether the server of the slot's mapping issued the index for a datagram of this kind; a response only if it is
    /// for this server.</summary>
    private bool Explains(DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int slot, Tick now)
    {
        if (slot < 0)
        {
            return false;
        }

        ref Mapping mapping = ref _mappings[slot];
        return kind == DatagramKind.Transport
            ? _tunnels.HasDataIndex(mapping.Tunnel, receiver, now)
            : _tunnels.HasIssued(mapping.Tunnel, receiver, now)
                && (kind == DatagramKind.CookieReply || _routes[mapping.Route].Mac1.Verify(datagram));
    }

    /// <summary>Whether a datagram with an index that the tunnel's server issued may claim it. Data only by an index for data: one with
    /// which the server has asked carries none before it is answered.</summary>
    private bool Leads(DatagramKind kind, ReadOnlySpan<byte> datagram, uint receiver, int tunnel, Tick now) => kind switch
    {
        DatagramKind.Response => _routes[_tunnels[tunnel].Route].Mac1.Verify(datagram),
        DatagramKind.Transport => _tunnels.HasDataIndex(tunnel, receiver, now),
        _ => false,
    };

    /// <summary>Whether a source with this mapping on the tunnel's route, or none, may claim the tunnel: it has proven nothing where it
    /// is. A client may come back to a source whose mapping lingers in, or still claims, a tunnel that it no longer uses.</summary>
    private bool MayClaim(int slot, int tunnel) =>
        slot < 0
        || (_mappings[slot].Tunnel != tunnel
            && (_mappings[slot].Proof is Proof.Asked or Proof.Lingering || (_mappings[slot].Proof == Proof.Claimed && !_mappings[slot].IsOnProbation)));

    private bool HasRoom(int tunnel)
    {
        int claims = 0;
        for (int slot = _tunnels[tunnel].FirstMember; slot >= 0; slot = _mappings[slot].NextOfTunnel)
        {
            claims += _mappings[slot].Proof == Proof.Claimed ? 1 : 0;
        }

        return claims < ClaimsPerTunnel && _tunnels[tunnel].Members < Tunnel.MaxMembers;
    }

    /// <summary>Of two tunnels that may be claimed: one that has room, then the one of the first route.</summary>
    private bool GoesBefore(int left, int right) =>
        HasRoom(left) != HasRoom(right) ? HasRoom(left) : _tunnels[left].Route < _tunnels[right].Route;

    private static bool GoesBefore(in Mapping left, in Mapping right) =>
        (left.Proof == Proof.Lingering) != (right.Proof == Proof.Lingering)
            ? left.Proof == Proof.Lingering
            : left.LastValid < right.LastValid;
}
