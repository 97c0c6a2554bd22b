namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/from-*.md: what relayed before, and the relay in its place. Side by side, because each waits for its client.</summary>
[Trait("Engine", "None")]
public sealed class MovingTests
{
    [SystemdFact]
    public async Task Each_of_the_former_ways_gives_place_to_the_relay()
    {
        Assert.SkipUnless(File.Exists("/usr/lib/nginx/modules/ngx_stream_module.so") && File.Exists("/usr/bin/socat"), "needs socat and nginx with its module stream");
        await Task.WhenAll(
            MoveAsync(() => Guide.BeginAsync("from-socat")),
            MoveAsync(() => Guide.BeginAsync("from-nginx")),
            MoveAsync(() => Guide.BeginAsync("from-dnat")),
            MoveAsync(() => Guide.BeginAsync("from-0.3.0")));
    }

    private static async Task MoveAsync(Func<Task<Guide>> begin)
    {
        using Guide guide = await begin();
        await guide.PlayAsync(
            ("the relay has it", () =>
            {
                Assert.Matches(@"192\.0\.2\.10:\d+ .*:51820 ", guide.Said);
                return Task.CompletedTask;
            }));
    }
}
