using System.Text.RegularExpressions;
using WgProxy.Configuration;
using WgProxy.Tests.Guides;

namespace WgProxy.Tests;

/// <summary>What looks like a command in a document is typed by a test, or says that it is an example. Guides have rules of their own.</summary>
public sealed partial class DocsCommandsTests
{
    // What a reader sees or writes, and does not type.
    private static readonly string[] NotTyped = ["text", "ini", "json", "yaml", "csharp", "nft"];

    // The first words of a line that somebody types.
    private static readonly string[] Programs =
        ["wgproxy", "apt", "apt-get", "systemctl", "curl", "sudo", "dotnet", "./run", "./test", "journalctl", "install", "sysctl", "nano", "ssh", "docker", "kubectl"];

    private static readonly Lazy<string[]> Sources = new(() => [.. Repository.Files("tests", "*.cs").Select(File.ReadAllText)]);

    public static TheoryData<string> Documents => [.. DocumentCommands.Documents()];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_block_of_commands_names_its_test_or_says_that_it_is_an_example(string document) =>
        Assert.All(DocumentCommands.All(document), block =>
        {
            string place = $"{document}:{block.Line}";
            Assert.True(block.IsCommands || NotTyped.Contains(block.Language, StringComparer.Ordinal), $"{place}: expected sh, console, or one of {string.Join(", ", NotTyped)} behind the fence, not \"{block.Language}\"");
            if (!block.IsCommands)
            {
                Assert.All(block.Lines, line => Assert.False(LooksTyped(line), $"{place}: \"{line}\" looks like a command: mark the block as sh or console"));
                return;
            }

            Assert.True(block.RunBy.Length > 0 || block.Why.Length > 0, $"{place}: the line before the block says neither \"run by: CLASS\" nor \"example: WHY\"");
            Assert.True(block.RunBy.Length == 0 || IsTaken(document, block.RunBy), $"{place}: no class of tests {block.RunBy} takes its commands from {document}");
            Assert.NotEmpty(block.Commands());
        });

    /// <summary>Commands amid sentences: the program knows each word and each flag.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void Each_command_of_the_program_in_a_sentence_exists(string document) =>
        Assert.All(
            InSentence().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(match => match.Groups["words"].Value),
            words => Assert.True(IsKnown(words.Split(' ', StringSplitOptions.RemoveEmptyEntries)), $"{document}: wgproxy {words}"));

    [Theory]
    [InlineData("check --configured", true)]
    [InlineData("show sessions --sort traffic", true)]
    [InlineData("--config FILE", true)]
    [InlineData("--metrics=[::1]:9586", true)]
    [InlineData("chek", false)]
    [InlineData("show --colour", false)]
    [InlineData("--listn 1", false)]
    public void A_command_that_does_not_exist_is_found(string words, bool isKnown) => Assert.Equal(isKnown, IsKnown(words.Split(' ')));

    [Theory]
    [InlineData("$ wgproxy reload", true)]
    [InlineData("systemctl start wgproxy", true)]
    [InlineData("relay: wgproxy 1.0.0", false)]
    [InlineData("wgproxy drop: the relay refuses", false)]
    [InlineData("# apt is not meant", false)]
    public void A_line_that_somebody_types_is_known(string line, bool isTyped) => Assert.Equal(isTyped, LooksTyped(line));

    private static bool LooksTyped(string line) =>
        line.StartsWith("$ ", StringComparison.Ordinal) || (line.Split(' ') is [string program, string next, ..] && Programs.Contains(program, StringComparer.Ordinal) && !next.EndsWith(':'));

    private static bool IsTaken(string document, string test) =>
        Repository.Files("tests", $"{test}.cs").Any(file => FactOrTheory().IsMatch(File.ReadAllText(file)))
        && Sources.Value.Any(source => source.Contains($"DocumentCommands.Of(\"{document}\", nameof({test}))", StringComparison.Ordinal));

    private static bool IsKnown(string[] words)
    {
        VerbSyntax command = VerbSyntax.All.FirstOrDefault(verb => verb.Name.Length > 0 && string.Equals(verb.Name, words[0], StringComparison.Ordinal)) ?? VerbSyntax.All[0];
        string[] flags = [.. command.Flags.Select(flag => flag.Name), .. OptionTable.Rows.Select(row => row.Flag), "--help", "--version"];
        return (command.Name.Length > 0 || words[0].StartsWith('-'))
            && words.Where(word => word.StartsWith("--", StringComparison.Ordinal)).All(word => flags.Contains(word.Split('=')[0], StringComparer.Ordinal));
    }

    // A place holder in capitals stands for a command, and the program's name alone for the program.
    [GeneratedRegex("`(sudo )?wgproxy (?<words>[a-z-][^`]*)`", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex InSentence();

    [GeneratedRegex(@"^    \[\w*(Fact|Theory)\b", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1_000)]
    private static partial Regex FactOrTheory();
}
