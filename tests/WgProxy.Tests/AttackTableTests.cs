using System.Text.RegularExpressions;

namespace WgProxy.Tests;

/// <summary>docs/attacks.md names its witnesses: they exist.</summary>
public sealed partial class AttackTableTests
{
    [Fact]
    public void Every_test_that_the_table_of_attacks_names_exists()
    {
        string[] named = [.. Named().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "attacks.md"))).Select(match => match.Value).Distinct()];
        Assert.True(named.Length >= 24, $"only {named.Length} tests named");
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
