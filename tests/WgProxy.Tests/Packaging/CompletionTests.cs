using WgProxy.Configuration;

namespace WgProxy.Tests.Packaging;

/// <summary>What the shells themselves offer by the completions.</summary>
public sealed class CompletionTests
{
    // A line as it is typed, and what is offered for its last word.
    private static readonly (string Line, string[] Offered)[] Cases =
    [
        ("wgproxy ch", ["check"]),
        ("wgproxy --log-l", ["--log-level"]),
        ("wgproxy --log-level ", ["0", "1", "2", "3"]),
        ("wgproxy --engine p", ["portable"]),
        ("wgproxy --log-format ", ["auto", "journald", "json", "text"]),
        ("wgproxy show s", ["servers", "sessions"]),
        ("wgproxy show sessions --sort t", ["traffic"]),
        ("wgproxy check --conf", ["--config", "--configured"]),
        ("wgproxy doctor --jso", ["--json"]),
        ("wgproxy --jso", []),
        ("wgproxy drop 192.0.2.7 --den", ["--deny"]),
        ("wgproxy drop 192.0.2.7 --deny n", []),
        ("wgproxy --deny ", ["none"]),
        ("wgproxy set log-level ", ["0", "1", "2", "3"]),
        ("wgproxy top --listen", []),
        ("wgproxy --config contrib/wgproxy.c", ["contrib/wgproxy.conf"]),
        ("wgproxy import contrib/wgproxy.c", ["contrib/wgproxy.conf"]),
        ("wgproxy --upstream-device l", ["lo"]),
        ("wgproxy --control-group roo", ["root"]),
    ];

    [Fact]
    public async Task Bash_completes()
    {
        const string script = """
            source contrib/completion/wgproxy.bash
            for line; do
                read -ra COMP_WORDS <<<"$line"
                [[ $line != *' ' ]] || COMP_WORDS+=("")
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _wgproxy
                echo "$line:${COMPREPLY[*]}"
            done
            """;
        await CompareAsync("bash", "--norc", "-c", script, "bash");
    }

    [Fact]
    public async Task Fish_completes()
    {
        Tool.Need("fish", "fish");
        const string script = """
            source contrib/completion/wgproxy.fish
            for line in $argv
                set -l offered (complete -C $line | string split -f1 \t)
                echo "$line:$offered"
            end
            """;
        await CompareAsync("fish", "--no-config", "-c", script);
    }

    [Fact]
    public async Task Zsh_completes()
    {
        Tool.Need("zsh", "zsh");
        await CompareAsync("zsh", "-f", Path.Combine(Repository.Root, "tests/WgProxy.Tests/Packaging/capture.zsh"));
    }

    [Fact]
    public void Each_word_that_is_offered_is_taken() =>
        Assert.All(OptionTable.Rows, row => Assert.All(SettingWords.Of(row).Words, word => Assert.True(row.TryParse(word, out _, out _), $"{row.Flag} {word}")));

    [Fact]
    public void The_words_of_an_option_are_all_that_its_errors_expect()
    {
        Assert.Equal(["auto", "off"], SettingWords.Of(OptionTable.Control).Words);
        Assert.Equal(["full", "prefix", "none"], SettingWords.Of(OptionTable.LogAddresses).Words);
        Assert.Equal(["0", "1", "2", "3"], SettingWords.Of(OptionTable.Level).Words);
        Assert.Empty(SettingWords.Of(OptionTable.Key).Words);
    }

    private static async Task CompareAsync(string shell, params string[] arguments)
    {
        (_, string said) = await Tool.RunAsync(shell, [.. arguments, .. Cases.Select(each => each.Line)]);
        string[] lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(Cases, each =>
        {
            string? line = Array.Find(lines, line => line.StartsWith(each.Line + ":", StringComparison.Ordinal));
            Assert.True(line is not null, $"{each.Line}: {said}");

            // zsh keeps the folder apart.
            Assert.Equal(each.Offered.Select(Path.GetFileName), line[(each.Line.Length + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        });
    }
}
