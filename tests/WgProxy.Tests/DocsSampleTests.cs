namespace WgProxy.Tests;

/// <summary>The page for embedders shows the sample as it is, and the sample is as short as the page says.</summary>
public sealed class DocsSampleTests
{
    private static string Sample => File.ReadAllText(Path.Combine(Repository.Root, "samples/Relay/Program.cs"));

    [Fact]
    public void The_page_for_embedders_shows_the_sample() =>
        Repository.AssertBlock("docs/embedding.md", "sample", $"```csharp\n{Sample}```\n");

    [Fact]
    public void The_sample_has_about_thirty_lines() => Assert.InRange(Sample.Split('\n').Length - 1, 20, 33);
}
