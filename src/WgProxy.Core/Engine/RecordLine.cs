using WgProxy.Core.Journal;

namespace WgProxy.Core.Engine;

/// <summary>Writes the records of one owner of a relay, between its turns.</summary>
/// <param name="journal">Where they go.</param>
/// <param name="localOf">The local address of a slot's upstream socket: 16 bytes in network order, IPv4 as v4-mapped.</param>
public sealed class RecordLine(JournalSettings journal, Func<int, UInt128> localOf)
{
    /// <summary>Writes for one turn. Whether there is more to write in the next.</summary>
    public bool Continue(Relay relay, Tick now)
    {
        if (!relay.HasRecords)
        {
            return false;
        }

        JournalInstant instant = journal.Clock();
        for (int i = 0; i < Limits.RecordsPerTurn && relay.TryTakeRecord(now, out MappingRecord record, out int slot); i++)
        {
            record.Written = instant;
            record.UpstreamLocal = slot < 0 ? 0 : localOf(slot);
            journal.Write(record);
        }

        return relay.HasRecords;
    }
}
