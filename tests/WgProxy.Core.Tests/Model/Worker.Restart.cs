using WgProxy.Core.Journal;
using WgProxy.Core.Tests.Journal;

namespace WgProxy.Core.Tests.Model;

// The process ends and another begins: the journal outlives it. And what the journal says meanwhile.
internal sealed partial class Worker
{
    private readonly Dictionary<(RouteKey Route, Source Source), (MappingRecord Record, Tick At)> _ledger = new(new KeyComparer());
    private List<(ReferenceMapping Mapping, byte[] Bytes)> _records = [];

    // When deadlines were looked at last.
    private Tick _advancedAt;

    private Tick _stoppedAt;

    /// <summary>Writes down all mappings, and makes a relay that knows nothing of them.</summary>
    public void Stop(Tick now)
    {
        _stoppedAt = now;
        _records = [.. Model.Recorded.Select(mapping => (mapping, Written(Relay.RecordOf(_slots[mapping.Id], now) with { Written = InstantOf(now) })))];
        Former.Add(Relay.Counters);
        Relay = NewRelay();
        Model.Stop();
        foreach (int id in _held)
        {
            _slots.Remove(id);
            _owners.Remove(id);
        }

        _held.Clear();
    }

    /// <summary>Makes the mappings again; those whose time is over by now are not.</summary>
    public string? Restart(Tick now)
    {
        Dictionary<int, int> moved = [];
        foreach ((ReferenceMapping mapping, byte[] bytes) in _records)
        {
            if (!MappingRecord.TryRead(bytes, out MappingRecord record))
            {
                return $"the record of mapping {mapping.Id} cannot be read";
            }

            RestoreVerdict expected = Expected(mapping, now);
            RestoreVerdict verdict = Relay.Restore(record, InstantOf(now), now, out int slot);
            if (verdict != expected)
            {
                return $"mapping {mapping.Id} is {verdict}, the model says {expected}";
            }

            if (expected != RestoreVerdict.Restored)
            {
                _ledger.Remove((record.Route, record.Source));
                Model.Forget(mapping);
                _slots.Remove(mapping.Id);
                _owners.Remove(mapping.Id);
                continue;
            }

            // One that had only asked was not in the ledger. Who lends a record that is refused, takes it out.
            _ledger[(record.Route, record.Source)] = (record, _stoppedAt);
            _owners[mapping.Id] = (_owners[mapping.Id].Source, mapping.Route);
            moved[_slots[mapping.Id]] = slot;
            _slots[mapping.Id] = slot;
            Relay.Restored(slot, mapping.Port, record.UpstreamPort);
            Model.Restored(mapping, now);
        }

        Model.AllRestored([.. _records.Select(record => record.Mapping).Where(Model.Live.Contains)]);
        _invariants.Restarted(Relay, moved);
        return Settle();
    }

    private RestoreVerdict Expected(ReferenceMapping mapping, Tick now)
    {
        if (!Model.HasRouteOf(mapping))
        {
            return RestoreVerdict.UnknownRoute;
        }

        Model.Follow(mapping);
        return !Model.LivesOn(mapping, now) ? RestoreVerdict.Expired
            : Model.Denies(mapping) || Model.IsShutOut(mapping) ? RestoreVerdict.Denied
            : RestoreVerdict.Restored;
    }

    /// <summary>What the journal has told by now must be enough to make every mapping again that has more than asked, at every moment. What
    /// single packets change is told from time to time, and not compared here.</summary>
    private string? CompareLedger(Tick now)
    {
        while (Relay.TryTakeRecord(now, out MappingRecord record, out int slot))
        {
            if (record.IsEnded == (slot >= 0))
            {
                return $"a record of {record.Source} has slot {slot} and is {record.Proof}";
            }

            if (!record.IsEnded)
            {
                _ledger[(record.Route, record.Source)] = (record, now);
            }
            else if (!_ledger.Remove((record.Route, record.Source)))
            {
                return $"the end of {record.Source} is told, and no beginning was";
            }
        }

        foreach (ReferenceMapping mapping in Model.Live.Where(mapping => mapping.Proof != Proof.Asked && mapping.Port != 0))
        {
            MappingRecord current = Relay.RecordOf(_slots[mapping.Id], now);
            if (!_ledger.TryGetValue((current.Route, current.Source), out (MappingRecord Record, Tick At) told))
            {
                return $"nothing is told of mapping {mapping.Id}, which is {mapping.Proof}";
            }

            (MappingRecord isNow, MappingRecord was) = (Lasting(current), Lasting(told.Record.AgedBy(now - told.At)));
            if (!Written(isNow).AsSpan().SequenceEqual(Written(was)))
            {
                return $"mapping {mapping.Id} is\n{AnyRecord.Describe(isNow)}\nand was told to be\n{AnyRecord.Describe(was)}";
            }

            if (told.At < mapping.LastValid && mapping.LastValid + Limits.RecordedWithin < _advancedAt)
            {
                return $"mapping {mapping.Id} was last told of at {told.At}, heard at {mapping.LastValid}, and looked at at {_advancedAt}";
            }
        }

        return _ledger.Count == Model.Live.Count(mapping => _ledger.ContainsKey((RouteKey.From(_routes[mapping.Route].Key), mapping.Source)))
            ? null
            : "a mapping that has ended is not told to have";
    }

    /// <summary>Without what changes by single packets, or by time.</summary>
    private static MappingRecord Lasting(MappingRecord record)
    {
        const RecordMarks byPackets = RecordMarks.ServerUsedPort | RecordMarks.HasLingered | RecordMarks.HasShown
            | RecordMarks.AwaitsClient | RecordMarks.AwaitsServer;
        record.ExpiresIn = record.AskedAgo = record.ValidAgo = record.LingersFor = record.UplinkBytes = record.DownlinkBytes = 0;
        (record.LastMac1, record.LastInitiation, record.ProbationIndex, record.Charged) = (0, 0, 0, 0);
        (record.Initiations, record.InitiationCount, record.NextInitiation) = (new RecordedInitiations(), 0, 0);
        record.Marks &= ~byPackets;
        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            ref RecordedIndices pair = ref record.Tunnel.Pairs[position];
            (pair.Remaining, pair.Marks) = (0, pair.Marks & ~IndexMarks.IsUsed);
            record.Tunnel.Questions[position].Remaining = 0;
        }

        return record;
    }

    private static JournalInstant InstantOf(Tick now) => new(7, now.Milliseconds, 0);

    private static byte[] Written(in MappingRecord record)
    {
        byte[] bytes = new byte[MappingRecord.Size];
        record.Write(bytes);
        return bytes;
    }

    private sealed class KeyComparer : IEqualityComparer<(RouteKey Route, Source Source)>
    {
        public bool Equals((RouteKey Route, Source Source) left, (RouteKey Route, Source Source) right) =>
            left.Source == right.Source && ((ReadOnlySpan<byte>)left.Route).SequenceEqual(right.Route);

        public int GetHashCode((RouteKey Route, Source Source) key) => key.Source.GetHashCode();
    }
}
