using WgProxy.Core.Journal;

namespace WgProxy.Core.Engine;

/// <summary>Writes the records of one owner of a relay, between its turns.</summary>
/// <param name="journal">Where they go.</param>
/// <param name="localOf">The local address of a slot's upstream socket: 16 bytes in network order, IPv4 as v4-mapped.</param>
internal sealed class RecordLine(JournalSettings journal, Func<int, UInt128> localOf)
{
    private Tick _again;

    /// <summary>Writes for one turn. When there is more to write: at once if this turn wrote what it may; after a while if there was no
    /// room for a record; never if all is written.</summary>
    public Tick Continue(Relay relay, Tick now)
    {
        if (!relay.HasRecords || now < _again)
        {
            return relay.HasRecords ? _again : Tick.Never;
        }

        JournalInstant instant = journal.Clock();
        for (int i = 0; i < Limits.RecordsPerTurn && relay.TryTakeRecord(now, out MappingRecord record, out int slot); i++)
        {
            record.Written = instant;
            record.UpstreamLocal = slot < 0 ? 0 : localOf(slot);
            if (!journal.Write(record))
            {
                relay.ReturnRecord(record, slot);
                _again = now + Limits.NoRoomForRecords;
                return _again;
            }
        }

        return relay.HasRecords ? now : Tick.Never;
    }
}
