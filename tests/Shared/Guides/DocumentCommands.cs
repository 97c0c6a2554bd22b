using System.Text.RegularExpressions;

namespace WgProxy.Tests.Guides;

/// <summary>The commands of a document that is no guide. A line before the block says which test types them, or why none does:
/// <code>
///   &lt;!-- run by: CLASS --&gt;   a class of tests types each line of the block as it stands
///   &lt;!-- example: WHY --&gt;    the block is only shown
///   ```sh                    commands
///   ```console               commands behind "$ ", and what they answer
/// </code></summary>
internal static partial class DocumentCommands
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(GuideText.Folder, "..", ".."));

    /// <summary>The documents that the rule holds: all but guides, which are played whole, and what was true on a day.</summary>
    public static string[] Documents() =>
    [
        .. Directory.EnumerateFiles(Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs"), "*.md"))
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "bench"), "*.md"))
            .Concat(Directory.EnumerateFiles(Path.Combine(Root, "src"), "README.md", SearchOption.AllDirectories))
            .Append(Path.Combine(GuideText.Folder, "README.md"))
            .Select(file => Path.GetRelativePath(Root, file)).Order(StringComparer.Ordinal),
    ];

    /// <summary>All blocks of a document.</summary>
    public static IReadOnlyList<DocumentBlock> All(string document) => [.. Read(File.ReadAllLines(Path.Combine(Root, document)))];

    /// <summary>What a class of tests is to type of a document, a block each. There is some.</summary>
    public static IReadOnlyList<DocumentBlock> Of(string document, string test)
    {
        DocumentBlock[] blocks = [.. All(document).Where(block => string.Equals(block.RunBy, test, StringComparison.Ordinal))];
        return blocks.Length > 0 ? blocks : throw new InvalidOperationException($"{document} has no block that is run by {test}");
    }

    private static IEnumerable<DocumentBlock> Read(string[] lines)
    {
        for (int at = 0; at < lines.Length; at++)
        {
            if (lines[at].StartsWith("```", StringComparison.Ordinal))
            {
                int end = Array.IndexOf(lines, "```", at + 1);
                Match mark = Mark().Match(at > 0 ? lines[at - 1] : "");
                yield return new DocumentBlock(at + 1, lines[at][3..], mark.Groups["test"].Value, mark.Groups["why"].Value, lines[(at + 1)..end]);
                at = end;
            }
        }
    }

    [GeneratedRegex("^<!-- (run by: (?<test>\\w+)|example: (?<why>.+)) -->$", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Mark();
}

/// <summary>A block of a document.</summary>
/// <param name="Line">The line of its fence.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="RunBy">The class of tests that types it; empty if none does.</param>
/// <param name="Why">Why none does; empty if one does.</param>
/// <param name="Lines">What it has.</param>
internal sealed record DocumentBlock(int Line, string Language, string RunBy, string Why, string[] Lines)
{
    public bool IsCommands => Language is "sh" or "console";

    /// <summary>The commands, one for a shell to read each: a line that ends with a backslash goes on.</summary>
    public IReadOnlyList<string> Commands()
    {
        IEnumerable<string> typed = Language is "console"
            ? Lines.Where(line => line.StartsWith("$ ", StringComparison.Ordinal)).Select(line => line[2..])
            : Lines;
        return [.. string.Join('\n', typed).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Where(line => line.Length > 0 && line[0] is not '#')];
    }

    /// <summary>All of it, as one script.</summary>
    public string Script() => string.Join('\n', Commands()) + "\n";
}
