using System.Runtime.InteropServices;
using WgProxy.Core.Containers;
using WgProxy.Core.Routes;
using static WgProxy.Core.Vocabulary.Limits;

namespace WgProxy.Core.Mappings;

/// <summary>
/// The life of every mapping, from its first packet to the release of its slot: what it has proven, how long it may live, and
/// which mapping makes room for another. The only writer of what a row says about that.
/// </summary>
/// <remarks>
/// After every call, a mapping that is not <see cref="Proof.None"/> is in the queue of its proof and has one entry in
/// the heap of deadlines. Its prefix (or, for a claim, its tunnel's site) is charged for <see cref="Mapping.Counted"/>.
/// A proof only rises, except that expiry makes it <see cref="Proof.Lingering"/>.
/// </remarks>
internal sealed partial class MappingLifecycle
{
    private readonly RelaySettings _settings;
    private readonly RouteTable _routes;
    private readonly MappingTable _mappings;
    private readonly RelayCounters _counters;
    private readonly MappingHooks _hooks;
    private readonly PrefixShares _shares;
    private readonly ProofQueues _queues;
    private readonly DeadlineHeap _deadlines;
    private readonly List<RelayEvent> _events = new(256);

    // When each client's last initiation passed, until it is answered; 0 where that is unknown. The low half of an instant, which is enough for
    // 49 days. Beside the rows, which fill their three cache lines.
    private readonly uint[] _askedAt;

    /// <summary>The lives of this table's mappings.</summary>
    public MappingLifecycle(RelaySettings settings, RouteTable routes, MappingTable mappings, RelayCounters counters, MappingHooks hooks)
    {
        _settings = settings;
        _routes = routes;
        _mappings = mappings;
        _counters = counters;
        _hooks = hooks;
        _shares = new PrefixShares(mappings.Slots, settings.HashSeed);
        _queues = new ProofQueues(mappings.Slots);
        _deadlines = new DeadlineHeap(mappings.Slots);
        _askedAt = new uint[mappings.Slots];
        Population = new Population(_queues, _shares);
    }

    /// <summary>How many there are.</summary>
    public Population Population { get; }

    /// <summary>Changes since the last <see cref="ClearEvents"/>, in order.</summary>
    public ReadOnlySpan<RelayEvent> Events => CollectionsMarshal.AsSpan(_events);

    /// <summary>The next deadline; <see cref="Tick.Never"/> if there is none.</summary>
    public Tick NextDeadline => _deadlines.Next;

    /// <summary>Forgets the events handled.</summary>
    public void ClearEvents() => _events.Clear();

    /// <summary>Reports a change of a mapping.</summary>
    public void Report(RelayEventKind kind, int slot) => Report(kind, slot, _hooks.PeerOf(slot));

    /// <summary>A new mapping, admitted as this share, asks the server by this initiation.</summary>
    public void BeginAsking(int slot, Share admitted, ReadOnlySpan<byte> initiation, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Admitted = admitted;
        mapping.HasShown = admitted == Share.Verified;
        mapping.Answers.BeginAsking(now);
        Remember(slot, initiation, now);
        Enqueue(slot, Proof.Asked);
        Schedule(slot, AskedDeadline(slot, now));
    }

    /// <summary>A mapping, new or not, claims the tunnel that it has just joined.</summary>
    public void BeginClaim(int slot, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        if (mapping.Proof == Proof.None)
        {
            Enqueue(slot, Proof.Claimed);
            Count(RelayEventKind.Claimed, mapping.Route);
        }
        else
        {
            Requeue(slot, Proof.Claimed);
            Report(RelayEventKind.Claimed, slot);
        }

        mapping.AwaitsClient = false;
        mapping.LastValid = now;
        Schedule(slot, ClaimDeadline(slot, now));
        Follow(slot, now);
    }

    /// <summary>A new mapping was admitted by an index that is known nowhere.</summary>
    public void BeginProbation(int slot, uint index, Tick now)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.IsOnProbation = true;
        mapping.LastValid = now;
        Population.CountProbation(1);
        Enqueue(slot, Proof.Claimed);
        Count(RelayEventKind.Claimed, mapping.Route);
        ExtendProbation(slot, index, now);
        Follow(slot, now);
    }

    /// <summary>Datagrams of a mapping were forwarded.</summary>
    public void Passed(Direction direction, int slot, int datagrams, int bytes)
    {
        _mappings.Traffic.Count(direction, slot, datagrams);
        ref Mapping mapping = ref _mappings[slot];
        if (direction == Direction.Uplink)
        {
            mapping.UplinkBytes += bytes;
            mapping.HasSentLarge |= bytes > datagrams * LargeDatagram;
        }
        else
        {
            mapping.DownlinkBytes += bytes;
            mapping.HasReceivedLarge |= bytes > datagrams * LargeDatagram;
        }
    }

    /// <summary>The engine opened the slot's upstream socket.</summary>
    public void Opened(int slot, ushort port)
    {
        _mappings[slot].Port = port;
        _mappings.MarkChanged(slot);
        Report(RelayEventKind.Opened, slot);
    }

    /// <summary>The engine had to give the mapping a socket with another local port: the server knows nothing of it yet.</summary>
    public void PortChanged(int slot, ushort port)
    {
        ref Mapping mapping = ref _mappings[slot];
        mapping.Port = port;
        mapping.ServerUsedPort = false;
        _mappings.MarkChanged(slot);
    }

    /// <summary>The engine could not open the slot's upstream socket: the mapping is gone, the slot free.</summary>
    public void OpenFailed(int slot)
    {
        End(slot, RelayEventKind.OpenFailed);
        Release(slot);
    }

    /// <summary>Ends a mapping that makes room for another.</summary>
    public void Evict(int slot) => End(slot, RelayEventKind.Evicted);

    /// <summary>Ends a mapping whose route was removed.</summary>
    public void EndWithRoute(int slot) => End(slot, RelayEventKind.RouteRemoved);

    /// <summary>Ends a mapping whose client is none of its route's peers, where only those have tunnels.</summary>
    public void EndUnlisted(int slot) => End(slot, RelayEventKind.Unlisted);

    /// <summary>Ends a mapping whose route is not served any more where its client sends to.</summary>
    public void EndNotServedHere(int slot) => End(slot, RelayEventKind.NotServedHere);

    /// <summary>Ends a mapping that the operator does not want.</summary>
    public void EndByOperator(int slot) => End(slot, RelayEventKind.Dropped);

    /// <summary>The engine closed the socket of an ended mapping: the slot may serve another.</summary>
    public void Release(int slot) => _mappings.Free(slot);

    /// <summary>Ends a bounded number of mappings whose deadline has passed, or lets them linger.</summary>
    public void Advance(Tick now)
    {
        for (int budget = ExpiriesPerCall; budget > 0 && _deadlines.Next <= now; budget--)
        {
            int slot = _deadlines.First;
            if (_mappings[slot].Expires > now)
            {
                _deadlines.Set(slot, _mappings.Changes is null ? _mappings[slot].Expires : Tick.Min(_mappings[slot].Expires, RecordAnew(slot, now)));
            }
            else
            {
                Expire(slot, now);
            }
        }
    }

    private void Report(RelayEventKind kind, int slot, PeerId peer)
    {
        ref readonly Mapping mapping = ref _mappings[slot];
        Count(kind, mapping.Route);
        _events.Add(new RelayEvent(kind, slot, mapping.Source, _routes[mapping.Route].Id, mapping.Port, mapping.ServerUsedPort) { Proof = mapping.Proof, Peer = peer });
    }

    private void Count(RelayEventKind kind, int route)
    {
        _counters.Count(kind);
        _routes[route].Counters.Count(kind);
    }
}
