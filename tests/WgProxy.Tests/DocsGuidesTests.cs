using WgProxy.Tests.Guides;

namespace WgProxy.Tests;

/// <summary>The form of the guides: what looks like a command or a file is played by a test of WgProxy.Netns.Tests, or is marked as output.</summary>
public sealed class DocsGuidesTests
{
    public static TheoryData<string> Guides => [.. GuideText.All()];

    [Theory]
    [MemberData(nameof(Guides))]
    public void Every_block_says_where_it_belongs_to_the_test_and_to_the_reader(string name)
    {
        GuideText guide = GuideText.Of(name);
        Assert.NotEmpty(guide.Steps);
        Assert.All(guide.Steps.Where(step => !step.IsOutput && !step.IsEvent), step =>
        {
            string place = $"docs/guides/{name}.md:{step.Line}";
            Assert.True(step.Hosts.All(guide.Hosts.Select(host => host.Name).Contains), $"{place}: a block of no host of the table: mark output as text");
            Assert.True(step.IsFile || step.Language is "sh", $"{place}: a file without a path, or commands that are not marked as sh");
            Assert.True(step.Hosts.All(host => step.Before.Contains($"`{host}`", StringComparison.Ordinal)), $"{place}: the text before does not name the host {step.Host}");
            Assert.True(!step.IsFile || step.Before.Contains($"`{step.Path}`", StringComparison.Ordinal), $"{place}: the text before does not name the file {step.Path}");
        });
    }

    [Theory]
    [MemberData(nameof(Guides))]
    public void Every_guide_is_played_by_a_test_and_stands_in_the_index(string name)
    {
        Assert.Contains(
            Repository.Files("tests/WgProxy.Netns.Tests/Guides", "*Tests.cs"),
            file => File.ReadAllText(file).Contains($"Guide.BeginAsync(\"{name}\")", StringComparison.Ordinal)
                || File.ReadAllText(file).Contains($"GuideText.Of(\"{name}\");", StringComparison.Ordinal));
        Assert.Contains($"| [{name}.md]({name}.md) |", File.ReadAllText(Path.Combine(GuideText.Folder, "README.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void Words_in_angle_brackets_stand_for_keys()
    {
        string filled = GuideText.Fill("a = <home's public key>\nb = <vps's link private key>\nc < d", (host, path) => $"{host}:{path}\n");
        Assert.Equal("a = home:/etc/wireguard/public.key\nb = vps:/etc/wireguard/link-private.key\nc < d", filled);
    }
}
