namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/firewall.md.</summary>
[Trait("Engine", "None")]
public sealed class FirewallTests
{
    [SystemdFact]
    public async Task The_rules_let_the_tunnel_pass_and_track_none_of_its_flows()
    {
        using Guide guide = await Guide.BeginAsync("firewall");
        await guide.PlayAsync(
            ("doctor agrees", () =>
            {
                Assert.Contains("[firewall-passes]", guide.Said, StringComparison.Ordinal);
                Assert.DoesNotContain("[flows-tracked]", guide.Said, StringComparison.Ordinal);
                Assert.DoesNotContain("[flows-forgotten]", guide.Said, StringComparison.Ordinal);
                return Task.CompletedTask;
            }),
            ("no flow is tracked", async () =>
            {
                Assert.DoesNotContain("port=51820", guide.Said, StringComparison.Ordinal);

                // Without these rules there would be flows: it is asked in the right place.
                await guide["vps"].TypeAsync("nft flush chain inet filter notrack-in; nft flush chain inet filter notrack-out");
                await guide["laptop"].TypeAsync("ping -c 1 10.0.0.1");
                Assert.Contains("port=51820", await guide["vps"].TypeAsync("conntrack -L -p udp"), StringComparison.Ordinal);
            }));
    }
}
