using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Linux.Net;
using WgProxy.Linux.Tests.Rig;

namespace WgProxy.Linux.Tests;

/// <summary>What a socket hears when it is connected anew, or when that fails half-way. Alone: what stands between it and the kernel is
/// the whole process's.</summary>
[Collection(nameof(PathTests))]
public sealed class ReconnectTests : IDisposable
{
    private const int NoMemory = 12; // ENOMEM
    private static readonly IPEndPoint Everybody = new(IPAddress.Broadcast, 9);
    private static readonly byte[] First = [1];
    private static readonly byte[] Second = [2, 2];

    private readonly Peer _before = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Peer _after = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ReceiveBatch _received = new();
    private readonly UdpDescriptor _socket;

    public ReconnectTests()
    {
        Assert.SkipUnless(StubbornKernel.Missing.Length == 0, StubbornKernel.Missing);
        Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out _socket, out _));
        Assert.Equal(0, _socket.Bind(default(UpstreamEnd)));
        Assert.Equal(0, _socket.Connect(_before.EndPoint));
    }

    public void Dispose()
    {
        StubbornKernel.RefuseFilters(0);
        StubbornKernel.RefuseDisconnects(0);
        _socket.Close();
        _received.Dispose();
        _before.Dispose();
        _after.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_waits_is_thrown_away_if_it_came_from_elsewhere_and_only_then(bool discards)
    {
        _before.Send(First, _socket.LocalEndPoint);
        Assert.Equal(0, _socket.Reconnect(_after.EndPoint, new UpstreamEnd(0, _socket.Local.Port), discards));
        _after.Send(Second, _socket.LocalEndPoint);
        Assert.Equal(discards ? [Second] : (byte[][])[First, Second], Heard());
    }

    [Fact]
    public void A_filter_that_a_failure_left_goes_when_connecting_works_though_no_other_could_be_set()
    {
        // Broadcasting is not allowed to it.
        Assert.NotEqual(0, _socket.Reconnect(Everybody, new UpstreamEnd(0, _socket.Local.Port), discards: false));
        _after.Send(First, _socket.LocalEndPoint);
        Assert.Empty(Heard());
        StubbornKernel.RefuseFilters(NoMemory);
        Assert.Equal(0, _socket.Reconnect(_after.EndPoint, new UpstreamEnd(0, _socket.Local.Port), discards: false));
        _after.Send(Second, _socket.LocalEndPoint);
        Assert.Equal([Second], Heard());
    }

    [Fact]
    public void A_socket_that_could_not_be_disconnected_hears_whom_it_heard()
    {
        StubbornKernel.RefuseDisconnects(NoMemory);
        Assert.Equal(NoMemory, _socket.Reconnect(_after.EndPoint, new UpstreamEnd(0, _socket.Local.Port), discards: true));
        _before.Send(First, _socket.LocalEndPoint);
        Assert.Equal([First], Heard());
    }

    // On loopback what was sent is there.
    private byte[][] Heard()
    {
        List<byte[]> heard = [];
        while (_received.Receive(_socket.Descriptor, 1, out _) == 1)
        {
            heard.Add(_received.BytesOf(0).ToArray());
            _received.Clear();
        }

        return [.. heard];
    }
}
