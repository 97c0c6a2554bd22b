using System.Diagnostics;

namespace WgProxy.Netns.Tests.Harness;

/// <summary>Awaits conditions that nobody announces, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns how long it took; fails the test with <paramref name="otherwise"/> at the deadline.</summary>
    public static async Task<TimeSpan> TrueAsync(Func<bool> condition, TimeSpan deadline, Func<string> otherwise)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed >= deadline)
            {
                Assert.Fail($"not within {deadline.TotalSeconds:0.#} s: {otherwise()}");
            }

            await Task.Delay(Step, TestContext.Current.CancellationToken);
        }

        return watch.Elapsed;
    }

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan, Func{string})"/>
    public static Task<TimeSpan> TrueAsync(Func<bool> condition, TimeSpan deadline, string otherwise) =>
        TrueAsync(condition, deadline, () => otherwise);
}
