using WgProxy.Core.Journal;

namespace WgProxy.Fleet;

/// <summary>A record that some relay of the fleet wrote.</summary>
/// <param name="Relay">The name of that relay.</param>
/// <param name="Written">When it wrote it, in milliseconds since 1970 by the store's clock.</param>
/// <param name="Record">The record.</param>
internal sealed record FleetRecord(string Relay, long Written, MappingRecord Record)
{
    /// <summary>The record as this host's clock tells its age: its instant is as long ago here as it is by the store's clock. No clock of the relay that wrote it counts.</summary>
    /// <param name="now">Now, as records name instants here.</param>
    /// <param name="storeNow">Now by the store's clock.</param>
    public FleetRecord SeenAt(in JournalInstant now, long storeNow)
    {
        MappingRecord seen = Record;
        seen.Written = new JournalInstant(0, 0, now.Utc - Math.Clamp(storeNow - Written, 0, MostAge));
        return this with { Record = seen };
    }

    /// <summary>Whether the tunnel can still be found by an index of its server's, so long after the record was written.</summary>
    public bool LeadsTo(uint index, long age)
    {
        for (int position = 0; position < TunnelRecord.Positions; position++)
        {
            if (IsLive(Record.Tunnel.Pairs[position], index, age) || IsLive(Record.Tunnel.Questions[position], index, age))
            {
                return true;
            }
        }

        return false;
    }

    // A year: what is older is not believed either.
    private const long MostAge = 365L * 24 * 3600 * 1000;

    private static bool IsLive(in RecordedIndices indices, uint index, long age) =>
        indices.Has(IndexMarks.LeadsHere) && indices.ServerIndex == index && indices.Remaining > age;
}
