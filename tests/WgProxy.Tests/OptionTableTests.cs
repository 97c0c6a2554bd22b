using System.Text.RegularExpressions;
using WgProxy.Logging;
using WgProxy.Configuration;

namespace WgProxy.Tests;

public sealed partial class OptionTableTests
{
    [Fact]
    public void Every_row_is_complete_and_its_names_are_its_own()
    {
        Assert.All(OptionTable.Rows, row =>
        {
            Assert.Matches(FlagPattern, row.Flag);
            Assert.Matches(VariablePattern, row.Variable);
            Assert.NotEmpty(row.Unit);
            Assert.NotEmpty(row.Expected);
            Assert.EndsWith(".", row.Help, StringComparison.Ordinal);
        });
        Assert.Distinct(OptionTable.Rows.Select(row => row.Flag));
        Assert.Distinct(OptionTable.Rows.Select(row => row.Variable));
    }

    [Fact]
    public void The_settings_of_the_former_release_keep_their_names()
    {
        Dictionary<string, string?> former = new(StringComparer.Ordinal)
        {
            ["WGPROXY_SERVER"] = null,
            ["WGPROXY_PUBKEY"] = null,
            ["WGPROXY_LISTEN"] = "[::]:51820",
            ["WGPROXY_TIMEOUT"] = "300",
            ["WGPROXY_LOGLEVEL"] = "2",
        };
        Assert.Superset(
            former.ToHashSet(),
            OptionTable.Rows.Select(row => KeyValuePair.Create(row.Variable, row.Default)).ToHashSet());
    }

    [Fact]
    public void Help_names_every_option_with_variable_default_and_unit()
    {
        string help = string.Join(' ', HelpText.Build().Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.All(OptionTable.Rows, row =>
        {
            Assert.Contains($"{row.Flag} {row.Unit} {row.Help}", help, StringComparison.Ordinal);
            string standIn = row.Default is null ? "required without a file of servers" : $"default {row.Default}";
            Assert.Contains($"[{row.Variable}; {standIn}]", help, StringComparison.Ordinal);
        });
    }

    // Reading a file again compares each value with that of the start. One that never equals itself would refuse every reload.
    [Fact]
    public void The_same_text_gives_an_equal_value() =>
        Assert.All(OptionTable.Rows, row =>
        {
            string text = row.Default ?? (row == OptionTable.Key ? Keys.Text : "home.example.com:51820");
            foreach (string each in row.IsList ? [text, row == OptionTable.MetricsHosts ? "relay.example.com,relay" : row == OptionTable.Listen ? "[::]:443,192.0.2.1:500-510" : "192.0.2.0/24,2001:db8::/32"] : (string[])[text])
            {
                Assert.True(row.TryParse(each, out object? first, out string? refusal) & row.TryParse(each, out object? second, out _), refusal);
                Assert.True(Equals(first, second), $"{row.Flag} {each}");
            }
        });

    [Fact]
    public void Help_fits_a_terminal() =>
        Assert.All(HelpText.Build().Split('\n'), line => Assert.InRange(line.Length, 0, 96));

    [Fact]
    public void The_table_for_documents_has_a_line_per_row()
    {
        string[] lines = OptionTable.ToMarkdown().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(OptionTable.Rows.Count + 2, lines.Length);
        Assert.Equal(
            $"| `--timeout SECONDS` | `WGPROXY_TIMEOUT` | `Timeout` | `300` | {OptionTable.Timeout.Help} |",
            lines.Single(line => line.Contains("--timeout", StringComparison.Ordinal)));
        Assert.Contains("| `WGPROXY_SERVER` | `Endpoint` | required |", OptionTable.ToMarkdown(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", 1)]
    [InlineData("300", 300)]
    [InlineData("31536000", 31_536_000)]
    public void A_timeout_is_a_whole_number_of_seconds(string text, int seconds)
    {
        Assert.True(OptionTable.Timeout.Parse(text, out TimeSpan value, out _));
        Assert.Equal(TimeSpan.FromSeconds(seconds), value);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("5m")]
    [InlineData("31536001")]
    [InlineData("99999999999999999999")]
    [InlineData("")]
    public void Other_timeouts_are_refused(string text) =>
        Assert.False(OptionTable.Timeout.TryParse(text, out _, out _));

    [Theory]
    [InlineData("0", true)]
    [InlineData("3", true)]
    [InlineData("4", false)]
    [InlineData("-1", false)]
    [InlineData("02", false)]
    [InlineData("info", false)]
    [InlineData("", false)]
    public void A_log_level_is_a_number_from_0_to_3(string text, bool valid)
    {
        Assert.Equal(valid, OptionTable.Level.Parse(text, out LogLevel value, out _));
        Assert.True(!valid || value == (LogLevel)(text[0] - '0'));
    }

    [Theory]
    [InlineData("WGPROXY_PUBKY", "WGPROXY_PUBKEY")]
    [InlineData("wgproxy_server", "WGPROXY_SERVER")]
    [InlineData("WGPROXY_LISTNE", "WGPROXY_LISTEN")]
    [InlineData("WGPROXY_LOG_LEVEL", "WGPROXY_LOGLEVEL")]
    [InlineData("WGPROXY_COLOUR", null)]
    [InlineData("WGPROXY_SERVER", null)]
    [InlineData("", null)]
    public void A_mistyped_name_is_guessed(string typed, string? meant) =>
        Assert.Equal(meant, Spelling.Nearest(typed, OptionTable.Rows.Select(row => row.Variable)));

    [GeneratedRegex("^--[a-z]+(-[a-z]+)*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FlagPattern { get; }

    [GeneratedRegex("^WGPROXY_[A-Z]+(_[A-Z]+)*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex VariablePattern { get; }
}
