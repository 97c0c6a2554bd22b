using WgProxy.Linux.Workers;

namespace WgProxy.Linux.Tests;

/// <summary>A flood of initiations takes its share of each turn, however many keys it is compared with.</summary>
public sealed class InitiationBudgetTests
{
    [Theory]
    [InlineData(0, 16)]
    [InlineData(1, 16)]
    [InlineData(64, 16)]
    [InlineData(65, 16)]
    [InlineData(125, 9)]
    [InlineData(5_000, 1)]
    public void A_turn_judges_fewer_if_each_is_compared_with_more_keys(int steps, int expected)
    {
        InitiationBudget budget = default;
        budget.Begin();
        int judged = 0;
        while (budget.IsLeft)
        {
            budget.Take(steps);
            judged++;
        }

        Assert.Equal(expected, judged);
    }

    // 1,000 keys are 125 steps.
    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(125)]
    [InlineData(125 * 64)]
    public void Turns_compare_with_1024_times_eight_keys_on_average_and_one_initiation_more_at_the_most(int steps)
    {
        const int turns = 10_000;
        InitiationBudget budget = default;
        long total = 0;
        for (int turn = 0; turn < turns; turn++)
        {
            budget.Begin();
            long before = total;
            while (budget.IsLeft)
            {
                budget.Take(steps);
                total += steps;
            }

            Assert.InRange(total - before, 0, 1_023 + steps);
        }

        Assert.InRange(total, 0, (1_024 * turns) + steps);
        Assert.True(steps < InitiationBudget.StepsEach || total >= 1_024 * turns, $"{total}");
    }

    [Fact]
    public void What_is_not_used_is_not_saved_up()
    {
        InitiationBudget budget = default;
        for (int turn = 0; turn < 10; turn++)
        {
            budget.Begin();
        }

        budget.Take(1_023);
        Assert.True(budget.IsLeft);
        budget.Take(1);
        Assert.False(budget.IsLeft);
    }

    [Fact]
    public void Data_are_judged_without_a_limit()
    {
        InitiationBudget budget = InitiationBudget.Unlimited;
        for (int i = 0; i < 1_000_000; i++)
        {
            budget.Take(125);
        }

        Assert.True(budget.IsLeft);
    }
}
