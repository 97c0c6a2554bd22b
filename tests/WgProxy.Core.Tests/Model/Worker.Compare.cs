using WgProxy.Core.Routes;
using WgProxy.Core.Engine;
using WgProxy.Logging;

namespace WgProxy.Core.Tests.Model;

// Events, and what must be equal.
internal sealed partial class Worker
{
    private static readonly Direction[] Directions = Enum.GetValues<Direction>();
    private static readonly Verdict[] Verdicts = Enum.GetValues<Verdict>();
    private static readonly Proof[] Proofs = [.. Enum.GetValues<Proof>().Where(proof => proof != Proof.None)];
    private static readonly RelayEventKind[] Kinds = Enum.GetValues<RelayEventKind>();

    /// <summary>Handles the events as an engine does.</summary>
    public string? Settle()
    {
        (RelayEventKind, int, ushort, PeerId)[] events = [.. Relay.Events.ToArray().Select(change => (change.Kind, IdOf(change.Slot), change.Port, change.Peer))];
        if (!events.SequenceEqual(Model.Events))
        {
            return $"events {string.Join(' ', events)}, the model {string.Join(' ', Model.Events)}";
        }

        foreach (RelayEvent change in Relay.Events)
        {
            int id = IdOf(change.Slot);
            if (change.Source != Lockstep.SourceOf(_owners[id].Source) || change.Route != _routes.IdOf(_owners[id].Route))
            {
                return $"{change} does not tell the mapping's source and route";
            }

            if (change.EndsMapping)
            {
                _held.Add(id);
            }
            else if (change.Kind == RelayEventKind.OpenFailed)
            {
                Forget(id);
            }
        }

        Relay.ClearEvents();
        Model.Events.Clear();
        while (!Holds && _held.Count > 0)
        {
            int id = _held[0];
            Relay.Release(_slots[id]);
            Model.Release(id);
            _held.RemoveAt(0);
            Forget(id);
        }

        return null;
    }

    /// <summary>Compares everything that both show at any time.</summary>
    public string? Compare(Tick now)
    {
        foreach (ReferenceMapping mapping in Model.Live)
        {
            if (Relay.ProofOf(_slots[mapping.Id]) != mapping.Proof)
            {
                return $"mapping {mapping.Id} is {Relay.ProofOf(_slots[mapping.Id])}, the model says {mapping.Proof}";
            }
        }

        if (Model.Live.FirstOrDefault(mapping => Model.PeerOf(mapping) != Relay.PeerOf(_slots[mapping.Id])) is ReferenceMapping named)
        {
            return $"mapping {named.Id} is of peer {Relay.PeerOf(_slots[named.Id])}, the model says {Model.PeerOf(named)}";
        }

        if (Model.Live.FirstOrDefault(mapping => !mapping.Server.Equals(Relay.ServerOf(_slots[mapping.Id]))) is ReferenceMapping other)
        {
            return $"mapping {other.Id} goes to {Relay.ServerOf(_slots[other.Id])}, the model says {other.Server}";
        }

        Model.CountLive(Proofs);

        foreach ((string name, long value) in CounterNames.Of(new CountersSnapshot(Relay.Counters)))
        {
            if (Model.Counters[name] != value)
            {
                return $"{name} is {value}, the model says {Model.Counters[name]}";
            }
        }

        return CompareSought() ?? CompareRoutes() ?? _invariants.Always() ?? CompareLedger(now);
    }

    /// <summary>Which indices are sought in the directory, in order.</summary>
    private string? CompareSought()
    {
        List<uint> sought = [];
        while (Relay.TryTakeSought(out uint index))
        {
            sought.Add(index);
        }

        string? problem = sought.SequenceEqual(Model.Sought) ? null : $"sought {string.Join(' ', sought)}, the model {string.Join(' ', Model.Sought)}";
        Model.Sought.Clear();
        return problem;
    }

    /// <summary>What is counted for each route, as far as the relay has to do with it.</summary>
    private string? CompareRoutes()
    {
        foreach (int route in Model.Kept)
        {
            if (Relay.CountersOf(_routes.IdOf(route)) is not RouteCounters counters)
            {
                return $"route {route} is not known to the relay";
            }

            foreach ((string name, long value) in NamesOf(counters))
            {
                if (Model.CountOf(route, name) != value)
                {
                    return $"{name} of route {route} is {value}, the model says {Model.CountOf(route, name)}";
                }
            }
        }

        return null;
    }

    /// <summary>What is counted for each peer that the relay knows of.</summary>
    public string? ComparePeers(bool folds)
    {
        foreach (int route in Model.Kept)
        {
            PeerList list = Model.PeersOf(route);
            int slot = folds ? 0 : Relay.Slots;
            Relay.FoldPeers(_routes.IdOf(route), ref slot, Relay.Slots, new PeerStatus[list.Count], list);
            foreach (PeerId peer in list.Ids)
            {
                (PeerStatus counted, PeerStatus expected) = (Relay.OfPeer(_routes.IdOf(route), peer), Model.CountOf(route, peer));
                if ((counted.Handshakes, counted.UplinkDatagrams, counted.UplinkBytes, counted.DownlinkDatagrams, counted.DownlinkBytes)
                    != (expected.Handshakes, expected.UplinkDatagrams, expected.UplinkBytes, expected.DownlinkDatagrams, expected.DownlinkBytes))
                {
                    return $"peer {peer} of route {route} has {counted.Handshakes} handshakes, {counted.UplinkBytes} bytes up, {counted.DownlinkBytes} down, "
                        + $"the model says {expected.Handshakes}, {expected.UplinkBytes}, {expected.DownlinkBytes}";
                }
            }
        }

        return null;
    }

    private string? Compare(Decision decision, ReferenceDecision expected)
    {
        ReferenceDecision got = new(decision.Verdict, decision.Slot < 0 ? -1 : IdOf(decision.Slot), decision.Length, decision.IsCongested);
        return got == expected ? null : $"decided {got}, the model {expected}";
    }

    private void Forget(int id)
    {
        _invariants.Released(_slots[id]);
        _slots.Remove(id);
        _owners.Remove(id);
    }

    private int IdOf(int slot) => _slots.Where(pair => pair.Value == slot).Select(pair => pair.Key).DefaultIfEmpty(-2).Max();
}
