using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Admission;
using WgProxy.Core.Engine;
using WgProxy.Linux.Listen;
using WgProxy.Portable;

namespace WgProxy.Tests;

/// <summary>Several sockets of the portable engine on one address, and what it does where it has one.</summary>
public sealed class PortableEngineSharingTests : IDisposable
{
    private readonly PortableEngineGroup _group;
    private readonly int _port;
    private readonly Socket _sender = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };

    public PortableEngineSharingTests()
    {
        _group = Assert.Single(PortableEngineSockets.Listen(
            [new IPEndPoint(IPAddress.Any, 0)], hasIPv4: true, hasIPv6: false, mayShare: OperatingSystem.IsLinux()));
        _port = ((IPEndPoint)_group.Data.LocalEndPoint!).Port;
    }

    public void Dispose()
    {
        _group.Dispose();
        _sender.Dispose();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.255")] // A broadcast, which the kernel gives to every socket.
    public void Each_datagram_is_read_once_and_initiations_have_a_queue_of_their_own(string address)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux lets sockets share a port and steers among them");
        IPEndPoint target = new(IPAddress.Parse(address), _port);
        byte[][] datagrams = [[1, 0, 0, 0], [4, 0, 0, 0], [2], [], [1], [.. Enumerable.Repeat((byte)4, 1452)], [.. Enumerable.Repeat((byte)1, 148)]];
        foreach (byte[] datagram in datagrams)
        {
            _sender.SendTo(datagram, target);
        }

        bool[] isInitiation = [.. datagrams.Select(datagram => datagram is [1, ..])];
        Assert.Equal(datagrams.Where((_, i) => !isInitiation[i]), Read(_group.Data));
        Assert.Equal(datagrams.Where((_, i) => isInitiation[i]), Read(_group.Initiations!));
        Assert.Equal(StrangerSpread.Buffers, _group.Strangers.Count);
        Assert.All(_group.Strangers, stranger => Assert.Empty(Read(stranger)));
    }

    [Fact]
    public void Another_program_on_the_port_is_found_though_both_would_share_it()
    {
        EngineException refusal = Assert.Throws<EngineException>(() => PortableEngineSockets.Listen(
            [new IPEndPoint(IPAddress.Any, _port)], hasIPv4: true, hasIPv6: false, mayShare: OperatingSystem.IsLinux()));
        Assert.Contains("another program uses this UDP port", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_is_one_socket_cookie_replies_are_few_and_answers_of_the_server_are_not_held_back()
    {
        PortableEngineGroup alone = Assert.Single(PortableEngineSockets.Listen(
            [new IPEndPoint(IPAddress.Loopback, 0)], hasIPv4: true, hasIPv6: false, mayShare: false));
        Assert.Null(alone.Initiations);
        Assert.Empty(alone.Strangers);
        StrangerSpread spread = new((1, 2));
        PortableEngineStrangers strangers = new(alone.Strangers, spread);
        using PortableEngine engine = new(new EngineSettings { Listen = [new IPEndPoint(IPAddress.Loopback, 0)], Routes = [EngineContract.NewRoute()], Seeds = new() });
        PortableEngineListener listener = new(engine, alone.Data, strangers, data: null);
        _sender.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _sender.ReceiveBufferSize = 4 << 20;
        SocketAddress client = _sender.LocalEndPoint!.Serialize();
        int Replies(Tick now) => Enumerable.Range(0, 1_000).Count(number =>
            strangers.TryReply(new byte[64], Source.From(new IPEndPoint(new IPAddress([10, 0, (byte)number, 1]), 7)), client, listener, now));
        Assert.Equal(80, Replies(new Tick(500)));
        Assert.Equal(0, Replies(new Tick(999)));
        Assert.Equal(80, Replies(new Tick(1_000)));
        Assert.True(Enumerable.Range(0, 100).All(_ =>
            strangers.TrySend(new byte[92], Source.From(new IPEndPoint(IPAddress.Loopback, 7)), client, listener, new Tick(1_000))));
        Assert.Equal(260, Read(_sender).Length);
        listener.Close();
    }

    private static byte[][] Read(Socket socket)
    {
        List<byte[]> all = [];
        byte[] buffer = new byte[65_536];
        while (socket.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead))
        {
            all.Add(buffer[..socket.Receive(buffer)]);
        }

        return [.. all];
    }
}
