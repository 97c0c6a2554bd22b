using WgProxy.Kernel.Tests.Guest;

namespace WgProxy.Kernel.Tests;

/// <summary>A server that only a VRF leads to. The relay runs in the virtual machine, because the host's kernel need not have the driver.</summary>
public sealed class VrfTests(Machine machine)
{
    private const int Echoes = 20;

    [KernelTheory]
    [InlineData("10.2.0.2:51820")]
    [InlineData("[fd82::2]:51820")]
    public async Task A_relay_bound_to_a_vrf_carries_a_tunnel(string server)
    {
        Assert.SkipUnless(GuestImage.HasRelay, "needs the native form of the relay: the virtual machine has no .NET");
        Assert.SkipWhen(Array.IndexOf(Ways.All, Way.Linux) < 0, "UpstreamDevice needs the linux engine");
        await machine.RunningAsync();
        await machine.UseShellAsync(async shell =>
        {
            WireGuardKey client = WireGuardKey.New();
            WireGuardKey other = WireGuardKey.New();
            string name = $"v{machine.NextStage()}";
            try
            {
                await shell.RunAsync(Hosts(name, client, other));

                // The control: other routes do not lead there.
                await RelayAsync(shell, name, server, other, "");
                (int code, string output) = await shell.TryAsync($"ip netns exec {name}c ping -n -q -c 1 -w 6 10.99.0.1");
                Assert.True(code != 0, output);
                await RelayAsync(shell, name, server, other, "WGPROXY_UPSTREAM_DEVICE=blue");
                output = await shell.RunAsync(
                    $"""
                    ip netns exec {name}c ping -n -q -c 1 -i 0.2 -w 60 10.99.0.1
                    ip netns exec {name}c ping -n -q -c {Echoes} -i 0.05 10.99.0.1
                    ip netns exec {name}s ping -n -q -c {Echoes} -i 0.05 10.99.0.2
                    """);
                string log = await shell.RunAsync($"kill -USR1 $(cat /tmp/{name}.pid); sleep 1; cat /tmp/{name}.log");
                Assert.True(output.Split($"{Echoes} packets transmitted, {Echoes} received").Length == 3, $"{output}\n{log}");
                Assert.Contains("mappings Confirmed 1", log, StringComparison.Ordinal);
                TestContext.Current.TestOutputHelper?.WriteLine($"measured: kernel: {server} by a VRF: {output.ReplaceLineEndings(" ")}");
            }
            finally
            {
                await shell.TryAsync($"kill $(cat /tmp/{name}.pid); for end in c r s; do ip netns del {name}$end; done; rm -f /tmp/{name}.*");
            }
        });
    }

    // The relay's namespace has the way to the server in the table of the VRF only.
    private static string Hosts(string name, WireGuardKey client, WireGuardKey server) =>
        $"""
        for end in c r s; do ip netns add {name}$end; ip -n {name}$end link set lo up; done
        ip link add net0 netns {name}c type veth peer name front netns {name}r
        ip link add net0 netns {name}s type veth peer name back netns {name}r
        ip -n {name}r -batch - <<end
        link add blue type vrf table 10
        link set blue up
        link set back master blue
        link set front up
        link set back up
        addr add 10.1.0.1/24 dev front
        addr add 10.2.0.1/24 dev back
        addr add fd82::1/64 dev back nodad
        end
        ip -n {name}c addr add 10.1.0.2/24 dev net0
        ip -n {name}c link set net0 up
        ip -n {name}s addr add 10.2.0.2/24 dev net0
        ip -n {name}s addr add fd82::2/64 dev net0 nodad
        ip -n {name}s link set net0 up
        for end in c s; do ip -n {name}$end link add wg0 type wireguard; done
        ip netns exec {name}c wg set wg0 private-key <(echo {client.Private}) peer {server.Public} allowed-ips 10.99.0.1/32 endpoint 10.1.0.1:51820
        ip netns exec {name}s wg set wg0 listen-port 51820 private-key <(echo {server.Private}) peer {client.Public} allowed-ips 10.99.0.2/32
        ip -n {name}c addr add 10.99.0.2/24 dev wg0
        ip -n {name}s addr add 10.99.0.1/24 dev wg0
        for end in c s; do ip -n {name}$end link set wg0 up; done
        """;

    private static Task<string> RelayAsync(GuestShell shell, string name, string server, WireGuardKey key, string more) => shell.RunAsync(
        $"""
        if [ -s /tmp/{name}.pid ]; then kill $(cat /tmp/{name}.pid); fi
        WGPROXY_SERVER={server} WGPROXY_PUBKEY={key.Public} WGPROXY_LISTEN=0.0.0.0:51820 WGPROXY_STATE_DIRECTORY=none {more} ip netns exec {name}r {Path.GetFileName(RelayProcess.Binary)} >/tmp/{name}.log 2>&1 &
        echo $! >/tmp/{name}.pid
        for try in $(seq 100); do ! grep -q ' is at ' /tmp/{name}.log || exit 0; sleep 0.2; done
        cat /tmp/{name}.log
        exit 1
        """);
}
