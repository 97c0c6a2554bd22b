using WgProxy.Core.Engine;
using WgProxy.Logging;

namespace WgProxy.Tests;

public sealed class SummaryTests
{
    [Fact]
    public void A_relay_that_saw_nothing_says_so() =>
        Assert.Equal(
            "up 1.5 s; mappings none; uplink 0 datagrams 0 bytes, dropped none; "
            + "downlink 0 datagrams 0 bytes, dropped none; faults none; longest turn 0.00 ms, of all 0.00 ms; pauses 0.00 ms",
            Summary.Of(new CountersSnapshot(), TimeSpan.FromSeconds(1.5), TimeSpan.Zero));

    [Fact]
    public void What_passed_and_what_was_dropped_is_said_the_most_frequent_first()
    {
        RelayCounters counters = new();
        counters.Count(Direction.Uplink, Verdict.Open, 1, 148);
        counters.Count(Direction.Uplink, Verdict.Forward, 2, 200);
        counters.Count(Direction.Uplink, Verdict.BadMac1, 3, 444);
        counters.Count(Direction.Uplink, Verdict.NotWireGuard, 7, 7);
        counters.Count(Direction.Downlink, Verdict.Forward, 5, 600);
        counters.Count(Direction.Downlink, Verdict.Closed, 1, 1);
        counters.Count(EngineFault.SendRetried);
        counters.Live(Proof.Confirmed, 3);
        counters.Live(Proof.Asked, 4);
        TurnMeter turns = new();
        turns.Note(5_250, new Tick(1));
        turns.Note(250, new Tick(150_000));
        CountersSnapshot all = new(counters);
        all.Add(turns, frequency: 1_000_000, new Tick(150_001));
        Assert.Equal(
            "up 1 h 1 min; mappings Asked 4, Confirmed 3; "
            + "uplink 3 datagrams 348 bytes, dropped NotWireGuard 7, BadMac1 3; "
            + "downlink 5 datagrams 600 bytes, dropped Closed 1; faults SendRetried 1; longest turn 0.25 ms, of all 5.25 ms; pauses 1.50 ms",
            Summary.Of(all, TimeSpan.FromMinutes(61), TimeSpan.FromMilliseconds(1.5)));
    }

    [Theory]
    [InlineData(0, "up 0.0 s;")]
    [InlineData(59.94, "up 59.9 s;")]
    [InlineData(60, "up 1 min 0 s;")]
    [InlineData(3_600, "up 1 h 0 min;")]
    [InlineData(90_000, "up 1 d 1 h;")]
    public void Time_is_said_in_two_units(double seconds, string start) =>
        Assert.StartsWith(
            start,
            Summary.Of(new CountersSnapshot(), TimeSpan.FromSeconds(seconds), TimeSpan.Zero),
            StringComparison.Ordinal);
}
