using System.Text.RegularExpressions;

namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/chain.md.</summary>
[Trait("Engine", "None")]
public sealed class ChainTests
{
    [SystemdFact]
    public async Task Two_relays_in_a_row_carry_a_tunnel()
    {
        using Guide guide = await Guide.BeginAsync("chain");
        await guide.PlayAsync(("one mapping each", async () =>
        {
            Assert.Single(Regex.Matches(guide.Said, @"^198\.51\.100\.20:\d+ .* Confirmed ", RegexOptions.Multiline));
            Assert.Single(Regex.Matches(await guide["near"].TypeAsync("wgproxy show sessions"), @"^192\.0\.2\.10:\d+ .* Confirmed ", RegexOptions.Multiline));
        }));
    }
}
