using System.Text;
using WgProxy.Bench;

namespace WgProxy.Compare;

/// <summary>What a comparison showed: tables first, then every visit as it was measured.</summary>
internal static class ResultFile
{
    public static string Tables(IEnumerable<Outcome> outcomes, CompareOptions options) => string.Concat(outcomes
        .GroupBy(outcome => (outcome.Scenario, outcome.SinkGro))
        .Select(group => Table.Of(
            Scenario.All.First(scenario => string.Equals(scenario.Name, group.Key.Scenario, StringComparison.Ordinal)),
            group.Key.SinkGro,
            [.. group],
            options)));

    public static string Head(CompareOptions options, string revision) =>
        $"""
        {Provenance.Head(options.Name, revision)}- links: {options.Links}
        - {options.Rounds} rounds (at most 2 of storm and memory), {options.Seconds} s each after {options.WarmUp} s; medians
        - variants: {(options.Variants.Count == 0 ? "none" : string.Join("; ", options.Variants.Select(WithoutFolders)))}
        - how to read and to repeat it: `bench/ENVIRONMENT.md`


        """;

    public static string Write(string folder, CompareOptions options, string revision, IReadOnlyList<Outcome> outcomes)
    {
        string path = Provenance.Path(folder, options.Name);
        StringBuilder text = new(Head(options, revision));
        _ = text.Append(Tables(outcomes, options)).Append("### Every visit\n\n```json\n").AppendJoin('\n', outcomes).Append("\n```\n");
        File.WriteAllText(path, text.ToString());
        return path;
    }

    // Where a binary lay on the machine that measured it is nobody's business.
    private static string WithoutFolders(string variant) =>
        string.Join(',', variant.Split(',').Select(setting => setting.Contains("BINARY=", StringComparison.Ordinal)
            ? $"{setting[..(setting.IndexOf('=', StringComparison.Ordinal) + 1)]}{Path.GetFileName(setting)}"
            : setting));
}
