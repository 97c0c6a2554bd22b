namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/mtu.md.</summary>
[Trait("Engine", "None")]
public sealed class MtuTests
{
    [SystemdFact]
    public async Task The_MTU_of_the_table_is_the_longest_that_passes_whole()
    {
        using Guide guide = await Guide.BeginAsync("mtu");
        await guide.PlayAsync(
            ("1493 do not pass", () =>
            {
                Assert.Contains("1493 bytes do not pass", guide.Said, StringComparison.Ordinal);
                return Task.CompletedTask;
            }),
            ("no fragments", () => FragmentsAsync(guide)),
            ("doctor warns", () =>
            {
                Assert.Contains("MTU = 1412 in [Interface] of the clients", guide.Said, StringComparison.Ordinal);
                return Task.CompletedTask;
            }));
    }

    // One byte more is two fragments.
    private static async Task FragmentsAsync(Guide guide)
    {
        long before = guide["vps"].Space.Snmp("Ip6FragCreates");
        Assert.Equal(0, before);
        await guide["laptop"].TypeAsync("ip link set wg0 mtu 1413; ping -c 2 -W 2 -M do -s 1385 10.0.0.1 || true");
        Assert.InRange(guide["vps"].Space.Snmp("Ip6FragCreates"), 1, 100);
        await guide["laptop"].TypeAsync("ip link set wg0 mtu 1412");
    }
}
