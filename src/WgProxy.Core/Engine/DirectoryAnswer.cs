using WgProxy.Core.Journal;

namespace WgProxy.Core.Engine;

/// <summary>A tunnel that was found in the directory. The sender makes it, so that the engine allocates nothing.</summary>
/// <param name="sought">What it is the answer to.</param>
/// <param name="record">The record of one of the tunnel's mappings, as it is true now: the sender has read it and knows how old it is.</param>
internal sealed class DirectoryAnswer(SoughtIndex sought, in MappingRecord record)
{
    private readonly MappingRecord _record = record;

    /// <summary>What it is the answer to.</summary>
    public SoughtIndex Sought { get; } = sought;

    /// <summary>The record.</summary>
    public ref readonly MappingRecord Record => ref _record;

    /// <summary>The answer that waits behind this one.</summary>
    internal DirectoryAnswer? Next { get; set; }
}
