using System.Net;
using WgProxy.Configuration;
using WgProxy.Core;
using WgProxy.Core.Engine;
using WgProxy.Core.Protocol;
using WgProxy.Core.Routes;
using WgProxy.Figures;
using WgProxy.Serving;
using WgProxy.Tests.Status;

namespace WgProxy.Tests.FigurePages;

/// <summary>Figures that a test makes up: servers by name with peers by name, and an engine that answers with them.</summary>
internal sealed class MadeUp : IEngine
{
    /// <summary>How long the data of a peer are, after its keepalive.</summary>
    public const int DataLength = 400;

    private readonly Relay _relay;
    private readonly TurnMeter _turns = new();
    private Served[] _served;
    private uint _index;

    public MadeUp(params (string Name, string[] Peers)[] servers)
    {
        RouteList routes = [];
        List<Served> served = [];
        int number = 0;
        foreach ((string name, string[] names) in servers)
        {
            PeerOptions[] peers = [.. names.Select(peer => new PeerOptions(peer, KeyOf(++number)))];
            ServerOptions options = new(name, KeyOf(++number), new ServerName("192.0.2.1", 51_820, IPAddress.Parse("192.0.2.1"))) { Peers = peers };
            Route route = new(options.Key) { Server = IPEndPoint.Parse("192.0.2.1:51820"), Settings = new RouteSettings { Peers = PeerList.Of(peers.Select(peer => peer.Key)) } };
            served.Add(new Served(options, route, routes.Add(route)));
        }

        _served = [.. served];
        _relay = new Relay(RelaySettings.ForMappings(64), routes);
        Reader = new FigureReader(this, () => _served, new Reading.Constants("1.2.3", "linux", 64, 1_700_000_000.5), TimeProvider.System);
    }

    public FigureReader Reader { get; }

    /// <summary>The instant of every answer.</summary>
    public static Tick Now { get; } = new(5_000);

    /// <summary>How often the engine was asked.</summary>
    public int Queries { get; private set; }

    /// <summary>Whether too many ask it.</summary>
    public bool IsBusy { get; set; }

    /// <summary>What the whole relay has counted.</summary>
    public RelayCounters All => _relay.Counters;

    public IReadOnlyList<IPEndPoint> Listening => [];

    public IReadOnlyList<string> Shortfalls => [];

    /// <summary>What was counted for a server.</summary>
    public RouteCounters Of(int server) => _relay.CountersOf(_served[server].Id)!;

    /// <summary>The id of a server's route.</summary>
    public RouteId IdOf(int server) => _served[server].Id;

    /// <summary>A server is served no more.</summary>
    public void Remove(string server) => _served = [.. _served.Where(served => !string.Equals(served.Options.Name, server, StringComparison.Ordinal))];

    /// <summary>A peer shakes hands with a server and sends data, a second before <see cref="Now"/>.</summary>
    public void Connect(int server, int peer)
    {
        Tick then = Now + -1_000;
        uint index = ++_index;
        Source source = Source.From(new IPEndPoint(IPAddress.Parse("198.51.100.1"), (int)index));
        Mac1 mac1 = _served[server].Route.Mac1;
        Decision asked = _relay.FromClient(WireMessages.Initiation(mac1, index), WireMessages.InitiationLength, source, then);
        Assert.Equal(Verdict.Open, asked.Verdict);
        _relay.Opened(asked.Slot, (ushort)(40_000 + index));
        byte[] response = WireMessages.Response(index, index, new Mac1(_served[server].Options.Peers[peer].Key));
        Assert.Equal(Verdict.Forward, _relay.FromServer(asked.Slot, response, response.Length, then).Verdict);
        foreach (int length in (int[])[WireMessages.KeepaliveLength, DataLength])
        {
            Assert.Equal(Verdict.Forward, _relay.FromClient(WireMessages.Transport(index, length), length, source, then).Verdict);
        }

        _relay.ClearEvents();
    }

    /// <summary>The page as text.</summary>
    public async Task<string> PageAsync()
    {
        using PageWriter? page = await Reader.ReadPageAsync(TestContext.Current.CancellationToken);
        return page!.Bytes.Text();
    }

    public void Start() => throw new NotSupportedException();

    public void ListenOn(IReadOnlyList<IPEndPoint> listen) => throw new NotSupportedException();

    public void Stop() => throw new NotSupportedException();

    public bool Post(EngineCommand command) => throw new NotSupportedException();

    bool IEngine.Tell(DirectoryAnswer answer) => false;

    void IEngine.Restore(RestoreBatch batch) => throw new NotSupportedException();

    public void Query(EngineQuery query)
    {
        Queries++;
        query.Begin();
        if (!IsBusy)
        {
            new QueryLine(firstSlot: 0, frequency: 1_000, _ => { }).AddFigures(query, _relay, _turns, Now);
        }

        query.End(IsBusy ? QueryOutcome.Busy : QueryOutcome.Answered);
    }

    public void Dispose() => Reader.Dispose();

    private static PublicKey KeyOf(int number) => Keys.Parse(Keys.TextOf(number));
}
