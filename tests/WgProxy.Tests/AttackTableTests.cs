using System.Text.RegularExpressions;

namespace WgProxy.Tests;

/// <summary>docs/attacks.md and docs/field.md name their witnesses: they exist.</summary>
public sealed partial class AttackTableTests
{
    [Theory]
    [InlineData("attacks.md", 24)]
    [InlineData("field.md", 3)]
    public void Every_test_that_a_table_names_exists(string table, int least)
    {
        string[] named = [.. Named().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", table))).Select(match => match.Value).Distinct()];
        Assert.True(named.Length >= least, $"only {named.Length} tests named");
        Dictionary<string, string> sources = Repository.Files("tests", "*.cs")
            .GroupBy(file => Path.GetFileName(file).Split('.')[0], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => string.Concat(group.Select(File.ReadAllText)), StringComparer.Ordinal);
        Assert.All(named, name =>
        {
            string[] parts = name.Split('.');
            Assert.True(sources.TryGetValue(parts[0], out string? source), $"no file of {parts[0]}");
            Assert.Contains($" {parts[1]}(", source, StringComparison.Ordinal);
        });
    }

    [GeneratedRegex(@"(?<=`)(\w+Tests|EngineContract)\.\w+(?=`)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Named();
}
