using WgProxy.Accounting;
using WgProxy.Core.Engine;
using WgProxy.Core.Routes;
using static WgProxy.Tests.Accounting.Accounts;

namespace WgProxy.Tests.Accounting;

/// <summary>What an engine counts is entered in the book once, on the day on which it was done.</summary>
public sealed class UsageMeterTests
{
    private static readonly DateOnly First = new(1970, 1, 1);

    private readonly FakeTime _time = new();
    private readonly UsageBook _book;
    private readonly UsageMeter _meter;
    private readonly List<(RouteId Id, Route Route)> _routes = [];
    private readonly List<(RouteId Route, int Peers)> _asked = [];
    private RouteCounters _counted = new();
    private PeerStatus[] _peers = [];
    private bool _isBusy;

    public UsageMeterTests()
    {
        _book = UsageBook.Open(null, new HeardLog().Log);
        _meter = new UsageMeter(() => _routes, ReadAsync, _book, _time);
        Route route = new(Key(1)) { Settings = new RouteSettings { Peers = PeerList.Of([Key(10), Key(11)]) } };
        _routes.Add((new RouteId(3, 1), route));
        _peers = [new PeerStatus { Peer = new PeerId(1) }, new PeerStatus { Peer = new PeerId(2) }];
    }

    [Fact]
    public async Task What_has_come_since_is_added_once()
    {
        Pass(0, 1_000, 200);
        await _meter.ReadAsync();
        await _meter.ReadAsync();
        Pass(1, 50, 0);
        Pass(null, 7, 0);
        _counted.CountHandshake(default);
        await _meter.ReadAsync();
        Assert.Equal((1_057, 200, 1), Told(Of(1)));
        Assert.Equal((1_000, 200, 0), Told(Of(1, 10)));
        Assert.Equal((50, 0, 0), Told(Of(1, 11)));
        Assert.Equal(3, _book.Totals.Count);
    }

    [Fact]
    public async Task Peers_are_asked_for_while_something_passes_and_once_more()
    {
        await _meter.ReadAsync();
        Assert.Equal([0], Asked());

        // The peer was read before the server's last datagrams: the next reading has them.
        Pass(0, 1_000, 0);
        PeerStatus lagging = _peers[0];
        _peers[0] = new PeerStatus { Peer = new PeerId(1) };
        await _meter.ReadAsync();
        Assert.Equal([0, 2], Asked());
        _peers[0] = lagging;
        await _meter.ReadAsync();
        Assert.Equal((1_000, 0, 0), Told(Of(1, 10)));
        Assert.Equal([0, 2], Asked());
        await _meter.ReadAsync();
        Assert.Equal([0], Asked());
    }

    [Fact]
    public async Task What_an_engine_is_too_busy_to_tell_is_told_the_next_time()
    {
        Pass(0, 1_000, 0);
        _isBusy = true;
        await _meter.ReadAsync();
        Assert.Empty(_book.Totals);
        _isBusy = false;
        Pass(0, 500, 0);
        await _meter.ReadAsync();
        Assert.Equal((1_500, 0, 0), Told(Of(1, 10)));
    }

    [Fact]
    public async Task A_day_ends_at_midnight_and_what_was_read_then_is_yesterdays()
    {
        _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(14));
        await _meter.ReadAsync();
        using CancellationTokenSource stop = new();
        Task running = _meter.RunAsync(stop.Token);
        Pass(0, 1_000, 0);
        Assert.Equal(UsageMeter.Period, await _time.NextAlarmAsync());
        _time.Advance(UsageMeter.Period);
        Pass(0, 100, 0);
        Assert.Equal(TimeSpan.FromSeconds(4), await _time.NextAlarmAsync());
        _time.Advance(TimeSpan.FromSeconds(4));
        Pass(0, 10, 0);
        Assert.Equal(UsageMeter.Period, await _time.NextAlarmAsync());
        _time.Advance(UsageMeter.Period);
        _ = await _time.NextAlarmAsync();
        Assert.Equal([1_100, 10], _book.Days(First, First.AddDays(9)).Where(day => day.Owner.Peer is not null).Select(day => day.Figures.UplinkBytes));
        Assert.Equal([First, First.AddDays(1)], _book.Days(First, First.AddDays(9)).Select(day => day.Day).Distinct());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task A_server_that_comes_back_is_the_same_account_and_counts_from_zero()
    {
        Pass(0, 1_000, 0);
        await _meter.ReadAsync();
        (_, Route route) = _routes[0];
        _routes.Clear();
        await _meter.ReadAsync();
        _routes.Add((new RouteId(3, 2), route));
        _counted = new RouteCounters();
        _peers = [new PeerStatus { Peer = new PeerId(1) }, new PeerStatus { Peer = new PeerId(2) }];
        Pass(0, 30, 0);
        await _meter.ReadAsync();
        Assert.Equal((1_030, 0, 0), Told(Of(1)));
        Assert.Equal((1_030, 0, 0), Told(Of(1, 10)));
    }

    [Fact]
    public async Task It_is_told_when_a_peer_was_seen()
    {
        _time.Advance(TimeSpan.FromSeconds(100));
        Pass(0, 1_000, 0);
        _peers[0].LastSeen = new Tick(100_000);
        await _meter.ReadAsync();
        Assert.Equal(97_500, _book.Totals.Single(total => total.Owner == Of(1, 10)).Figures.LastSeen);
        Assert.Equal(100_000, _book.Totals.Single(total => total.Owner == Of(1)).Figures.LastSeen);
    }

    // The engine's clock is ahead by 2.5 s.
    private Task<UsageReading?> ReadAsync(RouteId route, PeerList peers)
    {
        _asked.Add((route, peers.Count));
        RouteCounters copy = new();
        copy.Add(_counted);
        return Task.FromResult(_isBusy ? null : new UsageReading(copy, peers.Count == 0 ? [] : [.. _peers], new Tick(102_500)));
    }

    private void Pass(int? peer, int up, int down)
    {
        _counted.Count(Direction.Uplink, Verdict.Forward, 1, up);
        _counted.Count(Direction.Downlink, Verdict.Forward, 1, down);
        if (peer is { } number)
        {
            _peers[number].Add(new PeerStatus { UplinkDatagrams = 1, UplinkBytes = up, DownlinkDatagrams = 1, DownlinkBytes = down });
        }
    }

    private (long Up, long Down, long Handshakes) Told(UsageOwner owner)
    {
        UsageFigures figures = _book.Totals.Single(total => total.Owner == owner).Figures;
        Assert.Equal(figures, _book.Days(First, First).Single(day => day.Owner == owner).Figures);
        return (figures.UplinkBytes, figures.DownlinkBytes, figures.Handshakes);
    }

    private int[] Asked()
    {
        int[] asked = [.. _asked.Select(each => each.Peers)];
        _asked.Clear();
        return asked;
    }
}
