using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;
using WgProxy.Linux.Tests.Rig;

namespace WgProxy.Linux.Tests;

/// <summary>Sockets that wait for their mappings: what they hear meanwhile, who gets them, and that none is left.</summary>
public sealed class HeldSocketsTests : IDisposable
{
    private static readonly byte[] Said = [1];

    private readonly Peer _server = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Peer _other = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ReceiveBatch _received = new();
    private readonly HeldSockets _held = new();

    public void Dispose()
    {
        _held.Close();
        _received.Dispose();
        _server.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void What_the_server_says_waits_and_what_others_say_does_not()
    {
        (UpstreamEnd end, IPEndPoint here) = Hold();
        _other.Send([2], here);
        _server.Send(Said, here);
        Assert.True(_held.TryTake(_server.EndPoint, end, out UdpDescriptor socket));
        Assert.True(_held.IsEmpty);
        Assert.Equal([Said], Heard(socket));
        socket.Close();
    }

    [Fact]
    public void One_that_is_connected_elsewhere_is_in_nobodys_way() => FreesItsPort(() =>
    {
        (UpstreamEnd end, IPEndPoint here) = Hold();
        Assert.False(_held.TryTake(_other.EndPoint, end, out _));
        Assert.True(_held.IsEmpty);
        return here;
    });

    [Fact]
    public void None_is_left_open() => FreesItsPort(() =>
    {
        (UpstreamEnd end, IPEndPoint here) = Hold();
        Assert.NotEqual(0, Bind(here));

        // A record of the same port.
        Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor second, out _));
        _held.Add(_server.EndPoint, end, second);
        _held.Close();
        Assert.True(_held.IsEmpty);
        return here;
    });

    // The system gives a port that was freed to any test that runs beside and asks for one: it can be taken again at once, and hardly ever is.
    private static void FreesItsPort(Func<IPEndPoint> hold) =>
        Assert.Contains(Enumerable.Range(0, 10), _ => Bind(hold()) == 0);

    private static int Bind(IPEndPoint end)
    {
        Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor socket, out _));
        int error = socket.Bind(end);
        socket.Close();
        return error;
    }

    private (UpstreamEnd End, IPEndPoint Here) Hold()
    {
        Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor socket, out _));
        Assert.Equal(0, socket.Bind(default(UpstreamEnd)));
        Assert.Equal(0, socket.Connect(_server.EndPoint));
        UpstreamEnd end = new(0, socket.Local.Port);
        _held.Add(_server.EndPoint, end, socket);
        return (end, socket.LocalEndPoint);
    }

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
