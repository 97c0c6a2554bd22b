using WgProxy.Core.Routes;

namespace WgProxy.Core.Tests;

/// <summary>What a relay counts beside verdicts: messages of the handshake, and how long servers take to answer.</summary>
public sealed class RelayFiguresTests
{
    private readonly RelayDriver _driver = new();

    private RelayCounters Counters => _driver.Relay.Counters;

    private RouteCounters OfRoute => _driver.Relay.CountersOf(new RouteId(0, 1))!;

    [Fact]
    public void An_answer_is_counted_with_the_time_since_its_initiation_was_forwarded()
    {
        Scenario client = Scenario.Asked(_driver);
        client.Wait(0.037);
        Assert.Equal(Verdict.Forward, client.ServerAnswers(Scenario.FirstClient, Scenario.FirstServer));
        AssertAnswers((2, 1, 37));

        // Said again, it is no other answer.
        client.Wait(1);
        Assert.Equal(Verdict.Forward, client.ServerAnswers(Scenario.FirstClient, Scenario.FirstServer));
        AssertAnswers((2, 1, 37));
    }

    [Fact]
    public void A_client_that_asks_again_is_answered_since_it_asked_last_and_an_answer_to_the_one_before_is_not_timed()
    {
        Scenario client = Scenario.Asked(_driver);
        client.Wait(5);
        Assert.Equal(Verdict.Forward, client.ClientAsks(0xC2));
        client.Wait(0.25);
        Assert.Equal(Verdict.Forward, client.ServerAnswers(Scenario.FirstClient, Scenario.FirstServer));
        AssertAnswers();
        client.Wait(0.001);
        Assert.Equal(Verdict.Forward, client.ServerAnswers(0xC2, 0x52));
        AssertAnswers((5, 1, 251));
        Assert.Equal(2, OfRoute.Handshakes);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(6, 1)]
    [InlineData(1_000, 5)]
    [InlineData(5_000, 6)]
    [InlineData(5_001, 7)]
    [InlineData(86_400_000, 7)]
    public void A_time_is_counted_under_the_first_bound_that_it_does_not_exceed(long milliseconds, int entry)
    {
        AnswerTimes times = new();
        times.Count(milliseconds);
        Assert.Equal([(entry, 1L, milliseconds)], Of(times));
        AnswerTimes sum = new();
        sum.Add(times);
        sum.Add(times);
        Assert.Equal([(entry, 2L, 2 * milliseconds)], Of(sum));
        sum.Clear();
        Assert.Empty(Of(sum));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    [InlineData(32, 5)]
    [InlineData(33, 6)]
    [InlineData(64, 6)]
    [InlineData(1_000, 6)]
    public void A_size_is_counted_with_those_up_to_the_next_power_of_two(int size, int entry)
    {
        SizeCounts counts = new();
        counts.Count(size, times: 3);
        Assert.Equal(Enumerable.Range(0, SizeCounts.Entries).Select(each => each == entry ? 3L : 0), Enumerable.Range(0, SizeCounts.Entries).Select(each => counts[each]));
        Assert.True(size > SizeCounts.Bound(SizeCounts.Entries - 1) || SizeCounts.Bound(entry) >= size);
    }

    [Fact]
    public void Each_message_of_a_handshake_that_passes_is_counted_by_its_type_and_data_are_not()
    {
        Scenario client = Scenario.Confirmed(_driver);
        client.Rekey(0xC2, 0x52);
        Assert.Equal(Verdict.Forward, client.ClientAsks(0xC3));
        Assert.Equal(Verdict.Forward, client.ServerDeclines(0xC3));
        Assert.Equal(Verdict.Forward, client.ServerAsks(0x60));
        Assert.Equal(Verdict.Forward, client.ClientDeclines(0x60));
        Assert.Equal(Verdict.Forward, client.ClientAnswers(0x60, 0xC6));
        Assert.Equal(Verdict.Unsolicited, client.ServerAnswers(0x99, 0x99));
        long[] expected = [3, 1, 1, 1, 2, 1];
        Assert.Equal(expected, Messages((direction, message) => Counters[direction, message]));
        Assert.Equal(expected, Messages((direction, message) => OfRoute[direction, message]));
        Assert.Equal(_driver.Now, OfRoute.LastHandshake);
    }

    private static long[] Messages(Func<Direction, HandshakeMessage, long> read) =>
        [.. from direction in (Direction[])[Direction.Uplink, Direction.Downlink] from message in Enum.GetValues<HandshakeMessage>() select read(direction, message)];

    private static List<(int Entry, long Count, long Sum)> Of(AnswerTimes times) =>
        [.. Enumerable.Range(0, AnswerTimes.Entries).Where(entry => times[entry] > 0).Select(entry => (entry, times[entry], times.Sum(entry)))];

    private void AssertAnswers(params (int Entry, long Count, long Sum)[] expected)
    {
        Assert.Equal(expected, Of(Counters.Answers));
        Assert.Equal(expected, Of(OfRoute.Answers));
    }
}
