using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Linux.Net;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Netns.Tests.Harness;

namespace WgProxy.Linux.Tests;

/// <summary>Upstream sockets that are bound before their address is here: what the kernel lets them do, who gets them, and that none is left.</summary>
public sealed class EarlyPortsTests : IDisposable
{
    private const ushort Port = 40_123;

    private static readonly byte[] Said = [1];

    private readonly Namespace _host = new();
    private readonly ReceiveBatch _received = new();
    private readonly List<IDisposable> _owned = [];
    private EarlyPorts? _early;

    public void Dispose()
    {
        _early?.Close();
        _owned.ForEach(each => each.Dispose());
        _received.Dispose();
        _host.Dispose();
    }

    [NetnsTheory]
    [InlineData("192.0.2.7")]
    [InlineData("2001:db8::7")]
    public void A_port_is_bound_before_the_address_is_here_and_works_when_it_is(string address)
    {
        IPAddress shared = IPAddress.Parse(address);
        Peer server = Server(shared);
        Bind(shared, server.EndPoint);
        Assert.Equal(1, _early!.Count);
        Assert.NotEqual(0, Try(shared));
        Give(shared);
        Assert.True(_early.TryTake(server.EndPoint, End(shared), out UdpDescriptor socket));
        Assert.Equal(0, _early.Count);
        server.Send(Said, new IPEndPoint(shared, Port));
        Assert.Equal([Said], Heard(socket));
        socket.Close();
    }

    // From the moment in which the address comes, anybody can send to a socket that is not connected.
    [NetnsFact]
    public void What_others_say_before_it_is_taken_is_discarded()
    {
        IPAddress shared = IPAddress.Parse("192.0.2.7");
        Peer server = Server(shared);
        Peer other = Server(shared);
        Bind(shared, server.EndPoint);
        Give(shared);
        other.Send([2], new IPEndPoint(shared, Port));
        Assert.True(_early!.TryTake(server.EndPoint, End(shared), out UdpDescriptor socket));
        other.Send([3], new IPEndPoint(shared, Port));
        server.Send(Said, new IPEndPoint(shared, Port));
        Assert.Equal([Said], Heard(socket));
        socket.Close();
    }

    // A mapping that goes elsewhere by now, or from elsewhere, must find its port free.
    [NetnsFact]
    public void One_that_cannot_be_used_is_in_nobodys_way()
    {
        IPAddress shared = IPAddress.Parse("192.0.2.7");
        Peer server = Server(shared);
        Bind(shared, server.EndPoint);
        Assert.False(_early!.TryTake(server.EndPoint, End(shared), out _));
        Give(shared);
        Assert.Equal(0, Try(shared));
    }

    [NetnsFact]
    public void None_is_left_when_it_is_closed_and_none_is_bound_then()
    {
        IPAddress shared = IPAddress.Parse("192.0.2.7");
        Peer server = Server(shared);
        Bind(shared, server.EndPoint);
        _early!.Release(Port);
        Assert.Equal(0, _early.Count);
        Assert.True(Again(shared, server.EndPoint));
        Assert.True(Again(shared, server.EndPoint));
        Assert.Equal(1, _early.Count);
        _early.Close();
        Assert.False(Again(shared, server.EndPoint));
        Assert.False(_early.TryTake(server.EndPoint, End(shared), out _));
        Give(shared);
        Assert.Equal(0, Try(shared));
    }

    [NetnsFact]
    public void Only_addresses_of_the_operator_are_bound_and_no_more_than_there_is_room_for()
    {
        IPAddress shared = IPAddress.Parse("192.0.2.7");
        Peer server = Server(shared);
        Bind(shared, server.EndPoint);
        Assert.False(_host.Run(() => _early!.Bind(Record(IPAddress.Parse("192.0.2.8"), server.EndPoint, Port + 1))));
        Assert.False(_host.Run(() => _early!.Bind(Record(shared, server.EndPoint, 51_820))));
        Assert.True(_host.Run(() => _early!.Bind(Record(shared, server.EndPoint, Port + 1))));
        Assert.False(_host.Run(() => _early!.Bind(Record(shared, server.EndPoint, Port + 2))));
        Assert.Equal(2, _early!.Count);
    }

    private static UpstreamEnd End(IPAddress address, int port = Port) =>
        AddressPool.EndsOf(new IPNetwork(address, 8 * address.GetAddressBytes().Length)).First with { Port = (ushort)port };

    private static MappingRecord Record(IPAddress from, IPEndPoint server, int port) =>
        new() { UpstreamPort = (ushort)port, UpstreamLocal = End(from).Address, Server = server };

    private Peer Server(IPAddress shared)
    {
        Peer peer = new(new IPEndPoint(Peer.Loopback(shared.AddressFamily), 0), space: _host);
        _owned.Add(peer);
        return peer;
    }

    private void Bind(IPAddress shared, IPEndPoint server)
    {
        _early = new EarlyPorts(new UpstreamBinding { Addresses = [new IPNetwork(shared, 8 * shared.GetAddressBytes().Length)] }, [51_820], most: 2);
        Assert.True(Again(shared, server));
    }

    private bool Again(IPAddress shared, IPEndPoint server) => _host.Run(() => _early!.Bind(Record(shared, server, Port)));

    private void Give(IPAddress shared) =>
        _host.Ip(["addr", "add", $"{shared}/{8 * shared.GetAddressBytes().Length}", "dev", "lo", .. shared.AddressFamily == AddressFamily.InterNetworkV6 ? (string[])["nodad"] : []]);

    private int Try(IPAddress shared) => _host.Run(() =>
    {
        Assert.True(UdpDescriptor.TryOpen(shared.AddressFamily == AddressFamily.InterNetwork, out UdpDescriptor socket, out _));
        int error = socket.Bind(End(shared));
        socket.Close();
        return error;
    });

    private byte[][] Heard(UdpDescriptor socket)
    {
        List<byte[]> heard = [];
        while (_received.Receive(socket.Descriptor, 1, out _) == 1)
        {
            heard.Add(_received.BytesOf(0).ToArray());
            _received.Clear();
        }

        return [.. heard];
    }
}
