using System.Text.RegularExpressions;

namespace WgProxy.Tests;

/// <summary>A story of docs/troubleshooting.md: what people see, what the log says, and the command whose answer names the cause. Words in braces stand
/// for values.</summary>
internal sealed partial record Story(string Name, string Symptom, string Log, string Ask, string Answer, string Mend)
{
    private static readonly string Document = Path.Combine(RootAbove(AppContext.BaseDirectory), "docs/troubleshooting.md");

    /// <summary>All stories, in the order of the document. A part that is missing is empty.</summary>
    public static IReadOnlyList<Story> All { get; } = [.. Read(File.ReadAllText(Document))];

    /// <summary>The table that leads from log lines to stories: the line, and the title of a story.</summary>
    public static IReadOnlyList<(string Line, string Title)> ByLine { get; } =
        [.. Row().Matches(File.ReadAllText(Document)).Select(row => (row.Groups["line"].Value, row.Groups["title"].Value))];

    /// <summary>The story of a name.</summary>
    public static Story Of(string name) => All.Single(story => string.Equals(story.Name, name, StringComparison.Ordinal));

    /// <summary>Whether a line of the log is the story's.</summary>
    public bool IsLogged(string line) => Pattern(Log).IsMatch(Plain(line));

    /// <summary>Whether the line is the whole answer that the story quotes.</summary>
    public bool IsAnswer(string line) => Regex.IsMatch(Plain(line), $"^{Pattern(Answer)}$", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static IEnumerable<Story> Read(string document)
    {
        foreach (string section in document.Split("\n### ").Skip(1))
        {
            if (Mark().Match(section) is { Success: true } mark)
            {
                Dictionary<string, string> parts = Part().Matches(section).ToDictionary(part => part.Groups["part"].Value, part => part.Groups["text"].Value, StringComparer.Ordinal);
                string Of(string part) => parts.GetValueOrDefault(part, string.Empty);
                string Quoted(string part) => Code().Match(Of(part)).Groups["code"].Value;
                yield return new Story(mark.Groups["name"].Value, section[..section.IndexOf('\n', StringComparison.Ordinal)], Quoted("Log"), Quoted("Ask"), Quoted("Answer"), Of("Mend"));
            }
        }
    }

    private static Regex Pattern(string template) => new(
        string.Join(".+", Value().Split(Plain(template)).Select(Regex.Escape)), RegexOptions.None, TimeSpan.FromSeconds(1));

    // Columns are as wide as they must be.
    private static string Plain(string line) => Spaces().Replace(line.Trim(), " ");

    private static string RootAbove(string start) =>
        File.Exists(Path.Combine(start, "WgProxy.slnx")) ? start : RootAbove(Path.GetDirectoryName(start) ?? throw new DirectoryNotFoundException("no solution above the tests"));

    [GeneratedRegex("<!-- story: (?<name>[a-z-]+) -->", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Mark();

    [GeneratedRegex(@"^- \*\*(?<part>\w+)\.\*\* (?<text>.+)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Part();

    [GeneratedRegex("`(?<code>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();

    [GeneratedRegex(@"^\| `(?<line>[^`]+)` \| \[(?<title>[^\]]+)\]\(#[^)]+\) \|$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Row();

    [GeneratedRegex(@"\{[a-z ]+\}", RegexOptions.None, 1000)]
    private static partial Regex Value();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
