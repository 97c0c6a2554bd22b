using System.Globalization;
using WgProxy.History;
using WgProxy.Status;
using WgProxy.Tests.FigurePages;

namespace WgProxy.Tests.History;

/// <summary>The last hour: what came in each step, of the relay and of its servers, and what is kept of it.</summary>
public sealed class RelayHistoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_step_has_what_came_since_the_reading_before()
    {
        using MadeUp relay = new(("home", ["phone"]), ("office", []));
        FakeTime time = new();
        RelayHistory history = new(relay.Reader, time);
        relay.Connect(0, 0);
        await history.ReadAsync(Cancel);
        Assert.Null(history.Rate());
        HistoryReport report = history.Report(null)!;
        Assert.Empty(report.Seconds);
        Assert.Empty(report.Uplink.Bytes);
        Assert.Null(report.Ended);

        relay.All.Count(Direction.Uplink, Verdict.Forward, 9, 900);
        relay.All.Count(Direction.Uplink, Verdict.Open, 1, 148);
        relay.All.Count(Direction.Downlink, Verdict.Forward, 4, 5_000);
        relay.All.Count(Direction.Uplink, HandshakeMessage.Initiation);
        relay.All.Count(Direction.Downlink, HandshakeMessage.Response);
        relay.All.Count(Direction.Uplink, Verdict.BadMac1, 3, 444);
        relay.All.Count(Direction.Downlink, Verdict.BadMac1, 1, 148);
        relay.All.Count(Direction.Uplink, Verdict.Replayed, 9, 1);
        relay.Of(1).Count(Direction.Uplink, Verdict.Forward, 2, 300);
        time.Advance(TimeSpan.FromSeconds(10));
        await history.ReadAsync(Cancel);
        time.Advance(TimeSpan.FromSeconds(10));
        await history.ReadAsync(Cancel);

        report = history.Report(null)!;
        Assert.Equal([10, 10], report.Seconds);
        Assert.Equal(TimeSpan.Zero, report.Now - report.Ended);
        Assert.Equal([10, 0], report.Uplink.Datagrams);
        Assert.Equal([1_048, 0], report.Uplink.Bytes);
        Assert.Equal([4, 0], report.Downlink.Datagrams);
        Assert.Equal([5_000, 0], report.Downlink.Bytes);
        Assert.Equal([1, 0], report.Initiations);
        Assert.Equal([1, 0], report.Responses);
        Assert.Equal(["Established"], report.Mappings.Keys);
        Assert.Equal([1, 1], report.Mappings["Established"]);
        Assert.Equal(["Replayed", "BadMac1"], report.Drops.Keys);
        Assert.Equal([4, 0], report.Drops["BadMac1"]);
        Assert.Equal(["home", "office"], report.Servers);

        Assert.Equal([300, 0], history.Report("OFFICE")!.Uplink.Bytes);
        Assert.Equal([0, 0], history.Report("home")!.Uplink.Bytes);
        Assert.Equal([1, 1], history.Report("home")!.Mappings["Established"]);
        Assert.Null(history.Report("nobody"));
    }

    [Fact]
    public async Task A_rate_is_that_of_the_last_step_and_a_reading_that_fails_makes_the_step_longer()
    {
        using MadeUp relay = new(("home", []));
        FakeTime time = new();
        RelayHistory history = new(relay.Reader, time);
        await history.ReadAsync(Cancel);
        relay.All.Count(Direction.Uplink, Verdict.Forward, 40, 8_000);
        relay.Of(0).Count(Direction.Downlink, Verdict.Forward, 20, 1_000);
        time.Advance(TimeSpan.FromSeconds(10));
        relay.IsBusy = true;
        await history.ReadAsync(Cancel);
        Assert.Null(history.Rate());
        relay.IsBusy = false;
        time.Advance(TimeSpan.FromSeconds(10));
        await history.ReadAsync(Cancel);
        Assert.Equal([20], history.Report(null)!.Seconds);
        Assert.Equal(new RateNow(400, 2, 0, 0), history.Rate());
        Assert.Equal(new RateNow(0, 0, 50, 1), history.RateOf(relay.IdOf(0)));
        time.Advance(TimeSpan.FromSeconds(10));
        await history.ReadAsync(Cancel);
        Assert.Equal(new RateNow(0, 0, 0, 0), history.Rate());
    }

    [Fact]
    public async Task An_hour_is_kept_and_a_reading_costs_no_more_when_it_is_full()
    {
        using MadeUp relay = new(("home", []));
        FakeTime time = new();
        RelayHistory history = new(relay.Reader, time);
        for (int reading = 0; reading <= Track.MostSteps + 5; reading++)
        {
            relay.All.Count(Direction.Uplink, Verdict.Forward, reading, 1);
            await history.ReadAsync(Cancel);
            time.Advance(RelayHistory.Step);
        }

        HistoryReport report = history.Report(null)!;
        Assert.Equal(3_600, report.Seconds.Sum());
        Assert.Equal(Enumerable.Range(6, Track.MostSteps).Select(reading => (long)reading), report.Uplink.Datagrams);
        long before = GC.GetAllocatedBytesForCurrentThread();
        await history.ReadAsync(Cancel);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000);
    }

    [Fact]
    public async Task So_many_servers_have_a_history_and_one_that_is_removed_makes_room()
    {
        using MadeUp relay = new([.. Enumerable.Range(1, RelayHistory.MostServers + 2).Select(number => (string.Create(CultureInfo.InvariantCulture, $"s{number}"), Array.Empty<string>()))]);
        FakeTime time = new();
        RelayHistory history = new(relay.Reader, time);
        await history.ReadAsync(Cancel);
        relay.Of(RelayHistory.MostServers).Count(Direction.Uplink, Verdict.Forward, 1, 100);
        time.Advance(RelayHistory.Step);
        await history.ReadAsync(Cancel);
        string first = string.Create(CultureInfo.InvariantCulture, $"s{RelayHistory.MostServers}");
        string left = string.Create(CultureInfo.InvariantCulture, $"s{RelayHistory.MostServers + 1}");
        Assert.NotNull(history.Report(first));
        Assert.Null(history.Report(left));
        Assert.Equal(RelayHistory.MostServers, history.Report(null)!.Servers.Count);
        Assert.Equal(10, history.RateOf(relay.IdOf(RelayHistory.MostServers))!.Value.UplinkBytes);

        relay.Remove("s1");
        time.Advance(RelayHistory.Step);
        await history.ReadAsync(Cancel);
        Assert.Null(history.Report("s1"));
        Assert.Empty(history.Report(left)!.Seconds.Skip(1));
        Assert.Equal(RelayHistory.MostServers, history.Report(null)!.Servers.Count);
    }
}
