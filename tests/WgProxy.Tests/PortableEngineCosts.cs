using System.Net;
using System.Net.Sockets;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Portable;

namespace WgProxy.Tests;

/// <summary>What the portable engine costs, measured in this process: so it runs while no other test does.</summary>
[Collection(nameof(PortableEngineCosts))]
[CollectionDefinition(nameof(PortableEngineCosts), DisableParallelization = true)]
public sealed class PortableEngineCosts : IDisposable
{
    private readonly Route _route = EngineContract.NewRoute();
    private readonly PortableEngine _engine;
    private readonly Socket _server = LoopbackSocket.New();

    public PortableEngineCosts()
    {
        _route.Server = (IPEndPoint)_server.LocalEndPoint!;
        _engine = new PortableEngine(new EngineSettings
        {
            Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
            Routes = [_route],
            Seeds = new(),
        });
        _engine.Start();
    }

    public void Dispose()
    {
        _engine.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_datagram_allocates_nothing()
    {
        const int rounds = 500;
        const int burst = 40;
        using Socket client = NewClient();
        Socket server = Handshake(client, 1);
        byte[] up = WireMessages.Transport(0x5000_0001, 1452);
        byte[] down = WireMessages.Transport(0xC000_0001, 1452);
        byte[] buffer = new byte[65_536];
        Exchange(client, server, up, buffer, rounds, burst);
        Exchange(server, client, down, buffer, rounds, burst);

        // The count is the whole process's: on a busy machine the runtime's own threads add to it. What a datagram costs is
        // in every round, so the quietest one tells.
        long leastUp = long.MaxValue;
        long leastDown = long.MaxValue;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            Exchange(client, server, up, buffer, rounds, burst);
            long between = GC.GetTotalAllocatedBytes(precise: true);
            Exchange(server, client, down, buffer, rounds, burst);
            leastUp = Math.Min(leastUp, between - before);
            leastDown = Math.Min(leastDown, GC.GetTotalAllocatedBytes(precise: true) - between);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rounds * burst} datagrams: {leastUp} bytes allocated up, {leastDown} down");
        Assert.InRange(leastUp, 0, (rounds * burst) - 1);
        Assert.InRange(leastDown, 0, (rounds * burst) - 1);
    }

    [Fact]
    public void An_idle_mapping_holds_no_buffer()
    {
        const int mappings = 1000;
        Socket[] clients = [.. Enumerable.Range(0, mappings).Select(_ => NewClient())];
        byte[] buffer = new byte[65_536];
        byte[][] initiations =
            [.. clients.Select((_, i) => WireMessages.Initiation(_route.Mac1, (uint)i))];
        Ask(clients[0], initiations[0], buffer);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 1; i < mappings; i++)
        {
            Ask(clients[i], initiations[i], buffer);
        }

        // All that is allocated to open a mapping, the test's own part and what does not stay included: more than what
        // stays, and, unlike that, not disturbed by what the collector finds elsewhere meanwhile.
        long each = (GC.GetTotalAllocatedBytes(precise: true) - before) / (mappings - 1);
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} bytes allocated to open a mapping");
        Array.ForEach(clients, client => client.Dispose());
        Assert.InRange(each, 1, 2600);
    }

    [Fact]
    public void A_stop_under_load_leaves_no_thread_behind()
    {
        using Socket client = NewClient();
        Socket server = Handshake(client, 1);
        byte[] up = WireMessages.Transport(0x5000_0001, 1452);
        byte[] down = WireMessages.Transport(0xC000_0001, 1452);
        using CancellationTokenSource stop = new();
        Thread[] load =
        [
            new(() => Flood(client, up, stop.Token)),
            new(() => Flood(server, down, stop.Token)),
        ];
        Array.ForEach(load, thread => thread.Start());
        EngineContractWire.Await(
            () => _engine.ReadCounters() is var counters
                && counters["uplink.Forward"] > 1000 && counters["downlink.Forward"] > 1000,
            () => "the load does not pass");
        _engine.Stop();
        IReadOnlyDictionary<string, long> stopped = _engine.ReadCounters();
        long sent = Volatile.Read(ref _flooded);
        EngineContractWire.Await(
            () => Volatile.Read(ref _flooded) > sent + 1000 || !load.Any(thread => thread.IsAlive),
            () => "the load does not go on");
        Assert.Equal(stopped, _engine.ReadCounters());
        stop.Cancel();
        Array.ForEach(load, thread => thread.Join());
    }

    [Fact]
    public void A_thousand_clients_are_answered()
    {
        const int count = 1000;
        Socket[] clients = [.. Enumerable.Range(0, count).Select(_ => NewClient())];
        Thread answers = new(() => AnswerAll(count));
        answers.Start();
        long start = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < count; i++)
        {
            clients[i].Send(WireMessages.Initiation(_route.Mac1, (uint)i));
        }

        byte[] buffer = new byte[2048];
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(WireMessages.ResponseLength, clients[i].Receive(buffer));
            Assert.Equal((uint)i, BitConverter.ToUInt32(buffer, 8));
        }

        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        answers.Join();
        Array.ForEach(clients, client => client.Dispose());
        new EngineContractCounts
        {
            { "uplink.Open", count },
            { "downlink.Forward", count },
            { "bytes.Uplink", count * WireMessages.InitiationLength },
            { "bytes.Downlink", count * WireMessages.ResponseLength },
            { "event.Opened", count },
            { "event.Answered", count },
            { "mappings.Answered", count },
        }.AssertMoved(_engine);
    }

    private long _flooded;

    private Socket NewClient()
    {
        Socket client = LoopbackSocket.New();
        client.Connect(_engine.Listening[0]);
        return client;
    }

    // Afterwards the server's socket is connected to the mapping's upstream port.
    private Socket Handshake(Socket client, uint number)
    {
        byte[] buffer = new byte[2048];
        EndPoint upstream = Ask(client, WireMessages.Initiation(_route.Mac1, 0xC000_0000 | number), buffer);
        _server.Connect(upstream);
        _server.Send(WireMessages.Response(0x5000_0000 | number, 0xC000_0000 | number));
        Assert.Equal(WireMessages.ResponseLength, client.Receive(buffer));
        return _server;
    }

    private EndPoint Ask(Socket client, byte[] initiation, byte[] buffer)
    {
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        client.Send(initiation);
        Assert.Equal(WireMessages.InitiationLength, _server.ReceiveFrom(buffer, ref from));
        return from;
    }

    private static void Exchange(Socket from, Socket to, byte[] datagram, byte[] buffer, int rounds, int burst)
    {
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < burst; i++)
            {
                from.Send(datagram);
            }

            for (int i = 0; i < burst; i++)
            {
                if (to.Receive(buffer) != datagram.Length)
                {
                    Assert.Fail("a datagram changed its length");
                }
            }
        }
    }

    private void Flood(Socket socket, byte[] datagram, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            // Refused once the engine has closed its sockets: as meant.
            socket.Send(datagram, SocketFlags.None, out _);
            Interlocked.Increment(ref _flooded);
        }
    }

    private void AnswerAll(int count)
    {
        byte[] buffer = new byte[2048];
        SocketAddress from = new(AddressFamily.InterNetwork);
        for (int i = 0; i < count; i++)
        {
            _server.ReceiveFrom(buffer, SocketFlags.None, from);
            _server.SendTo(WireMessages.Response((uint)i, WireMessages.Sender(buffer)), SocketFlags.None, from);
        }
    }
}
