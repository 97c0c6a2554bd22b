using WgProxy.Core.Journal;

namespace WgProxy.Core.Tunnels;

// A tunnel's pairs in the records of its mappings.
internal partial struct Tunnel
{
    /// <summary>Writes down the pairs that are still believed, as they stand, for the mapping of a slot.</summary>
    public readonly void WriteTo(ref TunnelRecord record, int slot, Tick now)
    {
        record.Identity = Identity;
        record.Owner = Owner;
        for (int position = 0; position < MaxPairs; position++)
        {
            Pair pair = _pairs[position];
            record.Pairs[position] = pair.Until <= now ? default : new RecordedIndices
            {
                ServerIndex = pair.ServerIndex,
                ClientIndex = pair.ClientIndex,
                Remaining = (uint)Math.Min(pair.Until - now, uint.MaxValue),
                Marks = IndexMarks.IsPresent
                    | ((_used & (1 << position)) != 0 ? IndexMarks.IsUsed : IndexMarks.None)
                    | (pair.Slot == slot ? IndexMarks.NamedHere : IndexMarks.None),
            };
        }
    }

    /// <summary>Takes a pair from the record of a slot's mapping: a new one, or what that record knows better of one that is here.
    /// </summary>
    /// <returns>Whether another pair made room.</returns>
    public bool Take(in RecordedIndices recorded, int slot, Tick now, Tick until, out uint forgotten)
    {
        int named = recorded.Has(IndexMarks.NamedHere) ? slot : -1;
        bool isUsed = recorded.Has(IndexMarks.IsUsed);
        for (int position = 0; position < MaxPairs; position++)
        {
            ref Pair pair = ref _pairs[position];
            if (pair.ServerIndex == recorded.ServerIndex && pair.ClientIndex == recorded.ClientIndex && pair.Until > now)
            {
                pair.Slot = pair.Slot < 0 ? named : pair.Slot;
                pair.Until = Tick.Max(pair.Until, until);
                _used |= (byte)(isUsed ? 1 << position : 0);
                forgotten = 0;
                return false;
            }
        }

        return Learn(recorded.ServerIndex, recorded.ClientIndex, named, now, until, isUsed, out forgotten);
    }
}
