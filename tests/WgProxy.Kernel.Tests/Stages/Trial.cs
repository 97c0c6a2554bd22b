using System.Globalization;
using Xunit.Sdk;

namespace WgProxy.Kernel.Tests.Stages;

/// <summary>
/// One scenario, gone through on each way; what the relay's ways show is judged by the control. A busy machine can only add
/// outages, so one good run in three shows what the relay does (<see cref="BestOf"/>).
/// </summary>
internal static class Trial
{
    /// <summary>What one lost message of a handshake costs: WireGuard tries again after 5 s and up to a third of a second.
    /// One more than the control may be the machine's.</summary>
    public static readonly TimeSpan Retry = TimeSpan.FromSeconds(6);

    /// <summary>Goes through a scenario on all ways at the same time, so that the machine's load is the same for all.</summary>
    public static async Task SideBySideAsync<T>(Machine machine, Func<Stage, Task<T>> scenario, Action<Outcomes<T>> judge)
    {
        await machine.RunningAsync();
        await BestOf.ThreeAsync(async () => judge(
            new Outcomes<T>(await Task.WhenAll(Ways.All.Select(way => OneAsync(machine, way, scenario))))));
    }

    /// <summary>Goes through a scenario that loads the machine: one way after the other.</summary>
    public static async Task InTurnAsync<T>(
        Machine machine, Func<Stage, Task<T>> scenario, AddressFamily serverSide, AddressFamily clientSide, Action<Outcomes<T>> judge)
    {
        await machine.RunningAsync();
        await BestOf.ThreeAsync(async () =>
        {
            List<(Way, T)> outcomes = [];
            foreach (Way way in Ways.All)
            {
                outcomes.Add(await OneAsync(machine, way, scenario, serverSide, clientSide));
            }

            judge(new Outcomes<T>([.. outcomes]));
        });
    }

    /// <summary>A scenario that ends with how long an echo took: as long as the control's, give or take a retry.</summary>
    public static Task EchoesAsync(Machine machine, Func<Stage, Task<TimeSpan>> scenario) => SideBySideAsync(
        machine,
        scenario,
        outcomes =>
        {
            outcomes.MeasureSeconds(echo => echo);
            outcomes.EachLikeControl((echo, control) => echo <= control + Retry, "an echo as soon");
        });

    /// <summary>A scenario that ends with an account of echoes: the outage must be the control's, give or take a retry.</summary>
    public static Task OutagesAsync(Machine machine, Func<Stage, Task<PingAccount>> scenario) => SideBySideAsync(
        machine,
        scenario,
        outcomes =>
        {
            outcomes.Measure(account => account.ToString());
            outcomes.EachLikeControl((account, control) => account.Outage <= control.Outage + Retry, "an outage like the control's");
        });

    private static async Task<(Way Way, T Outcome)> OneAsync<T>(
        Machine machine, Way way, Func<Stage, Task<T>> scenario,
        AddressFamily serverSide = AddressFamily.InterNetworkV6, AddressFamily clientSide = AddressFamily.InterNetwork)
    {
        await using Stage stage = await Stage.SetAsync(machine, way, serverSide, clientSide);
        try
        {
            return (way, await scenario(stage));
        }
        catch (Exception failure) when (failure is XunitException or InvalidOperationException or TimeoutException)
        {
            string relay = way == Way.Control ? "" : $"\n{await stage.Relay.StatusAsync()}";
            throw new XunitException($"{way.Name()}: {failure.Message}{relay}", failure);
        }
    }
}

/// <summary>What a scenario showed on each way.</summary>
internal sealed record Outcomes<T>((Way Way, T Outcome)[] Of)
{
    public T Control => Of.First(one => one.Way == Way.Control).Outcome;

    /// <summary>For the report of <c>./test</c>.</summary>
    public void Measure(Func<T, string> tell) => TestContext.Current.TestOutputHelper?.WriteLine(
        $"measured: kernel: {TestContext.Current.TestMethod?.MethodName.Replace('_', ' ')}: "
        + string.Join("; ", Of.Select(one => $"{one.Way.Name()} {tell(one.Outcome)}")));

    /// <summary>The same, of times.</summary>
    public void MeasureSeconds(Func<T, TimeSpan> tell) => Measure(
        outcome => string.Create(CultureInfo.InvariantCulture, $"{tell(outcome).TotalSeconds:0.0} s"));

    /// <summary>Fails the test if a relay's way is not as good as the control.</summary>
    public void EachLikeControl(Func<T, T, bool> holds, string what)
    {
        foreach ((Way way, T outcome) in Of)
        {
            Assert.True(way == Way.Control || holds(outcome, Control), $"{way.Name()}: expected {what}; {outcome}, without the relay {Control}");
        }
    }

    /// <summary>Fails the test if one way, the control included, does not show this.</summary>
    public void All(Func<T, bool> holds, string what) => AllBut(null, holds, what);

    /// <summary>The same, but for one way that promises less.</summary>
    public void AllBut(Way? spared, Func<T, bool> holds, string what)
    {
        foreach ((Way way, T outcome) in Of)
        {
            Assert.True(way == spared || holds(outcome), $"{way.Name()}: expected {what}; {outcome}");
        }
    }
}
