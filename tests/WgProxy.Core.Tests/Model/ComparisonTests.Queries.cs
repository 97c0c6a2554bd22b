namespace WgProxy.Core.Tests.Model;

// Rules of what a query is told.
public sealed partial class ComparisonTests
{
    private static Dictionary<string, ReferenceRules> WrongAnswers { get; } = new(StringComparer.Ordinal)
    {
        ["a status shows the former proof"] = new() { StatusesShowFormerProof = true },
        ["what was counted for a removed route is lost at once"] = new() { RemovedRoutesAreShown = false },
        ["a query shows one moment"] = new() { QueriesShowOneMoment = true },
        ["a full answer is the last"] = new() { FullAnswersAreLast = true },
        ["a query visits a slot more in each turn"] = new() { MoreSlotsPerTurn = 1 },
        ["a query visits a slot less in each turn"] = new() { MoreSlotsPerTurn = -1 },
        ["only newcomers are shown to have shown a cookie"] = new() { OnlyNewcomersShow = true },
        ["bytes count once the server has accepted the client"] = new() { BytesCountOnceProven = true },
    };
}
