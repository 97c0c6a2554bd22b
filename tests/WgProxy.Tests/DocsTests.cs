using System.Globalization;
using System.Text.RegularExpressions;
using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>What a program can judge of the documents: sentences that can be read in one go, links that lead somewhere, and
/// words with one meaning each.</summary>
public sealed partial class DocsTests
{
    private const double MostWordsPerSentence = 25;
    private const int LongestSentence = 45;

    // A shorter piece is a label or a figure in a table. Counting it as a sentence would hide the long ones.
    private const int FewestWordsOfASentence = 4;

    // Each had a private meaning, or several. The study of the names gives what stands for it now.
    private static readonly string[] BannedNames =
    [
        "MappingAside", "Intake", "Lookout", "Alarm", "TunnelAsks", "TakesData", "TakesDataOf", "ServerSpoke", "HomeAddress", "_placed", "Introduce",
        "_told", "_plain", "_lookout", "PlacesOf", "AskedPair", "HandshakeGate", "PlaceOf", "_offload",
    ];

    // In sources they stood for mappings, programs and attackers alike.
    private static readonly string[] BannedPronouns = ["nobody", "whoever", "somebody", "anybody"];

    public static TheoryData<string> Documents =>
    [
        .. Repository.Files("docs", "*.md").Select(Relative).Where(file => !file.StartsWith("docs/decisions/", StringComparison.Ordinal)),
        .. Repository.Files("docs/decisions", "*.md").Select(Relative).Where(IsInPlainWords),
        "README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md",
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Sentences_have_25_words_on_average_and_45_at_most(string file)
    {
        int[] lengths = [.. Sentences(File.ReadAllText(Path.Combine(Repository.Root, file))).Select(sentence => Words(sentence).Count())];
        double average = lengths.Average();
        TestContext.Current.TestOutputHelper?.WriteLine($"{file}: {average:0.0} words in each of {lengths.Length} sentences, {lengths.Max()} at most");
        Assert.True(average <= MostWordsPerSentence, $"{file}: {average:0.0} words a sentence");
        Assert.True(lengths.Max() <= LongestSentence, $"{file}: a sentence of {lengths.Max()} words");
    }

    [Theory]
    [InlineData("One two three four. Five six seven eight nine.", 4, 5)]
    [InlineData("One `two three.` four\nfive [six seven](eight.md), 1.5 nine: ten.", 9)]
    [InlineData("# A heading of five words\n\n- one two three four\n- five six seven eight, e.g. nine", 4, 6)]
    [InlineData("| one two three four | 5 |\n| --- | --- |\n| `x` | six seven eight nine. Ten |", 4, 4)]
    [InlineData("```\none two three four five\n```\n<!-- one two three four five -->\none two three four", 4)]
    public void Sentences_are_counted_as_a_reader_would(string text, params int[] words) =>
        Assert.Equal(words, Sentences(text).Select(sentence => Words(sentence).Count()));

    [Fact]
    public void Every_relative_link_of_a_document_leads_to_a_file()
    {
        string[] documents = [.. Repository.Tracked().Where(file => file.EndsWith(".md", StringComparison.Ordinal))];
        Assert.NotEmpty(documents);
        Assert.All(documents, file => Assert.All(
            Link().Matches(CodeBlock().Replace(File.ReadAllText(file), string.Empty)).Select(match => match.Groups["target"].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)),
            link =>
            {
                string[] parts = link.Split('#', 2);
                string target = parts[0].Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, parts[0]));
                Assert.True(Path.Exists(target), $"{Relative(file)} links to {link}");
                Assert.True(parts.Length == 1 || Anchors(target).Contains(parts[1]), $"{Relative(file)} links to a heading that is not there: {link}");
            }));
    }

    [Fact]
    public void Each_decision_has_a_number_of_its_own_and_bears_it()
    {
        string[] files = [.. Repository.Files("docs/decisions", "*.md")];
        Assert.NotEmpty(files);
        Assert.Empty(files.GroupBy(file => Path.GetFileName(file)[..4], StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => same.Key));
        Assert.All(files, file => Assert.StartsWith(
            string.Create(CultureInfo.InvariantCulture, $"# {int.Parse(Path.GetFileName(file).AsSpan(0, 4), CultureInfo.InvariantCulture)}. "), File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void Private_words_do_not_come_back() =>
        Assert.All(
            Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).Where(file => !file.EndsWith("/DocsTests.cs", StringComparison.Ordinal)),
            file => Assert.All(BannedNames, name => Assert.DoesNotMatch($@"(?<!\w){name}(?!\w)", CommentOrText().Replace(File.ReadAllText(file), string.Empty))));

    [Fact]
    public void Sources_name_their_actor() =>
        Assert.All(
            Repository.Files("src", "*.cs"),
            file => Assert.All(BannedPronouns, word => Assert.DoesNotMatch($@"(?i)\b{word}\b", File.ReadAllText(file))));

    [Fact]
    public void The_readme_names_the_five_variables_and_their_defaults()
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        Assert.All(
            new OptionRow[] { OptionTable.Server, OptionTable.Key, OptionTable.Listen, OptionTable.Timeout, OptionTable.Level },
            row => Assert.Contains($"| `{row.Variable}` | {(row.Default is null ? "required" : $"`{row.Default}`")} | ", readme, StringComparison.Ordinal));
    }

    private static string Relative(string file) => Path.GetRelativePath(Repository.Root, file);

    // Decisions are not edited later. Those from 1 to 15 and from 22 to 33 stand as they were written.
    private static bool IsInPlainWords(string decision)
    {
        int number = int.Parse(Path.GetFileName(decision)[..4], System.Globalization.CultureInfo.InvariantCulture);
        return number is (>= 16 and <= 21) or >= 34;
    }

    private static IEnumerable<string> Sentences(string text)
    {
        text = Comment().Replace(CodeBlock().Replace(text, string.Empty), string.Empty);
        text = LinkText().Replace(Code().Replace(text, "code"), "${words}");
        return Blocks(text).SelectMany(block => SentenceEnd().Split(block)).Where(sentence => Words(sentence).Count() >= FewestWordsOfASentence);
    }

    // Paragraphs, items of lists and cells of tables. Headings are none.
    private static IEnumerable<string> Blocks(string text) =>
        BlockStart().Split(text)
            .Where(block => !block.StartsWith('#'))
            .SelectMany(block => block.StartsWith('|') ? block.Split('|') : [block]);

    private static IEnumerable<string> Words(string sentence) =>
        sentence.Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries).Where(word => word.Any(char.IsLetterOrDigit));

    private static HashSet<string> Anchors(string document) =>
        [.. Heading().Matches(File.ReadAllText(document)).Select(match => NoAnchor().Replace(match.Groups["title"].Value.Trim().ToLowerInvariant(), string.Empty).Replace(' ', '-'))];

    [GeneratedRegex("^```.*?^```[^\n]*$", RegexOptions.Multiline | RegexOptions.Singleline, 1_000)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("<!--.*?-->", RegexOptions.Singleline, 1_000)]
    private static partial Regex Comment();

    [GeneratedRegex("`[^`]*`", RegexOptions.None, 1_000)]
    private static partial Regex Code();

    [GeneratedRegex("//.*|\"[^\"\n]*\"", RegexOptions.None, 1_000)]
    private static partial Regex CommentOrText();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.None, 1_000)]
    private static partial Regex Link();

    [GeneratedRegex(@"\[(?<words>[^\]]*)\]\([^)\s]+\)", RegexOptions.None, 1_000)]
    private static partial Regex LinkText();

    [GeneratedRegex(@"(?<=(?<!\be\.g|\bi\.e)[.!?][""'”*)]*)\s+", RegexOptions.None, 1_000)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\n\s*\n|\n(?=\s*(?:[-*|#]|[0-9]+\.) ?)", RegexOptions.None, 1_000)]
    private static partial Regex BlockStart();

    [GeneratedRegex("^#+ (?<title>.*)$", RegexOptions.Multiline, 1_000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, 1_000)]
    private static partial Regex NoAnchor();
}
