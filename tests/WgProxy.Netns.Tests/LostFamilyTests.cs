using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>A server with addresses of both families, of which the relay's host loses one.</summary>
public sealed class LostFamilyTests
{
    private const AddressFamily V4 = AddressFamily.InterNetwork;
    private const AddressFamily V6 = AddressFamily.InterNetworkV6;
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [NetnsTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_family_that_is_lost_gives_way_to_the_other(bool isBlackHole)
    {
        using NamedServer stage = await NamedServer.StartAsync(V6, V4);
        Assert.Contains(stage.Relay.Lines, line => line.Contains("is at [fd81:2::2]:51820, else at 10.81.2.2:51820", StringComparison.Ordinal));
        using ProbeStream stream = await stage.ConnectAsync();
        if (isBlackHole)
        {
            stage.Topology.Relay.Nft(
                "table ip6 hole { chain out { type filter hook output priority 0; ip6 daddr fd81:2::2 drop; }; }");
        }
        else
        {
            stage.Topology.Relay.Ip("-6", "route", "add", "unreachable", "fd81:2::2/128");
        }

        // Neither does a newcomer wait for those who find out, nor longer than for his second initiation.
        TimeSpan newcomer = await stage.NewcomerAsync();
        await stage.EchoesAgainAsync(stream, Patience);
        TimeSpan later = await stage.NewcomerAsync();
        ProbeAccount account = await stream.StopAsync();
        RelayStatus status = await stage.Relay.StatusAsync();
        Measured.Write(
            $"{(isBlackHole ? "IPv6 dropped" : "no IPv6 route")}: out for {account.LongestSilence.TotalSeconds:0.0} s; newcomers {newcomer.TotalSeconds:0.0} s "
            + $"at once, {later.TotalSeconds:0.0} s later; plain WireGuard is out for as long as IPv6 is; {status}");
        Assert.True(account.LongestSilence < TimeSpan.FromSeconds(isBlackHole ? 12 : 5) + Slack, $"out for {account.LongestSilence}");
        Assert.True(newcomer < TimeSpan.FromSeconds(isBlackHole ? 6 : 1) + Slack, $"a newcomer took {newcomer}");
        Assert.True(later < TimeSpan.FromSeconds(isBlackHole ? 6 : 1) + Slack, $"a later newcomer took {later}");
    }
}
