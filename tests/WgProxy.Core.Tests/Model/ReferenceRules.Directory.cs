namespace WgProxy.Core.Tests.Model;

// The rules of the directory.
internal sealed partial record ReferenceRules
{
    /// <summary>Whether what was found is lent.</summary>
    public bool FoundIsLent { get; init; } = true;

    /// <summary>Whether only those indices lead to a found tunnel that lead to it where it was recorded.</summary>
    public bool OnlyLeadingLeads { get; init; } = true;

    /// <summary>Whether all pairs of a found tunnel, also those that do not lead to it, show whose session it is.</summary>
    public bool AllPairsShowTheSession { get; init; } = true;

    /// <summary>Whether a claim goes to the address of its server that the found tunnel went to.</summary>
    public bool FoundGoesWhereItWent { get; init; } = true;

    /// <summary>For how many seconds a found tunnel is kept.</summary>
    public int FoundSeconds { get; init; } = 30;

    /// <summary>After how many milliseconds an index is sought again at last.</summary>
    public long SoughtLongest { get; init; } = 1_024;

    /// <summary>How many indices are sought for a source in a second.</summary>
    public int SoughtPerSource { get; init; } = 8;
}
