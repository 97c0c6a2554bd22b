namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/many-sites.md.</summary>
[Trait("Engine", "None")]
public sealed class ManySitesTests
{
    [SystemdFact]
    public async Task Two_sites_behind_one_port_have_names_and_one_comes_while_the_relay_runs()
    {
        using Guide guide = await Guide.BeginAsync("many-sites");
        await guide.PlayAsync(("names", () => NamesAsync(guide)));
    }

    private static async Task NamesAsync(Guide guide)
    {
        Assert.Matches(@"192\.0\.2\.10:\d+ +alice +oslo ", guide.Said);
        Assert.Matches(@"192\.0\.2\.10:\d+ +alice +turin ", guide.Said);
        Assert.Matches(@"192\.0\.2\.20:\d+ +bob +oslo ", guide.Said);

        // A key that is not listed.
        await guide["bob"].TypeAsync("wg-quick down oslo; sed -i \"s|^PrivateKey = .*|PrivateKey = $(wg genkey)|\" /etc/wireguard/oslo.conf; wg-quick up oslo; ! ping -c 2 -W 1 10.5.0.1");
        Assert.Equal("0", (await guide["bob"].TypeAsync("wg show oslo latest-handshakes")).Split(@"\t")[^1].Split('\t')[^1]);
    }
}
