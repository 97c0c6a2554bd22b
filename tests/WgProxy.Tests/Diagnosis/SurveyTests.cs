using System.Net;
using WgProxy.Diagnosis;
using WgProxy.Linux.Net;

namespace WgProxy.Tests.Diagnosis;

/// <summary>What doctor reads of this host, and of the kernel's texts.</summary>
public sealed class SurveyTests
{
    private const string Header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";

    [Theory]
    [InlineData("  1: 00000000:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 12345 2 0000000000000000 17", "0.0.0.0:51820", false, "12345", 17)]
    [InlineData("  1: 0100007F:0035 0200007F:0001 01 00000000:00000000 00:00000000 00000000 0 0 7 2 0000000000000000 0", "127.0.0.1:53", true, "7", 0)]
    [InlineData(" 9: B80D0120000000000000000007000000:CA6C 00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 8 2 0 1", "[2001:db8::7]:51820", false, "8", 1)]
    public void A_socket_is_read_from_the_kernels_table(string line, string local, bool isConnected, string inode, long dropped)
    {
        Assert.SkipUnless(BitConverter.IsLittleEndian, "the lines are of such a processor");
        Assert.Equal(new UdpLine(IPEndPoint.Parse(local), isConnected, inode, dropped), Assert.Single(PortSurvey.Parse(Header + line + "\n")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  1: 00000000:CA6C")]
    [InlineData("  1: 0000000:CA6C 00000000:0000 07 0:0 00:0 0 0 0 1 2 0 17")]
    [InlineData("  1: 00000000:CA6C 00000000:0000 07 0:0 00:0 0 0 0 1 2 0 many")]
    [InlineData("  1: xxxxxxxx:CA6C 00000000:0000 07 0:0 00:0 0 0 0 1 2 0 17")]
    public void A_line_that_makes_no_sense_is_left_out(string line) => Assert.Empty(PortSurvey.Parse(Header + line + "\n"));

    [Fact]
    public void A_column_of_all_processors_is_summed() =>
        Assert.Equal(0x11, ProcSurvey.SumOf("entries  drop early_drop\n00000001  0000000f 00000003\n00000001 00000002 00000000\n", "drop"));

    [Theory]
    [InlineData("Udp: InDatagrams RcvbufErrors\nUdp: 12 34\n", 34L)]
    [InlineData("Udp: InDatagrams\nUdp: 12\n", null)]
    [InlineData("", null)]
    public void A_counter_is_found_by_its_name(string table, long? value) => Assert.Equal(value, ProcSurvey.Column(table, "Udp:", "RcvbufErrors"));

    [Fact]
    public void This_process_is_seen_at_its_port()
    {
        using System.Net.Sockets.UdpClient held = new(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint end = (IPEndPoint)held.Client.LocalEndPoint!;
        PortState state = Look(end);
        Assert.Equal((1, 0L, Environment.ProcessId), (state.Sockets, state.Dropped, Assert.Single(state.Holders).Process));
        Assert.Equal(0, Look(new IPEndPoint(IPAddress.Parse("127.0.0.2"), end.Port)).Sockets);
        Assert.Equal(1, Look(new IPEndPoint(IPAddress.IPv6Any, end.Port)).Sockets);
        Assert.Equal(1, Look(new IPEndPoint(IPAddress.Any, end.Port)).Sockets);
        held.Dispose();
        Assert.Null(Look(end).Refusal);
        Assert.Equal(99, Look(IPEndPoint.Parse($"192.0.2.77:{end.Port}")).Refusal!.Value.Error);
    }

    // All at once, though each is a look of its own.
    [Fact]
    public void Each_of_several_ports_has_its_own_holders()
    {
        using System.Net.Sockets.UdpClient one = new(new IPEndPoint(IPAddress.Loopback, 0));
        using System.Net.Sockets.UdpClient other = new(new IPEndPoint(IPAddress.Loopback, 0));
        IReadOnlyList<PortState> states = PortSurvey.Look([(IPEndPoint)one.Client.LocalEndPoint!, IPEndPoint.Parse("192.0.2.77:9"), (IPEndPoint)other.Client.LocalEndPoint!])!;
        Assert.Equal([1, 0, 1], states.Select(state => state.Sockets));
        Assert.Equal([1, 0, 1], states.Select(state => state.Holders.Count));
        Assert.Equal([null, 99, null], states.Select(state => state.Refusal?.Error));
    }

    private static PortState Look(IPEndPoint listen) => Assert.Single(PortSurvey.Look([listen])!);

    [Fact]
    public void Joined_datagrams_pass_loopback_here() => Assert.Equal(new SegmentationAnswer(null, Joined: true, Intact: true), SegmentationTrial.Run());

    [Fact]
    public void A_path_to_this_host_is_found_and_one_to_nowhere_is_not() => OwnNetwork.Run(() =>
    {
        PathAnswer loop = HostTrials.PathTo(IPEndPoint.Parse("127.0.0.1:9"), new());
        Assert.Equal((null, 65_535, IPAddress.Loopback), (loop.Refusal, loop.Mtu, loop.Source));
        PathAnswer nowhere = HostTrials.PathTo(IPEndPoint.Parse("192.0.2.1:9"), new());
        Assert.Equal((true, "Network is unreachable (errno 101)"), (nowhere.LacksFamily, nowhere.Refusal));
        OwnNetwork.Ip("link add name d type veth peer name e");
        OwnNetwork.Ip("link set dev e up");
        OwnNetwork.Ip("link set dev d mtu 1400 up");
        OwnNetwork.Ip("address add 192.0.2.2/24 dev d");
        Assert.Equal(new PathAnswer(null, false, 1400, IPAddress.Parse("192.0.2.2")), HostTrials.PathTo(IPEndPoint.Parse("192.0.2.1:9"), new()));
        OwnNetwork.Ip("route add 192.0.2.1 dev d mtu 1300");
        Assert.Equal(1300, HostTrials.PathTo(IPEndPoint.Parse("192.0.2.1:9"), new()).Mtu);
    });
}
