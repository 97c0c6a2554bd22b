using System.Text.RegularExpressions;

namespace WgProxy.Tests.Guides;

/// <summary>A guide of docs/guides, as a test plays it. The first word behind a fence is the language, the second the host:
/// <code>
///   ```sh HOST          commands that somebody types on HOST as root; with commas, on each of several hosts
///   ```ini HOST PATH    a file of HOST, in any language
///   ```text             an example of output
///   &lt;!-- test: NAME --&gt;  here the test does what the reader's provider, time or a visitor would do
/// </code>
/// The first table whose first column is "host" has the hosts. A test makes them, with these addresses and names.</summary>
internal sealed partial class GuideText
{
    private GuideText(string file)
    {
        File = file;
        string[] lines = System.IO.File.ReadAllLines(file);
        Hosts = [.. Table(lines)];
        Steps = [.. Read(lines)];
    }

    /// <summary>Where the guides are.</summary>
    public static string Folder { get; } = Path.Combine(Root(AppContext.BaseDirectory), "docs", "guides");

    public string File { get; }

    public IReadOnlyList<GuideHost> Hosts { get; }

    /// <summary>The blocks in their order, and what the test does between them.</summary>
    public IReadOnlyList<GuideStep> Steps { get; }

    /// <summary>The guide of this name.</summary>
    public static GuideText Of(string name) => new(Path.Combine(Folder, $"{name}.md"));

    /// <summary>All names that <see cref="Of"/> takes.</summary>
    public static string[] All() =>
        [.. Directory.GetFiles(Folder, "*.md").Select(file => Path.GetFileNameWithoutExtension(file)!).Where(name => name is not "README").Order(StringComparer.Ordinal)];

    /// <summary>Puts keys in place of words such as <c>&lt;home's public key&gt;</c> and <c>&lt;home's link public key&gt;</c>. The key is
    /// what the guide had the reader make before: <c>/etc/wireguard/public.key</c> and <c>/etc/wireguard/link-public.key</c> of that host.</summary>
    public static string Fill(string text, Func<string, string, string> readFile) => Key().Replace(text, match =>
    {
        string name = match.Groups["name"].Value;
        string file = $"{(name.Length > 0 ? $"{name}-" : "")}{match.Groups["kind"].Value}.key";
        return readFile(match.Groups["host"].Value, $"/etc/wireguard/{file}").Trim();
    });

    // Everything between the rows' bars, without the marks of code.
    private static IEnumerable<GuideHost> Table(string[] lines)
    {
        int head = Array.FindIndex(lines, line => line.StartsWith("| host |", StringComparison.Ordinal));
        string[] columns = head < 0 ? [] : Cells(lines[head]);
        foreach (string row in head < 0 ? [] : lines.Skip(head + 2).TakeWhile(line => line.StartsWith('|')))
        {
            string[] cells = Cells(row);
            string Cell(string column) => Array.IndexOf(columns, column) is int at and >= 0 ? cells[at] : "";
            yield return new GuideHost(
                cells[0],
                Words(Cell("name in DNS")),
                Words(Cell("addresses")),
                int.TryParse(Cell("MTU"), System.Globalization.CultureInfo.InvariantCulture, out int mtu) ? mtu : 1500);
        }
    }

    private static string[] Cells(string row) =>
        [.. row.Trim('|').Split('|').Select(cell => cell.Replace("`", "", StringComparison.Ordinal).Trim())];

    private static string[] Words(string cell) => cell.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<GuideStep> Read(string[] lines)
    {
        int paragraph = 0;
        for (int at = 0; at < lines.Length; at++)
        {
            if (Event().Match(lines[at]) is { Success: true } found)
            {
                yield return new GuideStep(at + 1, "event", found.Groups["name"].Value, "", "", "");
            }
            else if (lines[at].StartsWith("```", StringComparison.Ordinal))
            {
                int end = Array.IndexOf(lines, "```", at + 1);
                string[] words = lines[at][3..].Split(' ');
                yield return new GuideStep(
                    at + 1,
                    words[0],
                    words.ElementAtOrDefault(1) ?? "",
                    string.Join(' ', words.Skip(2)),
                    string.Join('\n', lines[(at + 1)..end]) + "\n",
                    string.Join(' ', lines[paragraph..at]));
                paragraph = at = end;
            }
            else if (lines[at].StartsWith('#'))
            {
                paragraph = at;
            }
        }
    }

    private static string Root(string start)
    {
        DirectoryInfo? folder = new(start);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "WgProxy.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException($"no solution above {start}");
    }

    [GeneratedRegex("^<!-- test: (?<name>.*) -->$", RegexOptions.None, 1_000)]
    private static partial Regex Event();

    [GeneratedRegex("<(?<host>[a-z0-9]+)'s (?:(?<name>[a-z0-9]+) )?(?<kind>private|public) key>", RegexOptions.None, 1_000)]
    private static partial Regex Key();
}

/// <summary>A host of a guide. One without an IPv4 address reaches IPv6 only, and the other way about. An address of
/// 100.64.0.0/10 is one that a provider gives to hosts behind its NAT.</summary>
internal sealed record GuideHost(string Name, string[] Names, string[] Addresses, int Mtu);

/// <summary>A block of a guide, or an event.</summary>
/// <param name="Line">The line of its fence.</param>
/// <param name="Language">sh, text, the language of a file; or event.</param>
/// <param name="Host">The host, or several with commas; of an event, its name.</param>
/// <param name="Path">The file, if it is one.</param>
/// <param name="Text">What the block has.</param>
/// <param name="Before">What stands before it, back to the block or the heading before.</param>
internal sealed record GuideStep(int Line, string Language, string Host, string Path, string Text, string Before)
{
    public string[] Hosts => Host.Split(',');

    public bool IsOutput => Language is "text";

    public bool IsEvent => Language is "event";

    public bool IsFile => Path.Length > 0;
}
