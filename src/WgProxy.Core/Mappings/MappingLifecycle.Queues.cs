using System.Runtime.CompilerServices;

namespace WgProxy.Core.Mappings;

// The queues of mappings by proof: which of them make room, what each is charged for, and how one leaves them.
internal sealed partial class MappingLifecycle
{
    // Which mappings make room for one that asks, in this order. Never a proven mapping: a newcomer has shown nothing but
    // knowledge of the public key, and that must not end a tunnel.
    private static ReadOnlySpan<Proof> BeforeAskers => [Proof.Lingering, Proof.Asked, Proof.Claimed, Proof.Answered];

    private static ReadOnlySpan<Proof> BeforeClaims => [Proof.Lingering, Proof.Asked, Proof.Claimed];

    /// <summary>Makes room for a mapping that asks. False if there is none to be made.</summary>
    public bool TryMakeRoomForAsker() => TryMakeRoom(Proof.Asked, BeforeAskers);

    /// <summary>Makes room for a new mapping that claims a tunnel. False if there is none to be made.</summary>
    public bool TryMakeRoomForClaim() => TryMakeRoom(Proof.Claimed, BeforeClaims);

    /// <summary>Makes room for one more of a proof among the mappings of that proof: the oldest ends if there are as many as there
    /// may be.</summary>
    public void LimitTo(Proof proof)
    {
        int limit = proof switch
        {
            Proof.Asked => _settings.MaxAsked,
            Proof.Claimed => _settings.MaxClaimed,
            _ => int.MaxValue,
        };
        if (_queues.Count(proof) >= limit)
        {
            End(_queues.Oldest(proof), RelayEventKind.Evicted);
        }
    }

    /// <summary>Ends mappings where there is no room. Whether the newcomer's socket opens is not known yet, but often it could not open
    /// before: limits go by the open files that there may be, and engines close the sockets of ended mappings before they open new ones.
    /// If it does not open even so, the room is free for the next newcomer.</summary>
    private bool TryMakeRoom(Proof newcomer, ReadOnlySpan<Proof> displaceable)
    {
        LimitTo(newcomer);
        foreach (Proof proof in displaceable)
        {
            if (_queues.Total < _settings.MaxMappings)
            {
                break;
            }

            if (_queues.Count(proof) > 0)
            {
                End(_queues.Oldest(proof), RelayEventKind.Evicted);
            }
        }

        return _queues.Total < _settings.MaxMappings && _mappings.HasFree;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void End(int slot, RelayEventKind how)
    {
        PeerId peer = _hooks.PeerOf(slot);
        _mappings.Unlink(slot);
        _hooks.Ending(slot);
        EndProbation(slot);
        _deadlines.Remove(slot);
        Dequeue(slot);
        _mappings[slot].Proof = Proof.None;
        Report(how, slot, peer);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Enqueue(int slot, Proof proof, ulong? charged = null)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Proof = proof;
        _mappings.MarkChanged(slot);
        _queues.Append(slot, proof);
        CountLive(mapping.Route, proof, 1);
        mapping.Counted = ShareOf(mapping);
        if (mapping.Counted == Share.Claimed)
        {
            // The tunnel may be another before the claim ends.
            _mappings.ExtrasOf(slot).Charged = charged ?? _hooks.OwnerOfTunnel(slot);
        }

        if (mapping.Counted != Share.None)
        {
            _shares.Add(ChargedFor(slot), mapping.Counted);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Dequeue(int slot)
    {
        ref Mapping mapping = ref _mappings[slot];
        _queues.Remove(slot, mapping.Proof);
        CountLive(mapping.Route, mapping.Proof, -1);
        if (mapping.Counted != Share.None)
        {
            _shares.Remove(ChargedFor(slot), mapping.Counted);
        }
    }

    private void CountLive(int route, Proof proof, int change)
    {
        _counters.Live(proof, change);
        _routes[route].Counters.Live(proof, change);
    }

    private void Requeue(int slot, Proof proof)
    {
        Dequeue(slot);
        Enqueue(slot, proof);
    }

    private Prefix ChargedFor(int slot) =>
        _mappings[slot].Counted == Share.Claimed ? new Prefix(_mappings.ExtrasOf(slot).Charged, 0) : _mappings[slot].Source.Prefix;

    /// <summary>The share to which the mapping is charged. On probation it has shown nothing.</summary>
    private static Share ShareOf(in Mapping mapping) => mapping.Proof switch
    {
        Proof.Asked => mapping.Admitted,
        Proof.Claimed => mapping.IsOnProbation ? Share.Unverified : Share.Claimed,
        _ => Share.None,
    };
}
