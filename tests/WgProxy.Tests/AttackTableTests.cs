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
        string[] sources = [.. Repository.Files("tests", "*.cs").Select(File.ReadAllText)];
        Assert.All(named, name =>
        {
            string[] parts = name.Split('.');
            string source = string.Concat(sources.Where(source => Regex.IsMatch(source, $@" class {parts[0]}\b", RegexOptions.None, TimeSpan.FromSeconds(1))));
            Assert.True(source.Length > 0, $"no class {parts[0]}");
            Assert.Contains($" {parts[1]}(", source, StringComparison.Ordinal);
        });
    }

    [GeneratedRegex(@"(?<=`)(\w+Tests|EngineContract)\.\w+(?=`)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Named();
}
