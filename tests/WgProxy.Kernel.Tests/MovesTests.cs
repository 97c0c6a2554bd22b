namespace WgProxy.Kernel.Tests;

/// <summary>The client moves while its tunnel is in use.</summary>
public sealed class MovesTests(Machine machine)
{
    private const int Moves = 5;
    private static readonly TimeSpan Stay = TimeSpan.FromMilliseconds(300);

    [KernelFact]
    public Task Five_changes_of_the_clients_port_are_passed_over() => UnderPingsAsync(
        (stage, move) => stage.Client.SetPortAsync(40_000 + move));

    [KernelFact]
    public Task Five_changes_of_the_clients_address_are_passed_over() => UnderPingsAsync((stage, move) =>
    {
        IPAddress from = stage.Client.Address(AddressFamily.InterNetwork, move);
        IPAddress to = stage.Client.Address(AddressFamily.InterNetwork, move + 1);
        // The default route goes with the last address, as when a network is left for another.
        return stage.Client.RunAsync(
            $"""
            ip -batch - <<end
            addr del {from}/24 dev net0
            addr add {to}/24 dev net0
            route add default via {stage.Client.Gateway(AddressFamily.InterNetwork)}
            end
            """);
    });

    [KernelFact]
    public Task A_client_takes_turns_with_IPv4_and_IPv6() => UnderPingsAsync((stage, move) => stage.Client.SetEndpointAsync(
        stage.Server, stage.Front(move % 2 == 0 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork)));

    [KernelFact]
    public Task A_client_takes_its_interface_down_and_up_again() => UnderPingsAsync((stage, _) => stage.Client.RunAsync(
        $"""
        ip -batch - <<end
        link set {KernelPeer.Wg} down
        link set {KernelPeer.Wg} up
        end
        """));

    // Its messages leave from the namespace in which it was made.
    [KernelFact]
    public Task A_clients_interface_moves_to_a_namespace_that_has_no_link() => Trial.EchoesAsync(machine, async stage =>
    {
        KernelPeer client = stage.Client;
        string inside = $"{client.Space}in";
        await client.EchoAsync(stage.Server.Inner(AddressFamily.InterNetwork));
        await client.RunAsync(
            $"""
            ip netns add {inside}
            ip link set {KernelPeer.Wg} netns {inside}
            ip -n {inside} -batch - <<end
            addr add {client.Inner(AddressFamily.InterNetwork)}/24 dev {KernelPeer.Wg}
            link set {KernelPeer.Wg} up
            end
            """);
        try
        {
            await client.RunAsync(
                $"ip netns exec {inside} ping -n -c 20 -i 0.05 -w 60 {stage.Server.Inner(AddressFamily.InterNetwork)}");
            return await stage.Server.EchoAsync(client.Inner(AddressFamily.InterNetwork));
        }
        finally
        {
            await client.RunAsync($"ip netns del {inside}");
        }
    });

    [KernelFact]
    public async Task Each_of_six_addresses_answers_from_where_it_was_asked()
    {
        AddressFamily[] families = [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];
        await Trial.SideBySideAsync(
            machine,
            async stage =>
            {
                List<IPEndPoint> fronts = [];
                foreach (AddressFamily family in families)
                {
                    for (int number = 0; number < 3; number++)
                    {
                        fronts.Add(await FrontAsync(stage, family, number));
                    }
                }

                int answered = 0;
                foreach (IPEndPoint front in fronts.Concat(fronts))
                {
                    await stage.Client.SetEndpointAsync(stage.Server, front);
                    await stage.ClientEchoAsync();
                    await stage.Client.EchoAllAsync(stage.Server.Inner(AddressFamily.InterNetworkV6), 5);
                    answered += (await stage.Client.EndpointAsync()).Equals(front) ? 1 : 0;
                }

                return answered;
            },
            outcomes =>
            {
                outcomes.Measure(answered => $"{answered} of 12");
                // The portable engine answers from the address that the system chooses.
                outcomes.AllBut(Way.Portable, answered => answered == 12, "that the client never sees another address than it asked");
            });
    }

    // One more address: of the relay, or of the server where there is none.
    private static async Task<IPEndPoint> FrontAsync(Stage stage, AddressFamily family, int number)
    {
        int prefix = family == AddressFamily.InterNetwork ? 24 : 64;
        if (stage.Way == Way.Control)
        {
            IPAddress address = stage.Server.Address(family, number);
            if (number > 0)
            {
                await stage.Server.RunAsync($"ip addr add {address}/{prefix} dev net0 {(prefix == 64 ? "nodad" : "")}");
            }

            return new IPEndPoint(address, Stage.Port);
        }

        IPAddress front = number == 0 ? stage.Client.Gateway(family) : stage.Client.Address(family, 100 + number);
        if (number > 0)
        {
            stage.Middle.Ip("addr", "add", $"{front}/{prefix}", "dev", "client");
        }

        return new IPEndPoint(front, Stage.Port);
    }

    private Task UnderPingsAsync(Func<Stage, int, Task> move) => Trial.OutagesAsync(machine, async stage =>
    {
        IPAddress server = stage.Server.Inner(AddressFamily.InterNetwork);
        await stage.Client.EchoAsync(server);
        Pings pings = await Pings.StartAsync(stage.Client, server, perSecond: 20);
        for (int i = 0; i < Moves; i++)
        {
            await move(stage, i);
            await Task.Delay(Stay, TestContext.Current.CancellationToken);
        }

        return await pings.StopAsync();
    });
}
