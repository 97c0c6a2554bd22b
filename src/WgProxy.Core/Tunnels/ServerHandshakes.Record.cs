using WgProxy.Core.Journal;

namespace WgProxy.Core.Tunnels;

// What a tunnel's server asked, in the records of the tunnel's mappings.
internal partial struct ServerHandshakes
{
    /// <summary>Writes down the questions as they stand, those that have ended too: they keep their positions.</summary>
    public readonly void WriteTo(ref TunnelRecord record, int slot, Tick now)
    {
        record.NextQuestion = _next;
        for (int position = 0; position < Tunnel.MaxPairs; position++)
        {
            Handshake ask = _handshakes[position];
            record.Questions[position] = ask.Until <= default(Tick) ? default : new RecordedIndices
            {
                ServerIndex = ask.ServerIndex,
                ClientIndex = ask.ClientIndex,
                Remaining = (uint)Math.Clamp(ask.Until - now, 0, uint.MaxValue),
                Marks = IndexMarks.IsPresent
                    | (ask.Answered ? IndexMarks.IsUsed : IndexMarks.None)
                    | (ask.Slot == slot ? IndexMarks.NamedHere : IndexMarks.None),
            };
        }
    }

    /// <summary>Takes all questions from the record of a slot's mapping, as they stand there. There are none here yet.</summary>
    /// <param name="record">The record.</param>
    /// <param name="slot">The mapping's slot.</param>
    /// <param name="now">The instant, at which the record is true.</param>
    /// <param name="latest">Until when indices are believed at the most.</param>
    public void TakeAll(in TunnelRecord record, int slot, Tick now, Tick latest)
    {
        _next = record.NextQuestion;
        for (int position = 0; position < Tunnel.MaxPairs; position++)
        {
            RecordedIndices recorded = record.Questions[position];
            _handshakes[position] = !recorded.Has(IndexMarks.IsPresent) ? default : new Handshake
            {
                ServerIndex = recorded.ServerIndex,
                ClientIndex = recorded.ClientIndex,
                Slot = recorded.Has(IndexMarks.NamedHere) ? slot : -1,
                Answered = recorded.Has(IndexMarks.IsUsed),
                Until = Tick.Min(now + recorded.Remaining, latest),
            };
        }
    }

    /// <summary>Takes a question from the record of another mapping of the tunnel: a new one, or what that record knows better of one that
    /// is here.</summary>
    /// <returns>Whether another question made room.</returns>
    public bool Take(in RecordedIndices recorded, int slot, Tick now, Tick until, out uint forgotten)
    {
        int named = recorded.Has(IndexMarks.NamedHere) ? slot : -1;
        int known = Find(recorded.ServerIndex, now);
        bool madeRoom = false;
        forgotten = 0;
        if (known < 0)
        {
            madeRoom = Ask(recorded.ServerIndex, named, now, until, out forgotten);
        }
        else if (_handshakes[known].Slot < 0)
        {
            _handshakes[known].Slot = named;
        }

        if (recorded.Has(IndexMarks.IsUsed) && !IsAnswered(recorded.ServerIndex, now))
        {
            Answer(recorded.ServerIndex, recorded.ClientIndex, now);
        }

        return madeRoom;
    }
}
