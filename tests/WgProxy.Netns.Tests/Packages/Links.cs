using System.Text.RegularExpressions;

namespace WgProxy.Netns.Tests.Packages;

/// <summary>The links of the documents in a package.</summary>
internal static partial class Links
{
    /// <summary>Fails unless each relative link leads to a file below the folder, which may be compressed. A link in code is none.</summary>
    public static void AssertLead(string folder)
    {
        string[] documents = [.. Directory.EnumerateFiles(folder, "*.md", SearchOption.AllDirectories)];
        Assert.NotEmpty(documents);
        Assert.All(documents, document => Assert.All(
            Link().Matches(Code().Replace(File.ReadAllText(document), "")).Select(match => match.Groups["target"].Value).Where(target => !target.Contains(':', StringComparison.Ordinal)),
            target =>
            {
                string file = Path.Combine(Path.GetDirectoryName(document)!, target.Split('#')[0]);
                Assert.True(target[0] is '#' || Path.Exists(file) || File.Exists($"{file}.gz"), $"{document} links to {target}");
            }));
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.None, 1_000)]
    private static partial Regex Link();

    [GeneratedRegex("(?ms)^```.*?^```$|`[^`]*`", RegexOptions.None, 1_000)]
    private static partial Regex Code();
}
