using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Engine.Batching;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Linux.Net;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Tests;

namespace WgProxy.Linux.Tests;

/// <summary>What the engine costs or lacks, measured in this process: so it runs while no other test does.</summary>
[Collection(nameof(LinuxEngineCosts))]
[CollectionDefinition(nameof(LinuxEngineCosts), DisableParallelization = true)]
public sealed unsafe partial class LinuxEngineCosts : IDisposable
{
    private const int OpenFiles = 7; // RLIMIT_NOFILE

    private readonly Socket _server = LoopbackSocket.New();
    private readonly MeteringClock _meter = new();
    private readonly RelayRig _rig;

    public LinuxEngineCosts()
    {
        _rig = new RelayRig(time: _meter);
        _rig.Route.Server = (IPEndPoint)_server.LocalEndPoint!;
    }

    public void Dispose()
    {
        _rig.Dispose();
        _server.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void A_batch_allocates_nothing(int train)
    {
        Optimised.SkipUnless(typeof(LinuxEngine).Assembly);
        const int rounds = 500;
        const int burst = 40;
        using Socket client = LoopbackSocket.New();
        client.Connect(_rig.At(IPAddress.Loopback));
        Handshake(client, 1);
        byte[] up = Train(WireMessages.Transport(0x5000_0001, 1000), train);
        byte[] down = Train(WireMessages.Transport(0xC000_0001, 1000), train);
        byte[] buffer = new byte[65_536];
        foreach (Socket socket in (Socket[])[client, _server])
        {
            // One send is a train of the peers', too.
            socket.SetRawSocketOption(17, 103, BitConverter.GetBytes(train == 1 ? 0 : 1000));
            socket.SetRawSocketOption(17, 104, BitConverter.GetBytes(1));
        }

        Exchange(client, _server, up, buffer, rounds, burst);
        Exchange(_server, client, down, buffer, rounds, burst);

        long before = _meter.Allocated;
        Exchange(client, _server, up, buffer, rounds, burst);
        long between = _meter.Allocated;
        Exchange(_server, client, down, buffer, rounds, burst);
        long after = _meter.Allocated;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rounds * burst} sends: {between - before} bytes allocated up, {after - between} down");

        Assert.Equal((0, 0), (between - before, after - between));
        Assert.Empty(_rig.Faults());
    }

    // One datagram each in turn: the sends by many sockets that go together; IPv6; marks; and cookies for strangers.
    [Theory]
    [InlineData(AddressFamily.InterNetwork, 0)]
    [InlineData(AddressFamily.InterNetworkV6, 0)]
    [InlineData(AddressFamily.InterNetwork, 1)]
    [InlineData(AddressFamily.InterNetworkV6, 3)]
    public void Many_clients_in_turn_allocate_nothing(AddressFamily family, int ecn)
    {
        Optimised.SkipUnless(typeof(LinuxEngine).Assembly);
        const int clients = 50;
        const int rounds = 400;
        using Exchanges exchanges = new(_rig, family, clients, ecn);
        long before = 0;
        for (int half = 0; half < 2; half++)
        {
            before = _meter.Allocated;
            for (int round = 0; round < rounds; round++)
            {
                exchanges.Up();
                exchanges.Down();
            }
        }

        long allocated = _meter.Allocated - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{2 * rounds * clients} datagrams: {allocated} bytes allocated");
        Assert.Equal(0, allocated);
        Assert.Empty(_rig.Faults());
    }

    [Fact]
    public void Cookies_for_strangers_allocate_nothing()
    {
        Optimised.SkipUnless(typeof(LinuxEngine).Assembly);
        const int strangers = 50;
        const int rounds = 200;

        // Loaded from the first stranger on.
        MeteringClock meter = new();
        using RelayRig rig = new(relay: new RelaySettings { LoadedAsked = -100 }, time: meter);
        rig.Route.Server = (IPEndPoint)_server.LocalEndPoint!;
        using Exchanges exchanges = new(rig, AddressFamily.InterNetwork, strangers);
        byte[] initiation = WireMessages.Initiation(rig.Route.Mac1, 7);
        // What is done once a second has been done once before it counts: at its first time it may load code.
        long warm = Stopwatch.GetTimestamp();
        int warmed = 0;
        for (; warmed < rounds || Stopwatch.GetElapsedTime(warm) < TimeSpan.FromSeconds(2.5); warmed++)
        {
            exchanges.AskForCookies(initiation);
        }

        long before = meter.Allocated;
        for (int round = 0; round < rounds; round++)
        {
            exchanges.AskForCookies(initiation);
        }

        long allocated = meter.Allocated - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds * strangers} cookies: {allocated} bytes allocated");
        Assert.Equal(0, allocated);
        Assert.Equal((warmed + rounds) * strangers, rig["uplink.Reply"]);
        Assert.Empty(rig.Faults());
    }

    [Fact]
    public void A_query_allocates_nothing_on_the_thread_that_moves_datagrams()
    {
        Optimised.SkipUnless(typeof(LinuxEngine).Assembly);
        const int rounds = 50;
        using Exchanges exchanges = new(_rig, AddressFamily.InterNetwork, clients: 50, ecn: 0);
        using SemaphoreSlim answered = new(0);
        EngineQuery query = new(_ => answered.Release(), room: 64);
        long before = 0;
        for (int half = 0; half < 2; half++)
        {
            before = _meter.Allocated;
            for (int round = 0; round < rounds; round++)
            {
                _rig.Engine.Query(query);
                exchanges.Up();
                exchanges.Down();
                Assert.True(answered.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
                Assert.Equal(50, query.Mappings.Length);
            }
        }

        // To let a waiting thread go may cost the runtime something, once.
        long allocated = _meter.Allocated - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} queries: {allocated} bytes allocated");
        Assert.InRange(allocated, 0, 200);
        Assert.Empty(_rig.Faults());
    }

    [Fact]
    public void A_batch_reads_the_clock_once()
    {
        const int batches = 20;
        CountingClock clock = new();
        using RelayRig rig = new(time: clock);
        RigTunnel tunnel = rig.Establish();
        byte[][] up = [.. Enumerable.Range(0, batches * ReceiveBatch.Capacity).Select(i => tunnel.FromClient(i % 2 == 0 ? 100 : 200))];
        int held = 0;
        rig.Gather(() =>
        {
            Array.ForEach(up, datagram => tunnel.Client.Send(datagram, tunnel.Relay));
            held = clock.Readings;
        });
        tunnel.Server.Expect(up);

        // One turn before, one for news about the socket, and at times one for the clock itself.
        Assert.InRange(clock.Readings - held, batches, batches + 5);
    }

    [Fact]
    public void Without_open_files_newcomers_wait_and_tunnels_go_on()
    {
        using Peer server = new(new IPEndPoint(IPAddress.Loopback, 0));
        using Peer client = new(new IPEndPoint(IPAddress.Loopback, 0));
        using Peer newcomer = new(new IPEndPoint(IPAddress.Loopback, 0));
        _rig.Route.Server = server.EndPoint;
        RigTunnel tunnel = _rig.Establish(client, server, _rig.At(IPAddress.Loopback));
        ulong* before = stackalloc ulong[2];
        Assert.Equal(0, getrlimit(OpenFiles, before));
        ulong* none = stackalloc ulong[2] { 3, before[1] };
        Assert.Equal(0, setrlimit(OpenFiles, none));
        try
        {
            newcomer.Send(WireMessages.Initiation(_rig.Route.Mac1, 9), tunnel.Relay);
            _rig.Await("event.OpenFailed", 1);
            tunnel.Up(tunnel.FromClient(500));
            tunnel.Down(tunnel.FromServer(500));
        }
        finally
        {
            Assert.Equal(0, setrlimit(OpenFiles, before));
        }

        _rig.Establish(newcomer, server, _rig.At(IPAddress.Loopback));
        Assert.Equal(1, _rig["event.OpenFailed"]);
        Assert.Empty(_rig.Faults());
    }

    // What is allocated stays resident until the collector has a reason to look, and an engine that allocates for nothing
    // else gives it none: a hundred bytes here are a megabyte with ten thousand clients.
    // Ports that rest wait in a queue which grows to the most there were at once, so where ports are chosen nothing closes.
    [Theory]
    [InlineData(false, 100)]
    [InlineData(true, 1000)]
    public void Opening_and_closing_a_mapping_allocates_nothing(bool choosesPorts, int most)
    {
        Optimised.SkipUnless(typeof(LinuxEngine).Assembly);
        const int warmUp = 300;
        const int mappings = 1000;
        long[] allocated = new long[mappings];
        int opened = 0;
        int ended = 0;
        Route route = RelayRig.NewRoute();
        route.Server = _rig.Route.Server;
        using LinuxEngine engine = new(
            new EngineSettings
            {
                Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
                Routes = [route],
                Seeds = new(),
                Ports = choosesPorts ? [.. Enumerable.Range(20_000, 10_000).Select(port => (ushort)port)] : [],
                Relay = new RelaySettings { MaxAsked = most, PrefixShare = mappings },

                // On the worker's thread, so what others allocate does not count.
                Observe = change =>
                {
                    ended += change.EndsMapping ? 1 : 0;
                    if (change.Kind == RelayEventKind.Opened)
                    {
                        allocated[opened++] = GC.GetAllocatedBytesForCurrentThread();
                    }
                },
            },
            new LinuxEngineSettings { Workers = 1 });
        engine.Start();
        Socket[] clients = [.. Enumerable.Range(0, mappings).Select(_ => LoopbackSocket.New())];
        byte[] buffer = new byte[2048];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        for (int i = 0; i < mappings; i++)
        {
            clients[i].SendTo(WireMessages.Initiation(route.Mac1, (uint)i), engine.Listening[0]);
            Assert.Equal(WireMessages.InitiationLength, _server.ReceiveFrom(buffer, ref from));
        }

        engine.Stop();
        Array.ForEach(clients, client => client.Dispose());
        Assert.Equal((mappings, mappings - most), (opened, ended));
        Assert.Equal(0, allocated[^1] - allocated[warmUp]);
    }

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int getrlimit(int resource, ulong* limits);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int setrlimit(int resource, ulong* limits);
}
