namespace WgProxy.Tests.Promises;

/// <summary>The promises of docs/versioning.md. Each surface has a file of lines that were once in it. A line that is gone, or says something else, is
/// what only a major version may do. New lines are written into the file by WGPROXY_WRITE_DOCS=1.</summary>
public sealed class PromisesTests
{
    private static string Folder => Path.Combine(Repository.Root, "tests/WgProxy.Tests/Promises");

    [Fact]
    public void No_option_variable_or_key_is_taken_away() => AssertKept("settings.txt", Surface.Settings());

    [Fact]
    public void No_command_or_flag_of_one_is_taken_away() => AssertKept("commands.txt", Surface.Commands());

    [Fact]
    public void No_path_or_member_of_the_json_is_taken_away_or_gets_another_type() => AssertKept("json.txt", Surface.Json());

    [Fact]
    public void No_series_is_taken_away_or_gets_another_type_or_other_labels() => AssertKept("metrics.txt", Surface.Metrics());

    [Fact]
    public void A_line_that_is_gone_is_named_and_a_new_one_must_be_written_down()
    {
        Assert.Equal("taken away: b; not written down: d", Change(["a", "b", "c"], ["a", "c", "d"]));
        Assert.Equal("taken away: ; not written down: ", Change(["a"], ["a"]));
    }

    // Only adds: what is gone stays in the file until a major version takes it out by hand.
    private static void AssertKept(string file, IEnumerable<string> surface)
    {
        string path = Path.Combine(Folder, file);
        string[] now = [.. surface];
        Assert.Equal(now.Length, now.Distinct(StringComparer.Ordinal).Count());
        string[] promised = File.Exists(path) ? File.ReadAllLines(path) : [];
        if (Environment.GetEnvironmentVariable("WGPROXY_WRITE_DOCS") is "1")
        {
            promised = [.. promised.Union(now, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            File.WriteAllLines(path, promised);
        }

        Assert.NotEmpty(promised);
        Assert.Equal(Change([], []), Change(promised, now));
    }

    private static string Change(string[] promised, string[] now) =>
        $"taken away: {string.Join(", ", promised.Except(now, StringComparer.Ordinal))}; not written down: {string.Join(", ", now.Except(promised, StringComparer.Ordinal))}";
}
