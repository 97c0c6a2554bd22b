using System.Diagnostics;

namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/dynamic-dns.md.</summary>
[Trait("Engine", "None")]
public sealed class DynamicDnsTests
{
    [SystemdFact]
    public async Task A_server_that_moves_is_found_by_its_name()
    {
        using Guide guide = await Guide.BeginAsync("dynamic-dns");
        Stopwatch watch = new();
        await guide.PlayAsync(
            ("home gets another address", () =>
            {
                guide.Move("home", "2001:db8:99::7");
                watch.Start();
                return Task.CompletedTask;
            }),
            ("the relay followed", () =>
            {
                Measured.Write($"three pings were answered {watch.Elapsed.TotalSeconds:0.0} s after the server had moved");
                Assert.Contains("[2001:db8:99::7]:51820", guide.Said, StringComparison.Ordinal);
                return Task.CompletedTask;
            }));
    }
}
