using System.Net;
using WgProxy.Core.Engine;
using WgProxy.Core.Journal;
using WgProxy.Core.Vocabulary;
using WgProxy.Linux.Net;
using WgProxy.Linux.Tests.Rig;
using WgProxy.Linux.Workers;

namespace WgProxy.Linux.Tests;

/// <summary>Sockets that wait for their mappings: what they hear meanwhile, who gets them, and that none is left.</summary>
public sealed class HeldSocketsTests : IDisposable
{
    private static readonly byte[] Said = [1];

    private readonly Peer _server = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly Peer _other = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ReceiveBatch _received = new();
    private readonly List<HeldSockets> _all = [];

    public void Dispose()
    {
        _all.ForEach(held => held.Close());
        _received.Dispose();
        _server.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void What_the_server_says_waits_and_what_others_say_does_not()
    {
        (HeldSockets held, UpstreamEnd end) = Hold();
        IPEndPoint here = new(IPAddress.Loopback, end.Port);
        _other.Send([2], here);
        _server.Send(Said, here);
        Assert.True(held.TryTake(_server.EndPoint, end, out UdpDescriptor socket));
        Assert.False(held.TryTake(_server.EndPoint, end, out _));
        Assert.Equal([Said], Heard(socket));
        socket.Close();
    }

    [Fact]
    public void One_that_is_connected_elsewhere_is_in_nobodys_way() => FreesItsPort(() =>
    {
        (HeldSockets held, UpstreamEnd end) = Hold();
        Assert.False(held.TryTake(_other.EndPoint, end, out _));
        return end;
    });

    [Fact]
    public void None_is_left_open() => FreesItsPort(() =>
    {
        (HeldSockets held, UpstreamEnd end) = Hold();
        Assert.NotEqual(0, Bind(end));
        held.Close();
        Assert.True(held.IsClosed);
        Assert.False(held.TryTake(_server.EndPoint, end, out _));
        return end;
    });

    // A port belongs to the first record that names it, and a record that cannot be held is in nobody's way.
    [Fact]
    public void All_are_opened_by_several_threads_once_each()
    {
        MappingRecord[] records = [.. Enumerable.Range(0, 1_000).Select(i => new MappingRecord { UpstreamPort = (ushort)(1 + (i % 900)), UplinkBytes = i })];
        int[] opened = new int[1_000];
        using ManualResetEventSlim done = new();
        HeldSockets held = new(
            records,
            4,
            (in MappingRecord record, out Held none) =>
            {
                none = default;
                _ = Interlocked.Increment(ref opened[(int)record.UplinkBytes]);
                return HeldOutcome.Refused;
            },
            done.Set);
        _all.Add(held);
        Assert.True(done.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.True(held.IsDone);
        Assert.Equal([.. Enumerable.Repeat(1, 900), .. Enumerable.Repeat(0, 100)], opened);
        Assert.False(held.TryTake(_server.EndPoint, new UpstreamEnd(0, 1), out _));
    }

    // As while the former process closes its sockets: tried again as long as others become free, and no longer.
    [Fact]
    public void A_port_that_is_in_use_is_tried_again_as_long_as_others_become_free()
    {
        int[] tries = new int[10];
        HeldSockets held = new(
            Enumerable.Range(0, 10).Select(i => new MappingRecord { UpstreamPort = (ushort)(1 + i) }).ToArray(),
            1,
            (in MappingRecord record, out Held one) =>
            {
                int place = record.UpstreamPort - 1;
                tries[place]++;
                one = default;
                if (place > 3 || tries[place] <= place)
                {
                    return HeldOutcome.InUse;
                }

                Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor socket, out _));
                one = new Held(_server.EndPoint, new UpstreamEnd(0, record.UpstreamPort), socket);
                return HeldOutcome.Open;
            },
            () => { });
        _all.Add(held);
        Assert.True(SpinWait.SpinUntil(() => held.IsDone, TimeSpan.FromSeconds(20)));
        Assert.Equal([1, 2, 3, 4, 5, 5, 5, 5, 5, 5], tries);
        Assert.True(held.TryTake(_server.EndPoint, new UpstreamEnd(0, 4), out UdpDescriptor taken));
        taken.Close();
        Assert.False(held.TryTake(_server.EndPoint, new UpstreamEnd(0, 5), out _));
    }

    // The first that comes opens it: never both, and the one that comes second waits until it is known.
    [Fact]
    public async Task A_port_that_is_being_opened_is_waited_for_and_one_that_is_not_is_left_to_who_asks()
    {
        MappingRecord[] records = [new() { UpstreamPort = 1 }, .. Enumerable.Range(2, 40).Select(port => new MappingRecord { UpstreamPort = (ushort)port })];
        using ManualResetEventSlim isOpening = new();
        using ManualResetEventSlim mayOpen = new();
        List<ushort> opened = [];
        HeldSockets held = new(
            records,
            1,
            (in MappingRecord record, out Held one) =>
            {
                opened.Add(record.UpstreamPort);
                isOpening.Set();
                mayOpen.Wait();
                one = default;
                if (record.UpstreamPort != 1)
                {
                    return HeldOutcome.Refused;
                }

                Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor socket, out _));
                one = new Held(_server.EndPoint, new UpstreamEnd(0, 1), socket);
                return HeldOutcome.Open;
            },
            () => { });
        _all.Add(held);
        isOpening.Wait(TestContext.Current.CancellationToken);
        Assert.False(held.TryTake(_server.EndPoint, new UpstreamEnd(0, 30), out _));
        Task<bool> taking = Task.Run(() =>
        {
            bool isTaken = held.TryTake(_server.EndPoint, new UpstreamEnd(0, 1), out UdpDescriptor socket);
            socket.Close();
            return isTaken;
        });
        mayOpen.Set();
        Assert.True(await taking);
        Assert.True(SpinWait.SpinUntil(() => held.IsDone, TimeSpan.FromSeconds(20)));
        Assert.Equal(Enumerable.Range(1, 41).Where(port => port != 30).Select(port => (ushort)port), opened);
    }

    // As after a limit of open files was lowered: the sockets of all records would leave none for the relay's own, at each start anew.
    [Fact]
    public void No_more_are_held_than_there_are_mappings()
    {
        const int records = 40;
        const int mappings = 4;
        ushort[] ports = [.. Enumerable.Range(0, records).Select(i => (ushort)(21_000 + i))];
        using LinuxEngine engine = new(
            new EngineSettings
            {
                Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
                Routes = [RelayRig.NewRoute()],
                Seeds = new(),
                Relay = RelaySettings.ForMappings(mappings),
                Recorded = () => ports.Select(port => new MappingRecord { UpstreamPort = port, Server = _server.EndPoint }).ToArray(),
            },
            new LinuxEngineSettings { Workers = 1 });
        engine.Start();
        Assert.True(SpinWait.SpinUntil(() => engine.Held!.IsDone, TimeSpan.FromSeconds(20)));
        Assert.Equal(ports[..mappings], ports.Where(port => Bind(new UpstreamEnd(0, port)) != 0));
        engine.Stop();
    }

    // The system gives a port that was freed to any test that runs beside and asks for one: it can be taken again at once, and hardly ever is.
    private static void FreesItsPort(Func<UpstreamEnd> hold) =>
        Assert.Contains(Enumerable.Range(0, 10), _ => Bind(hold()) == 0);

    private static int Bind(UpstreamEnd end)
    {
        Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor socket, out _));
        int error = socket.Bind(end);
        socket.Close();
        return error;
    }

    private (HeldSockets Held, UpstreamEnd End) Hold()
    {
        Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor drawn, out _));
        Assert.Equal(0, drawn.Bind(default(UpstreamEnd)));
        UpstreamEnd end = new(0, drawn.Local.Port);
        drawn.Close();
        HeldSockets held = new(
            new MappingRecord[] { new() { UpstreamPort = end.Port, Server = _server.EndPoint } },
            1,
            (in MappingRecord record, out Held one) =>
            {
                Assert.True(UdpDescriptor.TryOpen(isIPv4: true, out UdpDescriptor socket, out _));
                one = new Held(_server.EndPoint, end, socket);
                return LinuxWorker.TryJoin(record.Server!, end, socket, out _) ? HeldOutcome.Open : HeldOutcome.Refused;
            },
            () => { });
        _all.Add(held);
        Assert.True(SpinWait.SpinUntil(() => held.IsDone, TimeSpan.FromSeconds(20)));
        return (held, end);
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
