using System.Text.RegularExpressions;

namespace WgProxy.Tests;

/// <summary>What the documents name in code exists: files, types with their members, and variables. Decisions are left out: they
/// say what was true when they were made.</summary>
public sealed partial class DocsNamesTests
{
    private static readonly Lazy<Tree> Checkout = new(Tree.Read);

    public static TheoryData<string> Documents =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").Order(StringComparer.Ordinal).Select(file => Path.GetRelativePath(Repository.Root, file)),
        "README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md",
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Every_file_type_member_and_variable_that_a_document_names_exists(string file) =>
        Assert.Empty(Checkout.Value.MissingFrom(File.ReadAllText(Path.Combine(Repository.Root, file))));

    [Theory]
    [InlineData("`Send/Outbox.Fallbacks.cs`, `Relay.*.cs` and `src/WgProxy.Linux`")]
    [InlineData("`Send/Outbox.Ladder.cs`", "Send/Outbox.Ladder.cs")]
    [InlineData("`Listen/Outbox.cs`", "Listen/Outbox.cs")]
    [InlineData("`src/WgProxy.Core/Batching` and `TARGET.coverage.txt`", "src/WgProxy.Core/Batching")]
    [InlineData("`RouteList`, `RouteList.Add(route)` and `Environment.ProcessorCount`")]
    [InlineData("`RouteTabel`", "RouteTabel")]
    [InlineData("`RouteList.Change(id)`", "RouteList.Change(id)")]
    [InlineData("`Environment.ProcessorCounts`", "Environment.ProcessorCounts")]
    [InlineData("`WGPROXY_LISTEN=[::]:1`, WGPROXY_LISTENS", "WGPROXY_LISTENS")]
    [InlineData("A `word`, `Asked`, `--listen`, `[Peer]` and `wg show` name nothing of the tree.\n```\n`NotLookedAt`\n```")]
    public void A_name_that_does_not_exist_is_found(string text, params string[] missing) =>
        Assert.Equal(missing, Checkout.Value.MissingFrom(text));

    [GeneratedRegex("^```.*?^```[^\n]*$", RegexOptions.Multiline | RegexOptions.Singleline, 1_000)]
    private static partial Regex CodeBlock();

    // A path below a folder of the repository, or a name with the ending of a source or a text. Capitals stand for several names.
    [GeneratedRegex(@"(?<=`)(?![A-Z]+\.)((src|tests|docs|bench|tools)/[\w./*-]+|[\w./*-]+\.(cs|c|h|md|txt|csproj|props|targets|sh))(?=`)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex FileName();

    // A member of a type, or a name of several words. One word alone may be anything.
    [GeneratedRegex(@"(?<=`)(?<type>[A-Z]\w*)\.(?<member>[A-Z]\w*)(\([^`]*\))?(?=`)|(?<=`)(?<type>[A-Z]\w*[a-z0-9][A-Z]\w*)(?=`)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex CodeName();

    [GeneratedRegex(@"\bWGPROXY_[A-Z_]*[A-Z]\b", RegexOptions.None, 1_000)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\b(class|struct|record|enum|interface)\s+(struct\s+)?(?<type>[A-Z]\w*)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Declared();

    [GeneratedRegex("//.*", RegexOptions.None, 1_000)]
    private static partial Regex Comment();

    // Only here do names stand that the tree must not have.
    [GeneratedRegex(@"//.*|\[InlineData.*", RegexOptions.None, 1_000)]
    private static partial Regex WrongName();

    /// <summary>What can be named: paths from the root, and whole words of everything that is no document.</summary>
    private sealed class Tree(string[] paths, string code, ILookup<string, string> sources)
    {
        public static Tree Read()
        {
            string[] tracked = [.. Repository.Tracked()];
            string[] texts =
            [
                .. tracked.Where(file => !file.EndsWith(".md", StringComparison.Ordinal))
                    .Select(file => (file.EndsWith("/DocsNamesTests.cs", StringComparison.Ordinal) ? WrongName() : Comment()).Replace(File.ReadAllText(file), string.Empty)),
            ];
            return new Tree(
                [.. tracked.Select(file => "/" + Path.GetRelativePath(Repository.Root, file))],
                string.Join('\n', texts),
                texts.SelectMany(text => Declared().Matches(text).Select(match => (Type: match.Groups["type"].Value, Text: text))).ToLookup(each => each.Type, each => each.Text));
        }

        /// <summary>The names in a document that name nothing, each once.</summary>
        public IEnumerable<string> MissingFrom(string document)
        {
            string text = CodeBlock().Replace(document, string.Empty);
            return FileName().Matches(text).Where(match => !IsPath(match.Value))
                .Concat(CodeName().Matches(text).Where(match => !FileName().IsMatch($"`{match.Value}`") && !IsCode(match)))
                .Concat(Variable().Matches(text).Where(match => !HasWord(code, match.Value)))
                .Select(match => match.Value)
                .Distinct();
        }

        private bool IsPath(string name)
        {
            Regex path = new($"/{Regex.Escape(name).Replace(@"\*", "[^/]*", StringComparison.Ordinal)}(/|$)", RegexOptions.None, TimeSpan.FromSeconds(1));
            return paths.Any(path.IsMatch);
        }

        // A type of ours has the member where it is declared. Another's is named in full where it is used.
        private bool IsCode(Match name)
        {
            (string type, string member) = (name.Groups["type"].Value, name.Groups["member"].Value);
            return member.Length == 0 ? HasWord(code, type)
                : sources.Contains(type) ? sources[type].Any(source => HasWord(source, member))
                : HasWord(code, $"{type}.{member}");
        }

        private static bool HasWord(string text, string word) =>
            Regex.IsMatch(text, $@"\b{Regex.Escape(word)}\b", RegexOptions.None, TimeSpan.FromSeconds(10));
    }
}
