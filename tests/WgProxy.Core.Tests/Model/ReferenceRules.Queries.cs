namespace WgProxy.Core.Tests.Model;

// What a query is told.
internal sealed partial record ReferenceRules
{
    /// <summary>Whether a mapping that lingers is shown with the proof that it had.</summary>
    public bool StatusesShowFormerProof { get; init; }

    /// <summary>Whether what was counted for a removed route is shown until its last mapping has ended.</summary>
    public bool RemovedRoutesAreShown { get; init; } = true;

    /// <summary>Whether all mappings are shown as they were in the first turn of the query.</summary>
    public bool QueriesShowOneMoment { get; init; }

    /// <summary>Whether a query has visited all slots once its answer is full.</summary>
    public bool FullAnswersAreLast { get; init; }

    /// <summary>How many slots more than it should a query visits in a turn.</summary>
    public int MoreSlotsPerTurn { get; init; }

    /// <summary>Whether only who had to show a cookie at first is shown to have shown one.</summary>
    public bool OnlyNewcomersShow { get; init; }

    /// <summary>Whether bytes count from when the server accepted the client.</summary>
    public bool BytesCountOnceProven { get; init; }
}
