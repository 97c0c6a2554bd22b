using System.Text.RegularExpressions;
using System.Xml.Linq;
using WgProxy.Core.Engine;
using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>The house rules of CONTRIBUTING.md, as far as a program can judge them.</summary>
public sealed partial class HouseRules
{
    private const int LongestFile = 400;
    private const int LongestTest = 300;

    // Files in which threads meet. Everywhere else state has one owner.
    private static readonly string[] MayLock = ["AddressFile.cs", "ByteBlocks.cs", "FigureMeter.cs", "Log.cs", "PortableEngine.cs", "PortableEngine.Upstreams.cs", "PortableEngine.Listen.cs", "LinuxEngine.cs", "LinuxEngine.Listen.cs", "DefaultLocalAddress.cs", "EndpointAddresses.cs", "RelayHistory.cs", "UsageBook.cs", "EarlyPorts.cs", "DeferredEngine.cs", "StandbyTable.cs"];

    private static IEnumerable<string> Sources => Repository.Files("src", "*.cs");

    [Fact]
    public void Arrows_point_one_way()
    {
        Dictionary<string, string[]> expected = new(StringComparer.Ordinal)
        {
            ["WgProxy.Core"] = [],
            ["WgProxy.Linux"] = ["WgProxy.Core"],
            ["WgProxy.Portable"] = ["WgProxy.Core"],
            ["WgProxy"] = ["WgProxy.Core", "WgProxy.Linux", "WgProxy.Portable"],
        };
        Assert.Equal(expected.Keys.Order(), Projects().Select(project => project.Name).Order());
        Assert.All(Projects(), project => Assert.Equal(
            expected[project.Name],
            project.Xml.Descendants("ProjectReference").Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!)).Order()));
    }

    [Fact]
    public void Unsafe_code_compiles_in_one_room()
    {
        Assert.Equal(["WgProxy.Linux"], Projects().Where(project => project.Xml.Descendants("AllowUnsafeBlocks").Any()).Select(project => project.Name));
        Assert.All(
            Sources.Where(file => Unsafe().IsMatch(Code(file)) || Code(file).Contains("LibraryImport", StringComparison.Ordinal)),
            file => Assert.Matches("/WgProxy.Linux/(Native|Net)/", file));
    }

    [Fact]
    public void No_engine_draws_by_itself() =>
        Assert.All(
            Sources.Where(file => Draws().IsMatch(Code(file))),
            file => Assert.Matches("/WgProxy/Hosting/RandomBits.cs$|/WgProxy.Linux/(Native/Libc|Net/HostFacts).cs$", file));

    [Fact]
    public void Locks_stand_where_threads_meet() =>
        Assert.All(
            Sources.Where(file => Locks().IsMatch(Code(file))),
            file => Assert.Contains(Path.GetFileName(file), MayLock));

    [Fact]
    public void Files_are_short()
    {
        Assert.All(Sources, file => AssertShort(file, LongestFile));
        Assert.All(Repository.Files("tests", "*.cs"), file => AssertShort(file, LongestTest));

        static void AssertShort(string file, int longest) =>
            Assert.True(File.ReadLines(file).Count() < longest, $"{file} has {longest} lines or more");
    }

    [Fact]
    public void Interfaces_come_with_their_second_implementation()
    {
        string[] bases = [.. Sources.SelectMany(file => Bases().Matches(Code(file)).Select(match => match.Groups[1].Value))];
        string[] interfaces = [.. Sources.SelectMany(file => Interfaces().Matches(Code(file)).Select(match => match.Groups[1].Value))];
        Assert.Contains(nameof(IEngine), interfaces);
        Assert.All(interfaces, name => Assert.InRange(bases.Count(each => Regex.IsMatch(each, $@"\b{name}\b")), 2, int.MaxValue));
    }

    [Fact]
    public void Names_say_what_a_thing_is() =>
        Assert.All(
            Sources.SelectMany(file => Types().Matches(Code(file)).Select(match => match.Groups[1].Value)),
            name => Assert.DoesNotMatch("(Manager|Helper|Helpers|Util|Utils|Service|Impl|Base)$", name));

    [Fact]
    public void The_documents_show_the_options_as_they_are() =>
        Repository.AssertBlock("docs/options.md", "options", OptionTable.ToMarkdown());

    [Fact]
    public void The_documents_show_the_keys_of_a_file_as_they_are()
    {
        Repository.AssertBlock("docs/configuration.md", "relay-keys", FileKeys.ToMarkdown(FileKeys.Relay));
        Repository.AssertBlock("docs/configuration.md", "server-keys", FileKeys.ToMarkdown(FileKeys.Server));
        Repository.AssertBlock("docs/configuration.md", "peer-keys", FileKeys.ToMarkdown(FileKeys.Peer));
        Repository.AssertBlock("docs/configuration.md", "fleet-keys", FileKeys.ToMarkdown(FileKeys.Fleet));
    }

    [Fact]
    public void The_documents_explain_every_verdict()
    {
        Assert.Equal(Enum.GetNames<Verdict>(), VerdictsWithDocs().Select(verdict => verdict.Name));
        string table = "| Verdict | Meaning |\n| --- | --- |\n"
            + string.Concat(VerdictsWithDocs().Select(verdict => $"| `{verdict.Name}` | {verdict.Meaning} |\n"));
        Repository.AssertBlock("docs/verdicts.md", "verdicts", table);
    }

    // The floor of the fleet: what it may know, who may know it, and that nobody else knows the client of the store.
    [Fact]
    public void The_fleet_is_a_floor()
    {
        Assert.All(
            Repository.Files("src/WgProxy/Fleet", "*.cs").SelectMany(file => Imports().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)),
            name => Assert.Matches(@"^(Core(\.\w+)?|Hosting|State)$", name));
        Assert.All(
            Sources.Where(file => File.ReadAllText(file).Contains("using WgProxy.Fleet;", StringComparison.Ordinal)),
            file => Assert.Matches("/src/WgProxy/(RelayRun.cs$|(Commands|Configuration|Diagnosis|Figures|Logging|Standby|Status)/)", file));
        Assert.All(
            Sources.Where(file => Code(file).Contains("StackExchange", StringComparison.Ordinal)),
            file => Assert.Contains("/src/WgProxy/Fleet/", file, StringComparison.Ordinal));
    }

    [Fact]
    public void No_word_of_a_machine_is_committed()
    {
        string[] files = [.. Repository.Tracked().Where(file => !file.EndsWith(".lock.json", StringComparison.Ordinal))];
        Assert.NotEmpty(files);
        string home = Repository.Root + "/";
        Assert.All(files, file => Assert.DoesNotContain(home, File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void Packages_have_exact_central_versions()
    {
        XDocument central = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        Assert.All(central.Descendants("PackageVersion"), package => Assert.Matches("^[0-9]+(\\.[0-9]+)+$", (string)package.Attribute("Version")!));
        Assert.All(
            Repository.Files(".", "*.csproj").Select(XDocument.Load).SelectMany(project => project.Descendants("PackageReference")),
            reference => Assert.Null(reference.Attribute("Version")));
    }

    private static IEnumerable<(string Name, XDocument Xml)> Projects() =>
        Repository.Files("src", "*.csproj").Select(file => (Path.GetFileNameWithoutExtension(file), XDocument.Load(file)));

    private static IEnumerable<(string Name, string Meaning)> VerdictsWithDocs() =>
        Documented().Matches(File.ReadAllText(Path.Combine(Repository.Root, "src/WgProxy.Core/Vocabulary/Verdict.cs")))
            .Select(match => (match.Groups[2].Value, LineBreak().Replace(match.Groups[1].Value, " ")));

    private static string Code(string file) => Comment().Replace(File.ReadAllText(file), string.Empty);

    [GeneratedRegex(@"///.*|//.*|""[^""\n]*""")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\bunsafe\b")]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"\bRandom(NumberGenerator)?\.|\bnew Random\b|\bNewGuid\b|\bRandomBits\b(?!\.DrawSeeds)|getrandom|TryFillRandom")]
    private static partial Regex Draws();

    [GeneratedRegex(@"\block\s*\(|\bLock\b|\bMonitor\.")]
    private static partial Regex Locks();

    [GeneratedRegex(@"(?m)^using WgProxy\.([\w.]+);")]
    private static partial Regex Imports();

    [GeneratedRegex(@"\binterface\s+(\w+)")]
    private static partial Regex Interfaces();

    // What a class or struct says it is, without its constraints.
    [GeneratedRegex(@"\b(?:class|struct|record)\s+(?:struct\s+)?\w+(?:<[^>]*>)?(?:\([^)]*\))?\s*:\s*((?:(?!\bwhere\b)[^{;])+)")]
    private static partial Regex Bases();

    [GeneratedRegex(@"\b(?:class|struct|record|enum|interface)\s+(?:struct\s+)?([A-Z]\w*)")]
    private static partial Regex Types();

    [GeneratedRegex(@"/// <summary>((?:[^<]|<(?!/summary>))*)</summary>\s*\n\s*([A-Z]\w*),")]
    private static partial Regex Documented();

    [GeneratedRegex(@"\s*\n\s*///\s*")]
    private static partial Regex LineBreak();
}
