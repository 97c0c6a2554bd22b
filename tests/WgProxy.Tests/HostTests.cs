using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgProxy.Hosting;
using WgProxy.Linux.Net;
using WgProxy.Resolving;

namespace WgProxy.Tests;

/// <summary>What the program learns from the host: ports, open files, its own addresses.</summary>
public sealed class HostTests
{
    [Theory]
    [InlineData("32768\t60999\n", "\n", 51820, 28_231)]
    [InlineData("32768 60999", "", 22, 28_232)]
    [InlineData("100 109", "50-102,105,200", 109, 5)]
    [InlineData("100 100", "", 0, 1)]
    [InlineData("1 65535", "", 0, 65_535)]
    [InlineData("100 103", "0,100-99,junk,1-2-3,-,101", 0, 3)]
    [InlineData("", "", 51820, 16_383)]
    [InlineData("200 100", "", 0, 16_384)]
    [InlineData("0 70000", "", 0, 16_384)]
    [InlineData("words", "more words", 0, 16_384)]
    public void Ports_are_the_kernels_range_without_what_is_taken(string range, string reserved, int listen, int count)
    {
        IReadOnlyList<ushort> ports = EphemeralPorts.Select(range, reserved, listen).Numbers;
        Assert.Equal(count, ports.Count);
        Assert.Distinct(ports);
        Assert.DoesNotContain((ushort)listen, ports);
    }

    [Fact]
    public void Reserved_ports_are_left_out() =>
        Assert.Equal(
            [104, 106, 107, 108],
            EphemeralPorts.Select("100 109", "50-102,103,105,200", 109).Numbers.Select(port => (int)port));

    [Theory]
    [InlineData(28_231, 20_000L, 16_384, 4_096, "--max-mappings (WGPROXY_MAX_MAPPINGS)", false)]
    [InlineData(28_231, 1_024L, 768, 192, "open files", true)]
    [InlineData(28_231, HostFacts.Unlimited, 16_384, 4_096, "--max-mappings (WGPROXY_MAX_MAPPINGS)", false)]
    [InlineData(28_231, null, 768, 192, "open files", true)]
    [InlineData(1_000, 20_000L, 900, 225, "upstream ports", false)]
    [InlineData(1_000, 300L, 44, 11, "open files", true)]
    [InlineData(1, 1L, 1, 1, "open files", true)]
    public void The_smallest_bound_applies_and_is_named(
        int ports, long? files, int mappings, int asked, string bound, bool filesBound)
    {
        Capacity capacity = Capacity.From(Ports(1, ports), files, wanted: 16_384);
        Assert.Equal((mappings, asked, bound), (capacity.Mappings, capacity.Asked, capacity.Bound));
        Assert.Equal(filesBound, capacity.FilesAreTheBound);
    }

    [Fact]
    public void The_limit_on_open_files_is_asked_for_and_raised()
    {
        string line = File.ReadLines("/proc/self/limits").Single(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string hard = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
        Assert.Equal(hard is "unlimited" ? HostFacts.Unlimited : long.Parse(hard, CultureInfo.InvariantCulture), HostFacts.RaiseOpenFiles());
    }

    [Theory]
    [InlineData(SocketError.TryAgain, "no DNS server answered (is one named in /etc/resolv.conf, and does this host reach it?)")]
    [InlineData(SocketError.HostNotFound, "DNS knows no such name (")]
    [InlineData(SocketError.NetworkDown, "")]
    public void A_look_up_that_fails_is_said_to_be_one(SocketError error, string said)
    {
        SocketException failure = new((int)error);
        Assert.StartsWith(said.Length == 0 ? failure.Message : said, LookUpFailure.Words(failure), StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernels_release_is_asked_for() =>
        Assert.Equal(File.ReadAllText("/proc/sys/kernel/osrelease").Trim(), HostFacts.KernelRelease);

    [Theory]
    [InlineData(32_767, "")]
    [InlineData(32_768, "sysctl net.ipv4.ip_local_reserved_ports=32768")]
    [InlineData(60_999, "sysctl net.ipv4.ip_local_reserved_ports=60999")]
    [InlineData(61_000, "")]
    public void A_port_that_the_system_hands_out_to_anybody_can_be_reserved(int port, string advice) =>
        Assert.Matches($"^(.* by )?{advice}$", EphemeralPorts.Select("32768 60999", "", 0).AdviceAbout(port));

    [Theory]
    [InlineData("[::]", "127.0.0.1", true)]
    [InlineData("[::]", "127.9.9.9", true)]
    [InlineData("[::]", "::1", true)]
    [InlineData("[::]", "192.0.2.100", true)]
    [InlineData("[::]", "::ffff:192.0.2.100", true)]
    [InlineData("[::]", "fe80::1%7", true)]
    [InlineData("[::]", "192.0.2.1", false)]
    [InlineData("0.0.0.0", "192.0.2.100", true)]
    [InlineData("0.0.0.0", "0.0.0.0", true)]
    [InlineData("0.0.0.0", "::1", false)]
    [InlineData("0.0.0.0", "fe80::1", false)]
    [InlineData("192.0.2.100", "192.0.2.100", true)]
    [InlineData("192.0.2.100", "127.0.0.1", false)]
    [InlineData("[::1]", "::1", true)]
    [InlineData("[::1]", "127.0.0.1", false)]
    public void An_address_is_the_relays_own_if_datagrams_to_it_come_back(string listen, string server, bool own)
    {
        OwnAddresses addresses = new(
            [IPEndPoint.Parse($"{listen}:51820")], () => [IPAddress.Parse("192.0.2.100"), IPAddress.Parse("fe80::1%2")]);
        Assert.Equal(own, addresses.Contains(IPAddress.Parse(server), 51820));
        Assert.False(addresses.Contains(IPAddress.Parse(server), 51821));
    }

    [Fact]
    public void This_host_has_addresses() => Assert.Contains(IPAddress.Loopback, OwnAddresses.OfThisHost());

    private static EphemeralPorts Ports(int first, int count) => EphemeralPorts.Select($"{first} {first + count - 1}", "", 0);
}
