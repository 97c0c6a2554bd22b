namespace WgProxy.Kernel.Tests;

/// <summary>A client behind a NAT that forgets after two seconds and draws another port each time.</summary>
public sealed class NatTests(Machine machine)
{
    private static readonly TimeSpan Forgotten = TimeSpan.FromSeconds(4);

    [KernelFact]
    public async Task A_client_that_speaks_each_three_seconds_is_answered_at_each_new_port()
    {
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                await PutBehindNatAsync(stage);
                IPAddress inner = stage.Server.Inner(AddressFamily.InterNetwork);
                await stage.Client.EchoAsync(inner);
                HashSet<int> ports = [];
                int answered = 0;
                const int rounds = 4;
                for (int i = 0; i < rounds; i++)
                {
                    await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
                    (int code, _) = await stage.Client.Shell.TryAsync($"ping -n -q -c 1 -W 3 {inner}");
                    answered += code == 0 ? 1 : 0;
                    ports.Add((await stage.Server.EndpointAsync()).Port);
                }

                Assert.True(ports.Count > 1, "the NAT was to draw other ports");
                return new PingAccount(rounds, answered, TimeSpan.Zero);
            },
            outcomes =>
            {
                outcomes.Measure(account => $"{account.Received} of {account.Sent}");
                outcomes.EachLikeControl((account, control) => account.Received >= control.Received, "as many answers");
            });
    }

    [KernelFact]
    public async Task A_server_reaches_a_client_that_keeps_its_NAT_alive_and_no_other()
    {
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                await PutBehindNatAsync(stage);
                IPAddress client = stage.Client.Inner(AddressFamily.InterNetwork);
                await stage.ClientEchoAsync();
                await Task.Delay(Forgotten, TestContext.Current.CancellationToken);
                (int code, _) = await stage.Server.Shell.TryAsync($"ping -n -q -c 1 -W 1 {client}");
                await stage.Client.RunAsync($"wg set {KernelPeer.Wg} peer {stage.Server.Key.Public} persistent-keepalive 1");
                await stage.Server.EchoAsync(client);
                await Task.Delay(Forgotten, TestContext.Current.CancellationToken);
                return new Reached(code == 0, await stage.Server.EchoAsync(client));
            },
            outcomes =>
            {
                outcomes.Measure(reached => $"{reached}");
                outcomes.All(reached => !reached.Forgotten, "a NAT that has forgotten");
                outcomes.EachLikeControl((reached, control) => reached.Kept <= control.Kept + Trial.Retry, "an echo for the server as soon");
            });
    }

    // The link goes to a namespace of its own, between it and the client a private network.
    private static Task<string> PutBehindNatAsync(Stage stage)
    {
        KernelPeer client = stage.Client;
        string nat = $"{client.Space}nat";
        return client.RunAsync(
            $$"""
            ip netns add {{nat}}
            ip -batch - <<end
            link set net0 netns {{nat}}
            link add net1 type veth peer name inside netns {{nat}}
            addr add 172.16.0.2/24 dev net1
            link set net1 up
            route add default via 172.16.0.1
            end
            ip -n {{nat}} -batch - <<end
            link set lo up
            addr add {{client.Address(AddressFamily.InterNetwork)}}/24 dev net0
            link set net0 up
            addr add 172.16.0.1/24 dev inside
            link set inside up
            route add default via {{client.Gateway(AddressFamily.InterNetwork)}}
            end
            ip netns exec {{nat}} bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
            nft "add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname net0 masquerade fully-random"
            echo 2 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
            echo 2 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream'
            """);
    }

    private sealed record Reached(bool Forgotten, TimeSpan Kept)
    {
        public override string ToString() => string.Create(
            System.Globalization.CultureInfo.InvariantCulture, $"reached after {Kept.TotalSeconds:0.0} s with keepalive, without it {(Forgotten ? "too" : "not")}");
    }
}
