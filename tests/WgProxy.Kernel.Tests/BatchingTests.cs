using System.Globalization;

namespace WgProxy.Kernel.Tests;

/// <summary>How many datagrams of the kernel's WireGuard the relay is handed at a time: decision 32 explains the numbers.</summary>
[Collection(Loud.Name)]
public sealed class BatchingTests(Machine machine)
{
    [KernelFact]
    public async Task The_links_of_the_relay_decide_whether_datagrams_are_joined()
    {
        Assert.SkipUnless(Ways.All.Contains(Way.Linux), "the portable engine reads one datagram at a time");
        await machine.RunningAsync();
        await using Stage stage = await Stage.SetAsync(machine, Way.Linux);
        await stage.ClientEchoAsync();
        double plain = await JoinedAsync(stage);
        OnLinks(stage, link => $"ethtool -K {link} gro on");
        // A veth link looks at what its other end sends only if that end would not have sent TCP in one piece anyway.
        foreach (string end in (string[])[$"c{stage.Number}", $"s{stage.Number}"])
        {
            Command.Run("ip", "netns", "exec", machine.Wires.Name, "ethtool", "-K", end, "tso", "off");
        }

        double asked = await JoinedAsync(stage);
        OnLinks(stage, link => $"echo 200000 >/sys/class/net/{link}/gro_flush_timeout");
        double waiting = await JoinedAsync(stage);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"measured: kernel: datagrams joined by the relay's links: {plain:0.0} as they come, {asked:0.0} with gro on, "
            + $"{waiting:0.0} with a gro_flush_timeout of 200 µs"));
        // What the links do is the machine's business; that it all arrives, joined or not, is the relay's.
        Assert.True(plain > 0.99 && asked > 0.99 && waiting > 0.99, $"{plain}, {asked}, {waiting}: more handed to the relay than it counted");
    }

    // The kernel counts what it hands to a socket, joined or not; the relay counts datagrams.
    private static async Task<double> JoinedAsync(Stage stage)
    {
        (long handed, long passed) = await CountAsync(stage);
        await Iperf.BothWaysAsync(stage, AddressFamily.InterNetwork, "-t 3");
        (long handedAfter, long passedAfter) = await CountAsync(stage);
        Assert.True(passedAfter - passed > 500, "there was something to join");
        return (double)(passedAfter - passed) / (handedAfter - handed);
    }

    private static async Task<(long Handed, long Passed)> CountAsync(Stage stage)
    {
        RelayStatus status = await stage.Relay.StatusAsync();
        return (stage.Middle.Snmp("UdpInDatagrams") + stage.Middle.Snmp("Udp6InDatagrams"), status.Uplink.Seen + status.Downlink.Seen);
    }

    private static void OnLinks(Stage stage, Func<string, string> command)
    {
        foreach (string link in (string[])["client", "server"])
        {
            Command.Run("ip", "netns", "exec", stage.Middle.Name, "bash", "-c", command(link));
        }
    }
}
