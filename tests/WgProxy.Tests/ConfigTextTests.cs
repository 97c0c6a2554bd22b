using WgProxy.Configuration;

namespace WgProxy.Tests;

/// <summary>The dialect of wg-quick, line by line.</summary>
public sealed class ConfigTextTests
{
    [Theory]
    [InlineData("[Relay]\nListen=1", "1 Relay: 2 Listen=1")]
    [InlineData("[Relay]\r\nListen = 1\r\n", "1 Relay: 2 Listen=1")]
    [InlineData("\uFEFF[Relay]\nListen = 1", "1 Relay: 2 Listen=1")]
    [InlineData("[Relay]\n\uFEFFListen = 1\uFEFF2", "1 Relay: 2 \uFEFFListen=1\uFEFF2")]
    [InlineData("  [ Relay ]  \n\t Listen\t=\t1 2  ", "1 Relay: 2 Listen=1 2")]
    [InlineData("# [Server]\n\n[Relay] # one\nListen = 1 # two # three\n#Timeout = 1", "3 Relay: 4 Listen=1")]
    [InlineData("[Server]\nPublicKey = abc=\n[Peer]\n[Server]\nA=b\nA=c", "1 Server: 2 PublicKey=abc=; 3 Peer: ; 4 Server: 5 A=b, 6 A=c")]
    [InlineData("[A]\nb=\nc==", "1 A: 2 b=, 3 c==")]
    [InlineData("", "")]
    [InlineData("#", "")]
    public void Sections_hold_keys_with_values(string text, string expected)
    {
        ConfigFaults faults = new();
        Assert.Equal(expected, Show(ConfigText.Parse(text, faults)));
        Assert.Equal(0, faults.Count);
    }

    [Theory]
    [InlineData("[Relay\nListen = 1", 1, "a section is a word in brackets", "1 Relay: 2 Listen=1")]
    [InlineData("[Relay] Listen = 1\nA = 2", 1, "a section is a word in brackets", "1 Relay] Listen = 1: 2 A=2")]
    [InlineData("Listen = 1\n[Relay]", 1, "before the first section", "2 Relay: ")]
    [InlineData("[Relay]\nListen 1", 2, "expected a section in brackets, or a key with its value", "1 Relay: ")]
    [InlineData("\uFEFF\uFEFF[Relay]\n[Server]", 1, "expected a section in brackets", "2 Server: ")]
    [InlineData("[Relay]\n = 1", 2, "the key is missing", "1 Relay: ")]
    [InlineData("\0\n", 1, "expected a section in brackets", "")]
    public void What_it_cannot_read_is_a_fault_with_its_line(string text, int line, string words, string rest)
    {
        ConfigFaults faults = new();
        Assert.Equal(rest, Show(ConfigText.Parse(text, faults)));
        ConfigFault fault = Assert.Single(faults.Kept);
        Assert.Equal(line, fault.Line);
        Assert.Contains(words, fault.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_kind_is_counted_and_not_listed()
    {
        ConfigFaults faults = new();
        Assert.Empty(ConfigText.Parse(string.Concat(Enumerable.Repeat("x\n", 100_000)), faults));
        Assert.Equal((100_000, ConfigFaults.Most), (faults.Count, faults.Kept.Count()));
    }

    [Fact]
    public void A_fault_repeats_nothing_of_the_line()
    {
        ConfigFaults faults = new();
        _ = ConfigText.Parse("[Interface]\nPrivateKey qwertyuiop\n= qwertyuiop\n[qwertyuiop", faults);
        Assert.Equal(3, faults.Count);
        Assert.All(faults.Kept, fault => Assert.DoesNotContain("qwertyuiop", fault.Text, StringComparison.Ordinal));
    }

    private static string Show(IReadOnlyList<ConfigSection> sections) => string.Join("; ", sections.Select(section =>
        $"{section.Line} {section.Name}: {string.Join(", ", section.Entries.Select(entry => $"{entry.Line} {entry.Key}={entry.Value}"))}"));
}
