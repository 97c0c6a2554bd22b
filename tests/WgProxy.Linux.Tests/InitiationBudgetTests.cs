using WgProxy.Linux.Workers;

namespace WgProxy.Linux.Tests;

/// <summary>A flood of initiations takes its share of each turn, however the kernel hands it over.</summary>
public sealed class InitiationBudgetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void A_turn_brings_as_many_as_are_allowed_on_average(int perReceive)
    {
        const int turns = 1_000;
        InitiationBudget budget = default;
        int total = 0;
        int most = 0;
        for (int turn = 0; turn < turns; turn++)
        {
            budget.Begin();
            int before = total;
            int receives = budget.Receives;
            budget.Take(receives, receives * perReceive);
            total += receives * perReceive;
            most = turn == 0 ? 0 : Math.Max(most, total - before);
        }

        // Rounded down to whole receives; and the first turn cannot know how many datagrams a receive brings.
        int each = Math.Min(perReceive, InitiationBudget.PerTurn) - 1;
        int first = InitiationBudget.PerTurn * perReceive;
        Assert.InRange(total, (InitiationBudget.PerTurn - each) * turns, (InitiationBudget.PerTurn * turns) + first);
        Assert.InRange(most, 1, InitiationBudget.PerTurn + perReceive - 1);
    }

    [Fact]
    public void What_is_not_used_is_not_saved_up()
    {
        InitiationBudget budget = default;
        for (int turn = 0; turn < 10; turn++)
        {
            budget.Begin();
        }

        Assert.Equal(InitiationBudget.PerTurn, budget.Receives);
    }

    [Fact]
    public void A_receive_that_brings_nothing_changes_nothing()
    {
        InitiationBudget budget = default;
        budget.Begin();
        budget.Take(0, 0);
        Assert.Equal(InitiationBudget.PerTurn, budget.Receives);
    }
}
