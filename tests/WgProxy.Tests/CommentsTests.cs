using System.Text.RegularExpressions;
using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>What a program can judge of the words beside the documents: comments of the sources, log lines and <c>--help</c>.</summary>
public sealed partial class CommentsTests
{
    private const double MostWordsPerSentence = 25;
    private const int FewestWordsOfASentence = 4;

    public static TheoryData<string> Rooms => ["src/WgProxy.Core", "src/WgProxy.Linux", "src/WgProxy.Portable", "src/WgProxy"];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Comments_have_25_words_a_sentence_on_average(string room) =>
        AssertShort(room, Repository.Files(room, "*.cs").SelectMany(CommentsOf));

    [Fact]
    public void Log_lines_have_25_words_a_sentence_on_average() =>
        AssertShort("log lines", Repository.Files("src/WgProxy/Logging", "*.cs").SelectMany(file => Text().Matches(File.ReadAllText(file)).Select(match => match.Value)));

    [Fact]
    public void Help_has_25_words_a_sentence_on_average() =>
        AssertShort("--help", OptionTable.Rows.Select(row => row.Help).Append(string.Join(' ', HelpText.Build().Split("\n\n")[2..3])));

    [Theory]
    [InlineData("/// <summary>One two three <see cref=\"Four\"/>. Five six\n/// seven eight nine.</summary>", 4, 5)]
    [InlineData("int x = 1; // one two three four\n\n    // five six seven eight,\n    // nine", 4, 5)]
    public void Comments_are_read_as_a_reader_would(string source, params int[] words) =>
        Assert.Equal(words, CommentsIn(source).SelectMany(Lengths));

    private static void AssertShort(string what, IEnumerable<string> texts)
    {
        int[] lengths = [.. texts.SelectMany(Lengths)];
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {lengths.Average():0.0} words in each of {lengths.Length} sentences, {lengths.Max()} at most");
        Assert.True(lengths.Length > 10, $"{what}: only {lengths.Length} sentences were found");
        Assert.True(lengths.Average() <= MostWordsPerSentence, $"{what}: {lengths.Average():0.0} words a sentence");
    }

    private static IEnumerable<string> CommentsOf(string file) => CommentsIn(File.ReadAllText(file));

    // Lines of one comment belong together: neighbours of the same indentation.
    private static IEnumerable<string> CommentsIn(string source) =>
        Comment().Matches(source).Select(match => Tag().Replace(CommentStart().Replace(match.Value, " "), "code"));

    private static IEnumerable<int> Lengths(string text) => SentenceEnd().Split(text)
        .Select(sentence => sentence.Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries).Count(word => word.Any(char.IsLetterOrDigit)))
        .Where(words => words >= FewestWordsOfASentence);

    [GeneratedRegex(@"//[^\n]*(?:\n[ \t]*//[^\n]*)*", RegexOptions.None, 1_000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\s*///?", RegexOptions.None, 1_000)]
    private static partial Regex CommentStart();

    [GeneratedRegex(@"<see[^>]*/>|<paramref[^>]*/>", RegexOptions.None, 1_000)]
    private static partial Regex Tag();

    [GeneratedRegex(@"[.!?:](?:\s+|</|$)|<[^>]*>", RegexOptions.None, 1_000)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex("(?<=\")[^\"\n]*(?=\")", RegexOptions.None, 1_000)]
    private static partial Regex Text();
}
