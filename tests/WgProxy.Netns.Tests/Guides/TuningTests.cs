namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/tuning.md.</summary>
[Trait("Engine", "None")]
public sealed class TuningTests
{
    [SystemdFact]
    public async Task The_settings_hold_under_load()
    {
        using Guide guide = await Guide.BeginAsync("tuning");
        await guide.PlayAsync(("the settings hold", async () =>
        {
            string shown = await guide["vps"].TypeAsync("wgproxy show");
            Assert.Contains("engine linux, 1 worker", shown, StringComparison.Ordinal);
            Assert.Contains("(at most 4096)", shown, StringComparison.Ordinal);
            Assert.Contains("[relay-runs]", guide.Said, StringComparison.Ordinal);
        }));
    }
}
