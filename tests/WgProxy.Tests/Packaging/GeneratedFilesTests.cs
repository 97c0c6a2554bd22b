using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>The manual pages, the completions and the sample file are those of the program. WGPROXY_WRITE_DOCS=1 writes them anew.</summary>
public sealed class GeneratedFilesTests
{
    public static TheoryData<string> Names => [.. GeneratedFiles.All.Keys];

    public static TheoryData<string> Pages => [.. GeneratedFiles.All.Keys.Where(name => name.StartsWith("contrib/man/", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_is_what_the_tables_say(string name)
    {
        string text = GeneratedFiles.All[name]();
        if (Environment.GetEnvironmentVariable("WGPROXY_WRITE_DOCS") is "1")
        {
            File.WriteAllText(GeneratedFiles.PathOf(name), text);
        }

        Assert.Equal(text, File.ReadAllText(GeneratedFiles.PathOf(name)));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_manual_page_is_without_fault(string name)
    {
        Tool.Need("mandoc", "mandoc");
        (_, string said) = await Tool.RunAsync("mandoc", "-T", "lint", name);

        // Which pages are installed beside it is the machine's matter.
        Assert.DoesNotContain(said.Split('\n'), line => line.Length > 0 && !line.Contains("referenced manual not found", StringComparison.Ordinal) && !line.Contains("outdated mandoc.db", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_manual_of_the_program_names_each_flag_as_it_is_typed()
    {
        Tool.Need("mandoc", "mandoc");
        (int code, string shown) = await Tool.RunAsync("mandoc", "-T", "utf8", "-O", "width=100", "contrib/man/wgproxy.1");
        string page = Plain(shown);
        Assert.Equal(0, code);
        Assert.All(OptionTable.Rows, row => Assert.Contains($"{row.Flag} {row.Unit}", page, StringComparison.Ordinal));
        Assert.All(OptionTable.Rows, row => Assert.Contains(Plain(row.Help), page, StringComparison.Ordinal));
        Assert.All(VerbSyntax.All, command => Assert.Contains(Plain(command.Help), page, StringComparison.OrdinalIgnoreCase));
        Assert.All(VerbSyntax.All.SelectMany(command => command.Flags), flag => Assert.Contains($"{flag.Name} {flag.Unit}".TrimEnd(), page, StringComparison.Ordinal));
        Assert.All(HelpText.ExitCodes, exit => Assert.Contains(exit.Text[1..], page, StringComparison.Ordinal));
        Assert.Contains($"wgproxy show [{string.Join('|', VerbSyntax.Topics)}] [--server NAME]", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_manual_of_the_file_names_each_key_of_each_section()
    {
        Tool.Need("mandoc", "mandoc");
        (int code, string shown) = await Tool.RunAsync("mandoc", "-T", "utf8", "-O", "width=100", "contrib/man/wgproxy.conf.5");
        string page = Plain(shown);
        Assert.Equal(0, code);
        Assert.All([.. FileKeys.Relay, .. FileKeys.Server, .. FileKeys.Peer, .. FileKeys.Fleet], key => Assert.Contains($"{key.Name} {Plain(key.Help)}", page, StringComparison.Ordinal));
    }

    [Fact]
    public void The_sample_file_sets_nothing()
    {
        RelayFile file = RelayFile.Parse("sample", File.ReadAllText(GeneratedFiles.PathOf("contrib/wgproxy.conf")));
        Assert.Equal((0, false, 0), (file.Faults.Count, file.ListsServers, file.Relay.Count));
    }

    // A line that begins with "#" and a letter is a setting; "# " begins a comment.
    [Fact]
    public void Each_key_of_the_sample_file_is_valid_as_it_stands()
    {
        string text = File.ReadAllText(GeneratedFiles.PathOf("contrib/wgproxy.conf"));
        string[] lines = [.. text.Split('\n').Select(line => line.Length > 1 && line[0] == '#' && line[1] != ' ' ? line[1..] : line)
            .Select((line, number) => line.Contains(" = <the public key", StringComparison.Ordinal) ? $"{line.Split(" = ")[0]} = {Keys.TextOf((byte)number)}" : line)];
        RelayFile file = RelayFile.Parse("sample", string.Join('\n', lines));
        Assert.True(file.Faults.Count == 0, string.Join('\n', file.Faults.Kept));
        Assert.Equal(FileKeys.Relay.Count, file.Relay.Count);
        Assert.Single(Assert.Single(file.Servers).Peers);
        string[] given = [.. lines.Where(line => line.Length > 0 && char.IsLetter(line[0])).Select(line => line.Split(" = ")[0])];
        Assert.Equal([.. FileKeys.Server.Concat(FileKeys.Peer).Concat(FileKeys.Relay).Concat(FileKeys.Fleet).Select(key => key.Name).Order(StringComparer.Ordinal)], given.Order(StringComparer.Ordinal));
    }

    // Three lines without their "#", and two values: the file of one server.
    [Fact]
    public void The_sample_file_with_three_lines_and_two_values_is_that_of_a_server()
    {
        string text = File.ReadAllText(GeneratedFiles.PathOf("contrib/wgproxy.conf"))
            .Replace("#[Server]\n#Endpoint = home.example.com:51820\n#PublicKey = " + SampleFile.KeyToFillIn, $"[Server]\nEndpoint = 192.0.2.7:51820\nPublicKey = {Keys.Text}", StringComparison.Ordinal);
        RelayFile file = RelayFile.Parse("sample", text);
        Assert.Equal((0, "192.0.2.7:51820"), (file.Faults.Count, Assert.Single(file.Servers).Endpoint.ToString()));
    }

    private static string Plain(string text)
    {
        // A terminal's bold letter is printed twice.
        string once = System.Text.RegularExpressions.Regex.Replace(text, ".\b", string.Empty, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));
        return string.Join(' ', once.Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries));
    }
}
