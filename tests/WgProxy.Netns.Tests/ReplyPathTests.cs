namespace WgProxy.Netns.Tests;

/// <summary>The way by which a client is answered is away for a while: the route to it, or the relay's address that it sends to.
/// The portable engine cannot choose the address that it answers from, so its relay listens on this address alone.</summary>
public sealed class ReplyPathTests
{
    // What an event may cost above what it costs kernel NAT, the event's own length included.
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(5);

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task A_second_address_serves_a_client_behind_a_firewall_after_its_route_or_itself_was_away(AddressFamily family)
    {
        using VirtualAddress stage = await VirtualPaths.StartAsync(family);
        await stage.ConnectAsync();
        Host host = stage.Hosts[0].Host;
        await VirtualPaths.MeasureAsync(stage, "the route away for 1 s", Allowed, async () =>
        {
            stage.ChangeDefaultRoute(host, gives: false);
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            stage.ChangeDefaultRoute(host, gives: true);
        });
        await VirtualPaths.MeasureAsync(stage, "the address away for 3 s", Allowed, async () =>
        {
            stage.Change(host, gives: false);
            await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
            stage.Change(host, gives: true);
        });
        Assert.False((await stage.Hosts[0].Relay.StatusAsync()).Faults.ContainsKey("LocalAddressLost"));
    }
}

/// <summary>An address moves to another host with a relay of its own, and back.</summary>
public sealed class VirtualAddressTests
{
    // The other relay knows nothing of the tunnel: WireGuard asks anew 15 s after data went unanswered.
    private static readonly TimeSpan Handshake = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Back = TimeSpan.FromSeconds(5);

    [NetnsTheory]
    [InlineData(AddressFamily.InterNetwork)]
    [InlineData(AddressFamily.InterNetworkV6)]
    public async Task An_address_that_moves_to_another_relay_and_back_takes_its_clients_with_it(AddressFamily family)
    {
        Assert.SkipWhen(
            RelayProcess.Engine is "portable" && family == AddressFamily.InterNetworkV6,
            "bound to an IPv6 address, which this engine must be here, a socket goes on sending from it when its host has it no longer (docs/field.md)");
        using VirtualAddress stage = await VirtualPaths.StartAsync(family);
        await stage.ConnectAsync();
        await VirtualPaths.MeasureAsync(stage, "to another relay", Handshake, () => MoveAsync(stage, 0, 1));
        await VirtualPaths.MeasureAsync(stage, "and back", Back, () => MoveAsync(stage, 1, 0));
        Assert.All(stage.Hosts, host => Assert.False(host.Relay.Status().Faults.ContainsKey("LocalAddressLost")));
    }

    // The server's answers come to a host that has the address no longer, as they do when one takes over from another.
    private static async Task MoveAsync(VirtualAddress stage, int from, int to)
    {
        stage.Change(stage.Hosts[from].Host, gives: false);
        await Task.Delay(TimeSpan.FromMilliseconds(300), TestContext.Current.CancellationToken);
        stage.Change(stage.Hosts[to].Host, gives: true);
    }
}

/// <summary>Outages of a client of the relay and of one of kernel NAT, side by side.</summary>
internal static class VirtualPaths
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(1);

    public static async Task<VirtualAddress> StartAsync(AddressFamily family)
    {
        bool isPortable = RelayProcess.Engine is "portable";
        return await VirtualAddress.StartAsync(family, isPortable ? VirtualAddress.Of(family) : null);
    }

    /// <summary>Lets something happen in the middle of two streams of echoes, and awaits that both go on.</summary>
    public static async Task MeasureAsync(VirtualAddress stage, string what, TimeSpan allowed, Func<Task> happens)
    {
        (ProbeStream relay, ProbeStream control) = stage.Streams();
        using (relay)
        using (control)
        {
            await Task.Delay(Before, TestContext.Current.CancellationToken);
            await happens();
            (int relayed, int translated) = (relay.Arrived, control.Arrived);
            await Eventually.TrueAsync(
                () => relay.Arrived > relayed + 10 && control.Arrived > translated + 10,
                TimeSpan.FromSeconds(40),
                () => $"echoes again after {what}: {relay.Arrived - relayed} by the relay, {control.Arrived - translated} by NAT; {stage.Hosts[0].Relay.Status()}; {stage.Hosts[1].Relay.Status()}");
            (ProbeAccount one, ProbeAccount other) = (await relay.StopAsync(), await control.StopAsync());
            Measured.Write($"{what}: out for {one.LongestSilence.TotalSeconds:0.0} s, kernel NAT {other.LongestSilence.TotalSeconds:0.0} s; "
                + $"lost {one.Lost} of {one.Sent}, kernel NAT {other.Lost} of {other.Sent}; {await stage.Hosts[0].Relay.StatusAsync()}");
            Assert.True(one.LongestSilence < other.LongestSilence + allowed, $"{what}: {one.LongestSilence}, kernel NAT {other.LongestSilence}");
        }
    }
}
