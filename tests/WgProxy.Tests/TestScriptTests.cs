using System.Diagnostics;

namespace WgProxy.Tests;

/// <summary>What <c>./test</c> says of a failed test, from the result file as xunit writes it.</summary>
public sealed class TestScriptTests
{
    // Where a test has written something, its message stands on a line of its own.
    private const string Results = """
        <assemblies><assembly passed="1" failed="1" errors="1"><errors><error type="test-class-cleanup" name="Suite.Disposed"><failure exception-type="X"><message><![CDATA[not closed]]></message></failure></error></errors>
        <test id="1" name="Suite.Counts(text: &quot;a &amp; b&quot;)" result="Fail" time="0.1"><output><![CDATA[4,000 changes
        ]]></output><failure exception-type="Xunit.Sdk.InRangeException"><message><![CDATA[Assert.InRange() Failure: Value not in range
        Range:  (1 - 5)
        Actual: 0]]></message><stack-trace><![CDATA[   at Xunit.Assert.InRange() in /_/src/Assert.cs:line 7
           at Suite.Counts() in /_/tests/Suite/Counting.cs:line 153]]></stack-trace></failure></test>
        <test id="2" name="Suite.Passes" result="Pass" time="0.1" /></assembly></assemblies>
        """;

    [Fact]
    public async Task A_failed_test_is_named_with_its_message_and_its_place()
    {
        string file = Path.Combine(Path.GetTempPath(), $"wgproxy-results-{Guid.NewGuid():N}.xml");
        await File.WriteAllTextAsync(file, Results, TestContext.Current.CancellationToken);
        try
        {
            const string script = "eval \"$(sed -n '/^failures() {/,/^}/p' \"$0\")\"; failures heading \"$1\"";
            using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", script, Path.Combine(Repository.Root, "test"), file]) { RedirectStandardOutput = true, UseShellExecute = false })!;
            string said = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.Equal(
                """
                heading: Suite.Disposed: not closed
                heading: Suite.Counts(text: "a & b"): Assert.InRange() Failure: Value not in range Range: (1 - 5) Actual: 0 (tests/Suite/Counting.cs:153)

                """,
                said);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
