using System.Net;
using System.Net.Sockets;

namespace WgProxy.Netns.Tests;

/// <summary>
/// The relay's own addresses, routes and links change under a tunnel that is in use. Beside each outage stands that of the kernel's
/// translation of addresses, to which the same happens at the same time.
/// </summary>
public abstract class PathChanges
{
    private protected const AddressFamily V4 = AddressFamily.InterNetwork;
    private protected const AddressFamily V6 = AddressFamily.InterNetworkV6;

    // What the relay may take longer than the control: with the kernel's notices, and with what its clients' silence tells.
    private static readonly TimeSpan WithNotices = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan WithoutNotices = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan ControlPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private protected static async Task AssertFollowsAsync(
        AddressFamily family, Func<Uplinks, Task> change, Middle middle = Middle.Relay, bool keepsPort = true)
    {
        using Uplinks relayed = await Uplinks.StartAsync(family, middle);
        using Uplinks control = await Uplinks.StartAsync(family, Middle.KernelNat);
        IPEndPoint? seen = relayed.ClientAsSeen();
        Task<(TimeSpan? Outage, ProbeAccount Account)>[] trials = [relayed.OutageAsync(change, Patience), control.OutageAsync(change, ControlPatience)];
        await Task.WhenAll(trials);
        (TimeSpan? outage, ProbeAccount account) = await trials[0];
        (TimeSpan? least, ProbeAccount translated) = await trials[1];
        RelayStatus status = await relayed.Relay!.StatusAsync();
        Measured.Write(
            $"{(family == V4 ? "IPv4" : "IPv6")}{(middle == Middle.Relay ? "" : ", netlink withheld")}: out for {Seconds(outage)}, "
            + $"{account.Lost} of {account.Sent} echoes lost; kernel NAT {Seconds(least)}, {translated.Lost} of {translated.Sent}; "
            + $"server saw {seen}, then {relayed.ClientAsSeen()}; {status}");
        TimeSpan allowed = middle == Middle.RelayWithoutNotices && RelayProcess.Engine is "linux" ? WithoutNotices : WithNotices;
        Assert.True(outage < (least ?? TimeSpan.Zero) + allowed, $"out for {Seconds(outage)}, kernel NAT for {Seconds(least)}; {status}");
        Assert.Equal(1, status.Live);
        Assert.True(!keepsPort || relayed.ClientAsSeen()?.Port == seen?.Port, $"{seen} became {relayed.ClientAsSeen()}");
        await relayed.Relay.StopAsync();
    }

    private protected static Task ReplaceAddressAsync(Uplinks uplinks)
    {
        uplinks.RemoveAddress(Uplinks.First, uplinks.Own(Uplinks.First));
        uplinks.AddAddress(Uplinks.First, uplinks.Own(Uplinks.First, 77));

        // IPv4 routes go with the address from which they were reached.
        uplinks.Route(Uplinks.First);
        return Task.CompletedTask;
    }

    private static string Seconds(TimeSpan? outage) => outage is { } known ? $"{known.TotalSeconds:0.00} s" : "as long as was waited";

    private protected static Task Pause() => Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
}

/// <summary>Addresses.</summary>
public sealed class AddressChangeTests : PathChanges
{
    [NetnsTheory]
    [InlineData(V4)]
    [InlineData(V6)]
    public Task The_upstream_address_is_replaced(AddressFamily family) => AssertFollowsAsync(family, ReplaceAddressAsync);

    [NetnsTheory]
    [InlineData(V4)]
    [InlineData(V6)]
    public Task The_upstream_address_is_replaced_and_nobody_tells(AddressFamily family)
    {
        Assert.SkipWhen(Withheld.Netlink is null, "needs gcc, for a program that withholds netlink (./test installs it)");
        return AssertFollowsAsync(family, ReplaceAddressAsync, Middle.RelayWithoutNotices);
    }

    // As a router announces it: the old prefix is deprecated first, and gone later.
    [NetnsFact]
    public Task The_upstream_prefix_is_renumbered() => AssertFollowsAsync(V6, async uplinks =>
    {
        uplinks.ServerSpace.Ip("addr", "add", "fd84::2/64", "dev", "edge", "nodad");
        uplinks.AddAddress(Uplinks.First, "fd84::1/64");
        uplinks.Space.Ip("addr", "change", uplinks.Own(Uplinks.First), "dev", Uplinks.First, "preferred_lft", "0", "valid_lft", "7200");
        await Eventually.TrueAsync(
            () => uplinks.Relay is null || Equals(uplinks.ClientAsSeen()?.Address, IPAddress.Parse("fd84::1")),
            TimeSpan.FromSeconds(5),
            "the relay leaves the deprecated address while it is still there");
        uplinks.RemoveAddress(Uplinks.First, uplinks.Own(Uplinks.First));
        uplinks.Space.Ip("-6", "route", "replace", "fd82::1/128", "via", "fd84::2", "dev", Uplinks.First);
    });
}

/// <summary>Routes and links.</summary>
public sealed class RouteChangeTests : PathChanges
{
    [NetnsTheory]
    [InlineData(V4)]
    [InlineData(V6)]
    public Task A_second_uplink_takes_the_route(AddressFamily family) => AssertFollowsAsync(family, uplinks =>
    {
        uplinks.Route(Uplinks.Spare);
        return Task.CompletedTask;
    });

    [NetnsTheory]
    [InlineData(V4)]
    [InlineData(V6)]
    public Task The_route_is_gone_for_a_second(AddressFamily family) => AssertFollowsAsync(family, async uplinks =>
    {
        uplinks.Unroute();
        await Pause();
        uplinks.Route(Uplinks.First);
    });

    [NetnsTheory]
    [InlineData(V4)]
    [InlineData(V6)]
    public Task The_link_goes_down_and_up(AddressFamily family) => AssertFollowsAsync(family, async uplinks =>
    {
        uplinks.Space.Ip("link", "set", Uplinks.First, "down");
        await Pause();
        uplinks.Space.Ip("link", "set", Uplinks.First, "up");
        if (family == V6)
        {
            // A link that goes down loses its IPv6 addresses.
            uplinks.AddAddress(Uplinks.First, uplinks.Own(Uplinks.First));
        }

        uplinks.Route(Uplinks.First);
    });

    [NetnsFact]
    public async Task What_does_not_concern_a_tunnel_moves_nothing()
    {
        using Uplinks uplinks = await Uplinks.StartAsync(V4, Middle.Relay);
        IPEndPoint? seen = uplinks.ClientAsSeen();
        (_, ProbeAccount account) = await uplinks.OutageAsync(
            async uplinks =>
            {
                for (int i = 0; i < 20; i++)
                {
                    uplinks.AddAddress(Uplinks.First, uplinks.Own(Uplinks.First, 100 + i));
                    uplinks.Space.Ip("route", "add", $"10.90.{i}.0/24", "via", uplinks.Own(Uplinks.Spare, 2).Split('/')[0]);
                }

                uplinks.Space.Ip("link", "set", Uplinks.Spare, "down");
                await Pause();
            },
            TimeSpan.FromSeconds(20));
        Measured.Write($"{account}; server sees {uplinks.ClientAsSeen()}");
        Assert.Equal(seen, uplinks.ClientAsSeen());
        Assert.DoesNotContain(uplinks.Relay!.Lines, line => line.Contains("has changed", StringComparison.Ordinal));
        account.AssertNoneLost(atLeast: 40);
        await uplinks.Relay.StopAsync();
    }
}
