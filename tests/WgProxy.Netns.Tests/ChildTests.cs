using System.Globalization;

namespace WgProxy.Netns.Tests;

/// <summary>How the programs of these tests begin.</summary>
[Trait("Engine", "None")]
public sealed class ChildTests
{
    // As under nohup(1). It is a matter of the whole process, and for a moment only.
    [NetnsFact]
    public async Task A_program_does_not_ignore_what_the_tests_ignore()
    {
        Libc.Ignore(Libc.SIGHUP, isIgnored: true);
        Child reader;
        try
        {
            reader = new Child("a reader of its own status", "grep", ["SigIgn:", "/proc/self/status"]);
        }
        finally
        {
            Libc.Ignore(Libc.SIGHUP, isIgnored: false);
        }

        using (reader)
        {
            string line = await reader.LineAsync(line => line.StartsWith("SigIgn:", StringComparison.Ordinal), "which signals it ignores");
            ulong ignored = ulong.Parse(line[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Assert.Equal(0ul, ignored & (1ul << (Libc.SIGHUP - 1) | 1ul << (Libc.SIGINT - 1)));
        }
    }
}
