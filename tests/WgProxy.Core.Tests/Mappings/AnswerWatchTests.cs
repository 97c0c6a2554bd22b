using WgProxy.Core.Mappings;

namespace WgProxy.Core.Tests.Mappings;

/// <summary>When a client goes unanswered, by a clock of the test's.</summary>
public sealed class AnswerWatchTests
{
    private static readonly Tick Start = new(1_000_000);

    [Fact]
    public void Data_are_a_sign_after_a_keepalive_timeout_and_then_every_five_seconds()
    {
        AnswerWatch watch = default;
        Assert.True(watch.IsDue(Start));
        Assert.False(watch.CountData(Start));
        Assert.False(watch.IsDue(Start + 10_999));
        Assert.True(watch.IsDue(Start + 11_000));
        Assert.True(watch.HasWaitedLong(Start + 11_000));
        Assert.True(watch.CountData(Start + 11_000));
        Assert.False(watch.IsDue(Start + 15_999));
        Assert.True(watch.IsDue(Start + 16_000));
    }

    [Fact]
    public void An_answer_ends_the_wait()
    {
        AnswerWatch watch = default;
        _ = watch.CountData(Start);
        watch.GiveSign();
        watch.TakeAnswer(Start + 12_000);
        Assert.False(watch.IsUnanswered);
        Assert.False(watch.HasWaitedLong(Start + 12_000));
        Assert.False(watch.CountData(Start + 12_000));
    }

    [Theory]
    [InlineData(1_999, 3_000)]
    [InlineData(2_000, 11_000)]
    public void Where_the_server_is_elsewhere_a_client_that_was_answered_promptly_waits_less(int answeredAfter, int waits)
    {
        AnswerWatch watch = default;
        watch.Place(isElsewhere: true);
        _ = watch.CountData(Start);
        watch.TakeAnswer(Start + answeredAfter);
        _ = watch.CountData(Start + 10_000);
        Assert.False(watch.IsDue(Start + (10_000 + waits - 1)));
        Assert.True(watch.IsDue(Start + (10_000 + waits)));
    }

    // A sign puts the next one off: that answer took 12 s, not one since the sign.
    [Fact]
    public void How_long_an_answer_took_is_known_after_a_sign_too()
    {
        AnswerWatch watch = default;
        _ = watch.CountData(Start);
        _ = watch.CountData(Start + 11_000);
        watch.TakeAnswer(Start + 12_000);
        watch.Place(isElsewhere: true);
        _ = watch.CountData(Start + 12_000);
        Assert.False(watch.IsDue(Start + 22_999));
    }

    [Fact]
    public void Without_a_path_a_client_waits_a_second_and_with_one_again_as_long_as_before()
    {
        AnswerWatch watch = default;
        _ = watch.CountData(Start);
        watch.LosePath(Start + 500);
        Assert.True(watch.HasWaitedLong(Start + 500));
        Assert.False(watch.IsDue(Start + 1_499));
        Assert.True(watch.IsDue(Start + 1_500));
        watch.FindPath();
        Assert.False(watch.HasWaitedLong(Start + 1_500));
        Assert.False(watch.IsDue(Start + 10_999));
        Assert.True(watch.IsDue(Start + 11_000));
    }

    // Anybody can ask in a client's name: only three over ten seconds move a mapping, and only a client's pace counts.
    [Fact]
    public void Initiations_are_a_sign_at_the_pace_of_a_client()
    {
        AnswerWatch watch = default;
        Assert.False(watch.CountAsk(Start));
        Assert.False(watch.CountAsk(Start + 3_999));
        Assert.True(watch.CountAsk(Start + 5_000));
        Assert.False(watch.HasWaitedLong(Start + 5_000));
        Assert.True(watch.CountAsk(Start + 10_000));
        Assert.True(watch.HasWaitedLong(Start + 10_000));
        Assert.False(watch.CountAsk(Start + 20_001));
        Assert.False(watch.HasWaitedLong(Start + 20_001));
        Assert.Equal(Start + 20_001, watch.AskedSince);
    }

    [Fact]
    public void A_newcomer_has_waited_when_it_asks_again()
    {
        AnswerWatch watch = default;
        Assert.False(watch.HasNewcomerWaited(Start));
        watch.BeginAsking(Start);
        Assert.False(watch.HasNewcomerWaited(Start + 3_999));
        Assert.True(watch.HasNewcomerWaited(Start + 4_000));
        watch.BeginAnew();
        Assert.False(watch.HasNewcomerWaited(Start + 4_000));
    }
}
