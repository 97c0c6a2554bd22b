namespace WgProxy.Core.Journal;

/// <summary>Takes a record. False if there is no room for it now: the engine then asks again, with what is to be recorded by then.</summary>
/// <param name="record">The record, complete.</param>
internal delegate bool RecordWriter(in MappingRecord record);

/// <summary>Where an engine's records go.</summary>
internal sealed record JournalSettings
{
    /// <summary>Says which instant it is, as records name instants. Called once in each turn in which records are written.</summary>
    public required Func<JournalInstant> Clock { get; init; }

    /// <summary>Given each record that has changed, at most one of a slot in each turn, and the end of each mapping that had one: a copy
    /// into a bounded queue, as a rule. Called on the thread that owns the mapping, by several of them at once; must neither block nor
    /// throw.</summary>
    public required RecordWriter Write { get; init; }
}
