using WgProxy.Core.Engine;

namespace WgProxy.Core.Tests.Engine;

public sealed class TurnMeterTests
{
    private readonly TurnMeter _turns = new();

    [Fact]
    public void The_longest_turn_is_said_for_one_to_two_minutes_and_of_all_for_ever()
    {
        _turns.Note(9, new Tick(1_000));
        _turns.Note(3, new Tick(59_000));
        Assert.Equal((9, 9, 2), (_turns.Longest(new Tick(59_999)), _turns.LongestOfAll, _turns.Turns));
        Assert.Equal(9, _turns.Longest(new Tick(60_000)));
        _turns.Note(4, new Tick(61_000));
        Assert.Equal(9, _turns.Longest(new Tick(119_999)));
        Assert.Equal(4, _turns.Longest(new Tick(120_000)));
        Assert.Equal(9, _turns.LongestOfAll);
    }

    // An idle worker has no turns: nobody looks at the clock when a window ends.
    [Fact]
    public void A_window_ends_in_time_though_nothing_happens_then()
    {
        _turns.Note(9, new Tick(1_000));
        _turns.Note(3, new Tick(119_000));
        Assert.Equal(9, _turns.Longest(new Tick(119_999)));
        Assert.Equal(3, _turns.Longest(new Tick(121_001)));
    }

    [Fact]
    public void How_often_it_is_read_changes_nothing()
    {
        _turns.Note(9, new Tick(1_000));
        Assert.All(Enumerable.Range(0, 100), second => Assert.Equal(9, _turns.Longest(new Tick(1_000 * second))));
    }

    [Fact]
    public void After_a_long_pause_nothing_is_left_of_before()
    {
        _turns.Note(9, new Tick(1_000));
        Assert.Equal(0, _turns.Longest(new Tick(500_000)));
        _turns.Note(2, new Tick(500_001));
        Assert.Equal(2, _turns.Longest(new Tick(500_002)));
    }
}
