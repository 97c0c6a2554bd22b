namespace WgProxy.Kernel.Tests;

/// <summary>Packets of all sizes, with links that are narrower than the tunnel.</summary>
public sealed class SizesTests(Machine machine)
{
    // What an echo request adds inside: IPv4 and ICMP headers.
    private const int EchoHeaders = 28;

    // 34,736 is about what the kernel's own tests take; each packet of it leaves in 24 fragments.
    [KernelFact]
    public async Task Interfaces_wider_than_their_links_send_fragments()
    {
        int[] widths = [1280, 8_920, 34_736];
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                await stage.ClientEchoAsync();
                foreach (int width in widths)
                {
                    await SetWidthAsync(stage, width);
                    await EchoBothWaysAsync(stage, width - EchoHeaders);
                }

                return await FragmentsAsync(stage);
            },
            outcomes =>
            {
                outcomes.Measure(fragments => $"{fragments} fragments");
                outcomes.All(fragments => fragments >= 5 * 24, "packets that leave in fragments");
            });
    }

    [KernelFact]
    public async Task Links_narrower_than_the_tunnel_make_fragments()
    {
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                await stage.ClientEchoAsync();
                foreach (string link in (string[])["client", "server"])
                {
                    stage.Middle.Ip("link", "set", link, "mtu", "1280");
                }

                await stage.Client.RunAsync("ip link set net0 mtu 1280");
                await stage.Server.RunAsync("ip link set net0 mtu 1280");
                foreach (int size in (int[])[0, 1, 1_100, 1_200, 1_392])
                {
                    await EchoBothWaysAsync(stage, size);
                }

                return await FragmentsAsync(stage);
            },
            outcomes =>
            {
                outcomes.Measure(fragments => $"{fragments} fragments");
                outcomes.All(fragments => fragments > 0, "packets that leave in fragments");
            });
    }

    private static async Task SetWidthAsync(Stage stage, int width)
    {
        foreach (KernelPeer peer in (KernelPeer[])[stage.Client, stage.Server])
        {
            await peer.RunAsync($"ip link set {KernelPeer.Wg} mtu {width}");
        }
    }

    private static async Task EchoBothWaysAsync(Stage stage, int size)
    {
        await stage.Client.EchoAllAsync(stage.Server.Inner(AddressFamily.InterNetwork), 5, size);
        await stage.Server.EchoAllAsync(stage.Client.Inner(AddressFamily.InterNetwork), 5, size);
    }

    // Made by the client's kernel, on IPv4: FragCreates, the nineteenth counter of its line.
    private static async Task<int> FragmentsAsync(Stage stage) => int.Parse(
        await stage.Client.RunAsync("awk '/^Ip: [0-9]/ { print $20 }' /proc/net/snmp"), System.Globalization.CultureInfo.InvariantCulture);
}
