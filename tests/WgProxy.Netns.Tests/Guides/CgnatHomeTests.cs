namespace WgProxy.Netns.Tests.Guides;

/// <summary>docs/guides/cgnat-home.md.</summary>
[Trait("Engine", "None")]
public sealed class CgnatHomeTests
{
    // What a ping of -p 68696464656e carries.
    private const string Pattern = "hiddenhidden";

    [SystemdFact]
    public async Task A_server_behind_its_providers_NAT_is_reached_through_a_link_that_cannot_be_read()
    {
        using Guide guide = await Guide.BeginAsync("cgnat-home");
        await guide.PlayAsync(("no fragments", () => FragmentsAsync(guide)), ("the VPS cannot read", () => UnreadableAsync(guide)));
    }

    // None at 1360, and some at 1420.
    private static async Task FragmentsAsync(Guide guide)
    {
        Assert.Equal(0, guide["vps"].Space.Snmp("IpFragCreates"));
        await guide["laptop"].TypeAsync("ip link set wg0 mtu 1420; ping -c 1 -M do -s 1332 10.0.0.1; ping -c 1 -W 1 -M do -s 1392 10.0.0.1 || true");
        long cut = guide["vps"].Space.Snmp("IpFragCreates");
        Assert.InRange(cut, 1, 100);
        Measured.Write($"a ping of 1420 bytes costs {cut} fragments, one of 1360 none");
        await guide["laptop"].TypeAsync("ip link set wg0 mtu 1360");
    }

    // Inside the link are WireGuard's packets, of the clients' tunnel, and nothing else.
    private static async Task UnreadableAsync(Guide guide)
    {
        using Child capture = guide["vps"].Start("exec tcpdump -lnA -i link");
        await capture.LineAsync(line => line.StartsWith("listening on link", StringComparison.Ordinal), "tcpdump listens");
        await guide["laptop"].TypeAsync("ping -c 5 -i 0.2 -s 400 -p 68696464656e 10.0.0.1");
        await Eventually.TrueAsync(
            () => capture.Lines.Count(line => line.Contains(" > 10.9.0.2.51820: UDP", StringComparison.Ordinal)) >= 5, TimeSpan.FromSeconds(20), capture.Tail);
        Assert.DoesNotContain(Pattern, string.Concat(capture.Lines), StringComparison.Ordinal);
        Assert.DoesNotContain(capture.Lines, line => line.Contains("ICMP echo", StringComparison.Ordinal));

        // What is read so on home, where the tunnel ends.
        using Child end = guide["home"].Start("exec tcpdump -lnA -i wg0");
        await end.LineAsync(line => line.StartsWith("listening on wg0", StringComparison.Ordinal), "tcpdump listens");
        await guide["laptop"].TypeAsync("ping -c 5 -i 0.2 -s 400 -p 68696464656e 10.0.0.1");
        await Eventually.TrueAsync(
            () => string.Concat(end.Lines).Contains(Pattern, StringComparison.Ordinal), TimeSpan.FromSeconds(20), end.Tail);
        string keys = await guide["vps"].TypeAsync("wg show all public-key; wg show all peers");
        Assert.DoesNotContain(guide["home"].Read("/etc/wireguard/public.key").Trim(), keys, StringComparison.Ordinal);
        Assert.Contains(guide["home"].Read("/etc/wireguard/link-public.key").Trim(), keys, StringComparison.Ordinal);
    }
}
