using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using WgProxy.Portable;

namespace WgProxy.Tests;

/// <summary>Where data and initiations wait for the portable engine's lock, data go first.</summary>
public sealed class PortableEngineRightOfWayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public void An_initiation_gives_way_so_often_while_data_wait_and_not_otherwise()
    {
        PortableEngineRightOfWay way = new();
        way.GiveWay();
        Assert.Equal(0, way.Given);
        way.Wait();
        way.GiveWay();
        Assert.Equal(PortableEngineRightOfWay.Most, way.Given);
        way.Enter();
        way.GiveWay();
        Assert.Equal(PortableEngineRightOfWay.Most, way.Given);
    }

    // The thread that reads clients' data holds the lock; then a server's data wait, and then an initiation comes.
    [Fact]
    public void An_engines_initiations_give_way_to_what_a_server_sends()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere an address has one socket for both");
        using Socket server = NewSocket();
        using Socket client = NewSocket();
        using Socket newcomer = NewSocket();
        using ManualResetEventSlim held = new();
        using ManualResetEventSlim open = new();
        Route route = EngineContract.NewRoute();
        route.Server = (IPEndPoint)server.LocalEndPoint!;
        using PortableEngine engine = new(new EngineSettings
        {
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
            Routes = [route],
            Seeds = new(),
            Observe = change =>
            {
                if (change.Kind == RelayEventKind.Established)
                {
                    held.Set();
                    open.Wait(Patience);
                }
            },
        });
        engine.Start();
        IPEndPoint relay = engine.Listening[0];
        client.SendTo(WireMessages.Initiation(route.Mac1, 0xC1), relay);
        EndPoint upstream = Receive(server);
        server.SendTo(WireMessages.Response(0x51, 0xC1), upstream);
        Receive(client);
        client.SendTo(WireMessages.Transport(0x51), relay);
        Assert.True(held.Wait(Patience, TestContext.Current.CancellationToken));
        server.SendTo(WireMessages.Transport(0xC1), upstream);
        EngineContractWire.Await(() => engine.RightOfWay.Waiting == 1, () => "data do not wait");
        newcomer.SendTo(WireMessages.Initiation(route.Mac1, 0xC2), relay);
        EngineContractWire.Await(() => engine.RightOfWay.Given == PortableEngineRightOfWay.Most, () => $"gave way {engine.RightOfWay.Given} times");
        open.Set();
        Receive(client);
        EngineContractWire.Await(() => engine.RightOfWay.Waiting == 0, () => "data still wait");

        // It has given way, so its turn is later than theirs.
        EngineContractWire.Await(() => engine.ReadCounters()["uplink.Open"] == 2, () => "the newcomer is not served");
    }

    private static Socket NewSocket()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.TotalMilliseconds };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static EndPoint Receive(Socket socket)
    {
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        socket.ReceiveFrom(new byte[2_000], ref from);
        return from;
    }
}
